#include "service/edge/proxy_header.h"

#include <algorithm>
#include <cstring>

#include "proto/base/limits.h"

namespace kiyome::edge {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;

std::uint8_t octet(std::string_view octets, std::size_t at) { return static_cast<std::uint8_t>(octets[at]); }

}  // namespace

ProxyHeader parse_proxy_header(std::string_view octets) {
  ProxyHeader out;
  const std::size_t known = std::min(octets.size(), kSignature.size());
  if (octets.substr(0, known) != kSignature.substr(0, known)) {
    out.kind = ProxyHeader::Kind::bad;
    return out;
  }
  if (octets.size() < kFixed) return out;
  const std::uint8_t command = octet(octets, 12);
  const std::uint8_t family = octet(octets, 13);
  const std::size_t length = static_cast<std::size_t>(octet(octets, 14)) << 8 | octet(octets, 15);
  // TCP over IPv4: 12 octets of addresses and ports; over IPv6: 36.
  const std::size_t needed = command != 0x21 ? 0 : family == 0x11 ? 12 : family == 0x21 ? 36 : 0;
  const bool known_command = command == 0x20 || command == 0x21;
  if (!known_command || length < needed || length > limits::kProxyHeader) {
    out.kind = ProxyHeader::Kind::bad;
    return out;
  }
  if (octets.size() - kFixed < length) return out;
  out.kind = command == 0x21 && needed == 0 ? ProxyHeader::Kind::unknown : ProxyHeader::Kind::complete;
  out.size = kFixed + length;
  const auto* address = reinterpret_cast<const std::uint8_t*>(octets.data()) + kFixed;
  if (needed == 12) out.client = IpAddress::from_ipv4(address);
  if (needed == 36) {
    out.client.emplace();
    std::memcpy(out.client->bytes.data(), address, out.client->bytes.size());
  }
  return out;
}

}  // namespace kiyome::edge
