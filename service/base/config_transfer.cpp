#include "service/base/config_transfer.h"

#include "proto/base/limits.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {
namespace {

// An empty one is none.
std::string addresses_trouble(std::string_view text) {
  return text.empty() || values::host_port(text) ? std::string() : std::string("is not an ADDRESS:PORT");
}
std::string address_trouble(std::string_view text) {
  return values::host_port(text) ? std::string() : std::string("is not an ADDRESS:PORT");
}

// As `kiyome certificate show` tells it; colons and capitals as other programs write them.
std::string pin_trouble(std::string_view text) {
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ':') continue;
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'))
      return "is not a pin: 64 hexadecimal digits, as `kiyome certificate show` tells them";
    ++digits;
  }
  return digits == 64 ? "" : "is not a pin: 64 hexadecimal digits, as `kiyome certificate show` tells them";
}

std::string plain_pin(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ':') out += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return out;
}

// What goes with which mode. Whether this is the host that listens only its certificate says: service/zone.
void check(Section& section, const TransferConfig& config) {
  const std::pair<const char*, bool> given[] = {{"listen", !config.listen.empty()},
                                                {"connect", !config.connect.empty()},
                                                {"certificate", !config.certificate.empty()},
                                                {"key", !config.key.empty()},
                                                {"ca", !config.ca.empty()},
                                                {"peers", !config.peers.empty()}};
  if (config.mode == TransferMode::local) {
    for (const auto& [key, is] : given)
      if (is)
        section.wrong(*section.find(key), key, R"(is for mode = "push" or "pull"; this host is "local")");
    return;
  }
  const toml::node& mode = *section.find("mode");
  for (const char* needed : {"certificate", "key", "ca"})
    for (const auto& [key, is] : given)
      if (!is && key == std::string_view(needed))
        section.wrong(mode, "mode",
                      "needs " + std::string("transfer.") + needed + ": see `kiyome certificate`");
  const auto written = [&](const char* key) {  // rightly or wrongly
    const toml::node* node = section.find(key);
    if (node == nullptr) return false;
    return node->is_array() ? !node->as_array()->empty()
                            : node->value<std::string_view>() != std::string_view();
  };
  if (!written("listen") && !written("connect"))
    section.wrong(mode, "mode",
                  "needs transfer.listen on the host that listens, transfer.connect on the other");
  if (config.connect.size() > limits::kZonePeers)
    section.wrong(*section.find("connect"), "connect", "names too many hosts");
  if (!config.listen.empty() && !config.connect.empty())
    section.wrong(*section.find("connect"), "connect", "stands beside listen: a host has one of them");
}

}  // namespace

void read_transfer(Section section, TransferConfig& into, const std::filesystem::path& folder) {
  section.choice<TransferMode>(
      "mode", into.mode,
      {{"local", TransferMode::local}, {"push", TransferMode::push}, {"pull", TransferMode::pull}});
  section.optional_text("listen", into.listen, address_trouble);
  section.texts("connect", into.connect, addresses_trouble);
  std::erase(into.connect, std::string());
  section.file("certificate", into.certificate, folder);
  section.file("key", into.key, folder);
  section.file("ca", into.ca, folder);
  section.texts("peers", into.peers, pin_trouble);
  for (std::string& pin : into.peers) pin = plain_pin(pin);
  section.whole("silence_seconds", into.silence_seconds, 2, 3600);
  for (const char* key : {"mode", "listen", "connect", "certificate", "key", "ca", "peers"})
    if (section.has(key)) into.lines.emplace_back(key, line_of(*section.find(key)));
  check(section, into);
  section.done();
}

}  // namespace kiyome::config_reading
