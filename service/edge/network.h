// IP addresses and lists of networks. Addresses are 16 octets; IPv4 stands mapped (RFC 4291 section 2.5.5.2),
// so that a client is the same whichever socket it came by.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::edge {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;
  bool is_ipv4() const;
  std::string text() const;
  // What one customer of a provider can choose freely counts as one: an IPv4 address, an IPv6 /64.
  IpAddress counted() const;

  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress from(const sockaddr_storage& address);
  static IpAddress from_ipv4(const std::uint8_t* octets);
};

// Thread-safe; never changes.
class NetworkList {
 public:
  NetworkList() = default;
  // "192.0.2.0/24", "2001:db8::/32", "192.0.2.1". Throws ConfigError naming `key`.
  NetworkList(const std::vector<std::string>& networks, std::string_view key);
  bool contains(const IpAddress& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    IpAddress base;
    unsigned bits = 0;  // of the 128
  };
  std::vector<Network> networks_;
};

}  // namespace kiyome::edge
