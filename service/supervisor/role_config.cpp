#include "service/supervisor/role_config.h"

#include "service/base/errors.h"

namespace kiyome::supervisor {
namespace {

constexpr const char* kNowhere = "postgresql:///nowhere";

void replace_all(std::string& text, const std::string& old, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += by.size())
    text.replace(at, old.size(), by);
}

}  // namespace

// A url has its user's password. The edge is given its own user's in place of both; the one that shows
// numbers to the network, neither.
std::string config_for(const std::string& role, const Config& config) {
  const StoreConfig& store = config.store;
  const bool sight = role == "sight", edge = role == "edge" && !store.edge_url.empty();
  if (!store.shared() || (!sight && !edge)) return config.source;
  const std::string url = sight ? kNowhere : store.edge_url;
  std::string out = config.source;
  if (sight && !store.edge_url.empty()) replace_all(out, '"' + store.edge_url + '"', '"' + url + '"');
  replace_all(out, '"' + store.url + '"', '"' + url + '"');
  replace_all(out, '\'' + store.url + '\'', '\'' + url + '\'');
  const StoreConfig given = parse_config(out, config.path).store;
  if (given.url != url || (sight && !store.edge_url.empty() && given.edge_url != url))
    throw ConfigError(config.path +
                      ": store.url, store.edge_url: \"…\" の中に逆斜線を使わずに書いてください / write them "
                      "between plain quotes, without escapes");
  return out;
}

}  // namespace kiyome::supervisor
