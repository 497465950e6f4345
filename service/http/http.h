// Requests and answers of our HTTP interfaces, as handlers see them: what reached a handler has passed
// server.cpp's checks (one well-formed Host, one framing, bounds of limits.h). Trusts nothing in a request.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiyome::http {

// What ends a request with a problem (RFC 9457). Thrown by handlers; anything else they throw becomes 500,
// and TemporaryFailure 503.
struct Problem {
  int status = 500;
  std::string code;   // as openapi.yaml lists them
  std::string title;  // Japanese and English; empty: the usual words of the code
  std::vector<std::string> fields{};
  std::map<std::string, std::string> headers{};  // Retry-After …
};

// The peer is gone, in the middle of a request or an answer. Nobody is there to be told; the connection ends.
struct Lost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The octets behind a request's header, as they come. One thread.
class Body {
 public:
  virtual ~Body() = default;
  // At most `size` octets; 0 at the end. Throws Problem (408 `timeout`, 400 `malformed`) and Lost; nothing
  // may be read afterwards.
  virtual std::size_t read(char* into, std::size_t size) = 0;
  // What Content-Length promised, 0 when there is no body; empty with chunked transfer coding.
  virtual std::optional<std::uint64_t> length() const = 0;
  // All of it; 413 when it is longer than `max`.
  std::string all(std::size_t max);
};

struct Request {
  std::string method;  // upper case
  std::string path;    // decoded once; no NUL, no "..", no empty segment within; begins with '/'
  std::map<std::string, std::string> query;     // decoded; of a repeated name the first
  std::map<std::string, std::string> headers;   // names in lower case; a repeated one is refused before, or
                                                // joined by ", " (the lists of RFC 9110: Accept …)
  std::map<std::string, std::string> cookies;   // of a repeated name the first
  std::map<std::string, std::string> captured;  // by the route: "/uploads/{upload}"
  std::string client_address;
  bool secure = false;  // over TLS
  Body* body = nullptr;

  std::string_view header(const std::string& name) const;  // empty when absent
};

// Where an answer's long content comes from.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t size() const = 0;
  // The octets from where the last call ended, at most `size`; 0 at the end.
  virtual std::size_t read(char* into, std::size_t size) = 0;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};  // values are checked: no control characters
  std::string content{};
  std::unique_ptr<Source> source{};  // instead of content
  static Response json(std::string text, int status = 200);
  static Response empty(int status = 204);
  static Response problem(const Problem& problem);  // application/problem+json
};

// What is usually said to people about a code: Japanese and English.
std::string_view words_of(std::string_view code);

using Handler = std::function<Response(Request&)>;

// Which handler answers what. Filled before the server starts, never changed afterwards.
class Router {
 public:
  // `pattern`: "/api/v1/uploads/{upload}"; a name in braces captures one segment.
  void on(std::string method, const std::string& pattern, Handler handler);
  // What no pattern matches (files of the front end); without it: 404.
  void otherwise(Handler handler);
  // Fixed segments go before names in braces. 404 `not-found`, 405 `method` with Allow; HEAD is answered by
  // GET's handler unless it has its own.
  Response route(Request& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
  Handler otherwise_;
};

}  // namespace kiyome::http
