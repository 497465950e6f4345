// [transfer]: how bundles get from the Internet side to the closed side. Within one host it is a Unix socket;
// between two hosts TLS, by service/zone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kiyome {

// push: the Internet side connects to the closed one; pull: the closed side connects to the Internet side,
// where a closed segment lets nobody in. What crosses, and in which direction, is the same in all three.
enum class TransferMode : std::uint8_t { local, push, pull };

struct TransferConfig {
  TransferMode mode = TransferMode::local;
  // "ADDRESS:PORT"; of these two each host has the one that is its part in `mode`.
  std::string listen;
  // Several where the other side has several hosts. Pushing: the first that answers is used, the next when it
  // does not. Pulling: each of them is connected to.
  std::vector<std::string> connect;
  std::string certificate, key, ca;              // PEM files
  std::string certificate_pem, key_pem, ca_pem;  // their texts, for a role
  std::vector<std::string> peers;      // pins of the other side: SHA-256 of its key, in hex; empty = any
  std::uint32_t silence_seconds = 20;  // a peer that acknowledges nothing for so long is gone
  std::vector<std::pair<std::string, std::uint32_t>>
      lines;  // of the keys that are given, for what is said later
};

namespace config_reading {
class Section;
void read_transfer(Section section, TransferConfig& into, const std::filesystem::path& folder);
}  // namespace config_reading

}  // namespace kiyome
