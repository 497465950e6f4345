// The start-up shape every role shares: descriptors by name from the supervisor, the configuration, a control
// socket. A role program is executed as: PROGRAM role NAME --fd config=3 --fd control=4 --fd smtp=5 … Working
// directory: the role's own data directory (data_dir/NAME), reached by descriptor, so its path need not be
// readable.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "service/base/config.h"
#include "service/base/descriptor.h"

namespace kiyome {

class RoleContext {
 public:
  // Reads the descriptors named in `arguments` ("config=3", …), marks them close-on-exec, parses the
  // configuration, blocks the signals that serve() waits for. To be made before any thread. Throws
  // ConfigError.
  RoleContext(std::string name, const std::vector<std::string>& arguments);

  const std::string& name() const { return name_; }
  const Config& config() const { return config_; }
  // Moves descriptors out: all that came under `name`, in order. Empty when not given.
  std::vector<Descriptor> take(const std::string& name);
  Descriptor take_one(const std::string& name);       // KIYOME_CHECKs that there is one
  Descriptor take_optional(const std::string& name);  // empty when not given
  // The octets of a descriptor that carries a file's content ("recipients", "tls_certificate", "tls_key");
  // empty when not given. During a reload these are the new ones.
  std::string take_text(const std::string& name);

  // Blocks the calling (main) thread: says "ready" to the supervisor, then serves its words: calls `reload`
  // with a new configuration (a returned text is why not; new descriptors are there for take_text()), and
  // returns when asked to stop, on SIGTERM or SIGINT, or when the supervisor is gone.
  void serve(const std::function<std::string(const Config&)>& reload);

 private:
  Config take_config();
  std::string handle(const std::string& word, std::vector<Descriptor> descriptors,
                     const std::function<std::string(const Config&)>& reload);

  std::string name_;
  Config config_;
  std::multimap<std::string, Descriptor> descriptors_;
};

}  // namespace kiyome
