#include "service/edge/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "service/base/errors.h"

namespace kiyome::edge {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool same_prefix(const IpAddress& a, const IpAddress& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (std::memcmp(a.bytes.data(), b.bytes.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  return ((a.bytes[whole] ^ b.bytes[whole]) >> (8 - bits % 8)) == 0;
}

}  // namespace

bool IpAddress::is_ipv4() const { return std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0; }

std::string IpAddress::text() const {
  char out[INET6_ADDRSTRLEN] = {};
  if (is_ipv4())
    ::inet_ntop(AF_INET, bytes.data() + 12, out, sizeof out);
  else
    ::inet_ntop(AF_INET6, bytes.data(), out, sizeof out);
  return out;
}

IpAddress IpAddress::counted() const {
  IpAddress out = *this;
  if (!is_ipv4()) std::memset(out.bytes.data() + 8, 0, 8);
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress out;
  std::uint8_t four[4];
  if (::inet_pton(AF_INET, terminated.c_str(), four) == 1) return from_ipv4(four);
  if (::inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

IpAddress IpAddress::from_ipv4(const std::uint8_t* octets) {
  IpAddress out;
  std::memcpy(out.bytes.data(), kMapped.data(), kMapped.size());
  std::memcpy(out.bytes.data() + 12, octets, 4);
  return out;
}

IpAddress IpAddress::from(const sockaddr_storage& address) {
  IpAddress out;
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    std::uint8_t four[4];
    std::memcpy(four, &in.sin_addr, sizeof four);
    return from_ipv4(four);
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &address, sizeof in6);
    std::memcpy(out.bytes.data(), &in6.sin6_addr, out.bytes.size());
  }
  return out;
}

NetworkList::NetworkList(const std::vector<std::string>& networks, std::string_view key) {
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(std::string_view(text).substr(0, slash));
    unsigned bits = 128;
    if (base && slash != std::string::npos) {
      const unsigned shift = base->is_ipv4() ? 96 : 0;
      const char* end = text.data() + text.size();
      const auto [stopped, trouble] = std::from_chars(text.data() + slash + 1, end, bits);
      bits += shift;
      if (stopped != end || trouble != std::errc() || bits > 128)
        throw ConfigError(std::string(key) + ": not a network: " + text);
    }
    if (!base) throw ConfigError(std::string(key) + ": not a network: " + text);
    networks_.push_back({*base, bits});
  }
}

bool NetworkList::contains(const IpAddress& address) const {
  for (const Network& network : networks_)
    if (same_prefix(address, network.base, network.bits)) return true;
  return false;
}

}  // namespace kiyome::edge
