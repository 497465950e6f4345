// The looks that health.h takes: one for each part of the service that the cleaner can see from where it is.
// Texts of other programs in them (a collector's, a scanner's) are shown as they are: the page escapes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "service/base/guarded.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/intake_server.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/review/health.h"
#include "service/document/sanitizers.h"
#include "service/trail/keeper.h"

namespace kiyome::cleaner {

struct ProbeParts {
  store::ItemsAt at;
  CurrentConfig& config;
  GateLink& gate;
  IntakeServer& intake;
  document::Sanitizers& sanitizers;
  trail::Keeper& keeper;
  Guarded<std::string>& certificate;  // PEM, as the pages of this side serve it; empty: they have none
};
// All must outlive `health`'s thread.
void add_probes(Health& health, const ProbeParts& parts);

// ---- what some of them say of facts that are given to them ----

// `end_ms` of the first certificate to end; nothing: it cannot be read.
Health::Look certificate_look(std::optional<std::int64_t> end_ms, std::int64_t now_ms);
// `waiting`: entries that the collector was not given yet.
Health::Look syslog_look(const trail::Forwarding& state, std::uint64_t waiting);

// What the next hop said to the gate's last deliveries ("delivered", "relayed", "delayed", "failed",
// "expired").
class NextHop {
 public:
  void heard(std::int64_t unix_ms, std::string result, std::string status);
  Health::Look look() const;

 private:
  std::int64_t last_ms_ = 0;
  std::string last_, status_;
  unsigned refused_ = 0;  // in a row
};

// Empty: clamd answers PING within a second; else why not.
std::string ping_clamd(const std::string& socket_path);

}  // namespace kiyome::cleaner
