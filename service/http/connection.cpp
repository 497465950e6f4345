#include "service/http/connection.h"

#include <cxxabi.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <typeinfo>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/http/answer.h"

namespace kiyome::http {
namespace {

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

// The type of what was thrown and nothing else: its words may be somebody's content.
std::string type_name(const std::type_info& type) {
  int status = 0;
  char* const name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string out = status == 0 ? name : type.name();
  std::free(name);
  return out;
}

Response failed(const Request& request, std::string_view what) {
  log::error("http-failed", {{"method", request.method}, {"path", request.path}, {"error", what}});
  return Response::problem({500, "internal", {}});
}

Response busy() { return Response::problem({503, "busy", {}, {}, {{"Retry-After", "10"}}}); }

}  // namespace

Connection::Connection(Wire& wire, const ServerOptions& options, const Router& router,
                       std::string client_address, int stop_fd, Turn& turn)
    : wire_(wire),
      options_(options),
      router_(router),
      client_address_(std::move(client_address)),
      stop_fd_(stop_fd),
      turn_(turn) {}

void Connection::serve() try {
  wire_.handshake(Steady::now() + std::chrono::seconds(options_.header_seconds));
  while (serve_one()) continue;
} catch (const Late&) {
} catch (const Lost&) {
}

bool Connection::wait_for_request() {
  turn_.idle();
  const auto deadline = Steady::now() + std::chrono::seconds(options_.idle_seconds);
  if (!wire_.wait_for_input(stop_fd_, deadline)) return false;
  return turn_.reading(/*was_idle=*/true, pace().slow_from());
}

void Connection::refuse(const HeadFault& fault) {
  log::debug("http-refused", {{"client", client_address_}, {"why", std::string_view(fault.why)}});
  Response response = Response::problem({fault.status, fault.code, {}});
  send(response, wire_.waiting().starts_with("HEAD "), false);
}

bool Connection::read_request(Head& head) {
  const auto deadline = Steady::now() + std::chrono::seconds(options_.header_seconds);
  HeadScan scan;
  HeadScan::State state = HeadScan::State::more;
  try {
    while ((state = scan.step(wire_.waiting())) == HeadScan::State::more)
      if (!wire_.fill(deadline)) return false;
  } catch (const Late&) {
    refuse({408, "timeout", "slow header"});
    return false;
  }
  if (state == HeadScan::State::fault) {
    refuse(scan.fault());
    return false;
  }
  if (!turn_.busy()) return false;
  auto read = read_head(wire_.waiting().substr(0, scan.size()));
  if (!read) {
    refuse(read.error());
    return false;
  }
  wire_.use(scan.size());
  head = std::move(*read);
  return true;
}

// A page of another name that leads here (DNS rebinding) gets nothing. Nothing is unpacked here, and what is
// packed is not taken for what is in it (RFC 9110 section 8.4).
void Connection::check(const Head& head, const Request& request) const {
  const auto& hosts = options_.hosts;
  if (!hosts.empty() && std::find(hosts.begin(), hosts.end(), head.host) == hosts.end())
    throw Problem{421, "host", {}};
  if (request.headers.contains("content-encoding")) throw Problem{415, "media-type", {}};
}

Response Connection::answer_to(Request& request) const {
  try {
    return router_.route(request);
  } catch (const Problem& problem) {
    return Response::problem(problem);
  } catch (const Lost&) {
    throw;
  } catch (const TemporaryFailure& failure) {
    log::error("http-busy", {{"method", request.method}, {"path", request.path}, {"error", failure.what()}});
    return busy();
  } catch (const std::bad_alloc&) {
    log::error("http-busy", {{"method", request.method}, {"path", request.path}, {"error", "memory"}});
    return busy();
  } catch (const std::exception& unforeseen) {
    return failed(request, type_name(typeid(unforeseen)));
  } catch (...) {
    return failed(request, "unknown");
  }
}

void Connection::send(Response& response, bool head_only, bool keep_alive) {
  AnswerForm form{head_only, keep_alive, wire_.secure()};
  std::string header;
  try {
    header = answer_header(response, form);
  } catch (const std::logic_error& bug) {
    log::error("http-failed", {{"error", bug.what()}});
    response = Response::problem({500, "internal", {}});
    header = answer_header(response, form);
  }
  meters::http.answered(response.status);
  write_answer(wire_, header, response, head_only, pace());
  if (!keep_alive) wire_.end();
}

bool Connection::serve_one() {
  Head head;
  if (!wait_for_request() || !read_request(head)) return false;
  Request request;
  request.method = std::move(head.method);
  request.path = std::move(head.path);
  request.query = std::move(head.query);
  request.headers = std::move(head.headers);
  request.cookies = std::move(head.cookies);
  request.client_address = client_address_;
  request.secure = wire_.secure();
  RequestBody body(wire_, head, pace(), turn_);
  request.body = &body;

  Response response;
  try {
    check(head, request);
    response = answer_to(request);
  } catch (const Problem& problem) {
    response = Response::problem(problem);
  }
  // An unread body would be the next request: it is read to its end, or there is none.
  const bool go_on = head.keep_alive && ++requests_ < limits::kHttpRequests && !readable(stop_fd_);
  const bool keep_alive = go_on && body.drain(Pace(options_.drain_seconds, limits::kHttpDrain));
  send(response, request.method == "HEAD", keep_alive);
  return keep_alive;
}

}  // namespace kiyome::http
