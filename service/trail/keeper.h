// Who looks after a role's audit trail: signs checkpoints of it, has them stand in the other zone too, keeps
// those that come from there, cuts what is past its days, and hands entries to a collector. All writing rides
// the owner's transactions. Trusts no checkpoint: each is looked at before it is kept.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/audit/checkpoint.h"
#include "service/base/config.h"
#include "service/base/meters.h"
#include "service/store/audit_book.h"
#include "service/trail/forwarder.h"

namespace kiyome::trail {

// Thread-safe.
class Keeper {
 public:
  struct Around {
    audit::Trail trail;
    store::AuditBook book;
    // Trails whose checkpoints go to the other zone by this role: its own, and those of roles on its side.
    std::vector<audit::Trail> carries;
    // To the other zone, or to the one who carries it there; may be lost, for it is said again.
    std::function<void(const audit::Checkpoint&)> tell;
    std::function<bool()> connected;
  };
  // `folder` is the role's own: audit.key, syslog.position. Notes the start and the configuration. Throws
  // TemporaryFailure and ConfigError.
  Keeper(const std::string& folder, const Config& config, Around around);
  ~Keeper();
  void start();
  // Makes a last checkpoint. Before the owner's writing ends.
  void stop();
  // The configuration is in force now: notes that.
  void reload(const Config& config);

  // One of another's trail. `answer` gets what stands here for it, once that is on the disk of the other
  // zone: the asker compares. It is called on the thread that writes; not called: he says it again.
  void heard(const audit::Checkpoint& checkpoint, std::function<void(const audit::Checkpoint&)> answer);
  // What the other side has of a trail that goes there from here. `passed` as above, when it is ours too.
  void confirmed(const audit::Checkpoint& checkpoint, std::function<void()> passed = {});

  // A checkpoint of what is on the disk now; waits for it. Empty: nothing is new, or it cannot be written.
  std::optional<audit::Checkpoint> checkpoint_now();
  // Reads the whole trail, its checkpoints, and those of `elsewhere` that are of it.
  audit::Finding examine(std::span<const audit::Checkpoint> elsewhere);

  // How the collector fares; nothing while none is configured.
  std::optional<Forwarding> forwarding() const;
  // Entries that it was not given yet, of which `sent` was the last. Reads the disk; throws TemporaryFailure.
  std::uint64_t unsent(std::uint64_t sent) const;
  // Both, as a role shows them.
  std::optional<meters::Collector> collector() const;

  audit::Trail trail() const;
  const audit::PublicKey& key() const;
  const store::AuditBook& book() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::trail
