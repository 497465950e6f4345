// The HTTP/1.1 server of the pages and their interface, over Poco with its traps closed: strict framing,
// absolute deadlines, bounded connections, security headers on every answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"
#include "service/http/http.h"

namespace kiyome::http {

struct ServerOptions {
  std::string certificate_pem, key_pem;  // both or neither; neither: plain HTTP
  std::uint32_t connections_max = 400;
  std::uint32_t connections_per_address_max = 200;  // an office behind one address
  std::uint32_t header_seconds = 15;                // from the first octet to the end of the header, absolute
  std::uint32_t body_seconds =
      30;  // for the body, absolute, plus what octets_per_second_min allows its length
  std::uint32_t octets_per_second_min = 4096;
  std::uint32_t idle_seconds = 60;  // between requests
  std::uint32_t drain_seconds = 2;  // for the rest of a body that nobody wanted, before the answer
  // For requests in hand when it stops: the other half is for the rest, before the supervisor kills.
  std::uint32_t stop_seconds = limits::kHttpStopSeconds;
  std::vector<std::string> hosts;  // allowed names in Host, without port; empty = any well-formed one
};

// Serves from construction on; its threads call `router`. Thread-safe.
class Server {
 public:
  // `listeners` are bound and listening. Throws ConfigError (certificate), TemporaryFailure.
  Server(std::vector<Descriptor> listeners, ServerOptions options, Router router);
  // Takes nothing new; requests in hand have `stop_seconds`.
  ~Server();
  // A new certificate, for connections from now on. Throws ConfigError.
  void reload(const std::string& certificate_pem, const std::string& key_pem);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::http
