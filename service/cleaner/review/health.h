// How each part of the service fares. Each part has a look of its own (probes.h); a thread takes all of them
// again and again, so that whoever asks waits for nobody. What is stored is measured on the same thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "service/base/guarded.h"
#include "service/cleaner/review/overview.h"
#include "service/review/desk.h"

namespace kiyome::cleaner {

struct PartHealth {
  std::string name;  // "gate", "next-hop", "sanitizer.office" …
  bool ok = false;
  std::int64_t since_ms = 0;  // that it is so, as far as this life of ours saw
  std::string ja, en;         // in words
};

// Thread-safe. Owns one thread once it is started.
class Health {
 public:
  struct Look {
    bool ok = false;
    std::string ja, en;
  };
  // Nothing: the part is not there by configuration. May throw: then it is not well, for that reason. Called
  // on the thread; may take seconds.
  using Probe = std::function<std::optional<Look>()>;
  // FOLDER is the cleaner's.
  explicit Health(std::string folder) : folder_(std::move(folder)) {}
  ~Health() { stop(); }
  void add(std::string name, Probe probe);  // before start()
  void start();
  void stop();
  void add_to(review::Desk& desk);

  std::vector<PartHealth> parts();
  Storage storage();

 private:
  void run();
  void look_at_all();
  void measure_storage();

  const std::string folder_;
  std::vector<std::pair<std::string, Probe>> probes_;
  struct State {
    std::vector<PartHealth> parts;
    Storage storage;
    bool stopping = false;
  };
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::cleaner
