// The PROXY protocol, version 2 (haproxy's proxy-protocol.txt section 2.2): a listed balancer says who its
// client is. Trusts the balancer for the address and nothing for the octets.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "service/edge/network.h"

namespace kiyome::edge {

// unknown: somebody's connection, of an address family that is not TCP over IP.
struct ProxyHeader {
  enum class Kind { incomplete, bad, complete, unknown } kind = Kind::incomplete;
  std::size_t size = 0;             // octets it takes, when complete
  std::optional<IpAddress> client;  // absent: LOCAL, the balancer itself (a health check)
};

// `octets` is everything the connection said so far. A header longer than limits::kProxyHeader is bad.
ProxyHeader parse_proxy_header(std::string_view octets);

}  // namespace kiyome::edge
