// One connection's life: request after request, each answered once. What the peer sends is trusted with
// nothing; what a handler throws becomes an answer here.
#pragma once

#include <string>

#include "service/http/http.h"
#include "service/http/request_body.h"
#include "service/http/request_head.h"
#include "service/http/server.h"
#include "service/http/turn.h"
#include "service/http/wire.h"

namespace kiyome::http {

class Connection {
 public:
  // All of them outlive it.
  Connection(Wire& wire, const ServerOptions& options, const Router& router, std::string client_address,
             int stop_fd, Turn& turn);
  // Until the peer or we have enough of it. Throws nothing but what is a bug.
  void serve();

 private:
  bool serve_one();  // false: the connection ends
  bool wait_for_request();
  bool read_request(Head& head);  // false: it was answered with a fault
  Response answer_to(Request& request) const;
  void check(const Head& head, const Request& request) const;
  void refuse(const HeadFault& fault);
  void send(Response& response, bool head_only, bool keep_alive);
  Pace pace() const { return Pace(options_.body_seconds, options_.octets_per_second_min); }

  Wire& wire_;
  const ServerOptions& options_;
  const Router& router_;
  const std::string client_address_;
  const int stop_fd_;
  Turn& turn_;
  std::size_t requests_ = 0;
};

}  // namespace kiyome::http
