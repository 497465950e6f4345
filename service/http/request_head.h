// The header of a request, read strictly: RFC 9112 without what it allows for the sake of old peers. Trusts
// no octet; linear; no sockets. What two readers could take for two things is refused (request smuggling).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace kiyome::http {

// Why a header was refused: an answer's status and code, then the connection ends.
struct HeadFault {
  int status = 400;
  const char* code = "malformed";
  const char* why = "";  // for the log; our own words
};

// Finds the end of a header in octets that come piece by piece.
class HeadScan {
 public:
  enum class State { more, done, fault };
  // `all` is what has come so far; what was looked at before is not looked at again. A control character, a
  // bare CR or a bare LF is a fault as soon as it is there.
  State step(std::string_view all);
  std::size_t size() const { return at_; }  // of the header with its empty line, when done
  HeadFault fault() const { return fault_; }

 private:
  State refuse(HeadFault fault);
  std::size_t at_ = 0;
  std::size_t line_ = 0;  // where the line began
  HeadFault fault_;
};

struct Head {
  std::string method;
  std::string path;  // decoded
  std::map<std::string, std::string> query, headers, cookies;
  std::optional<std::uint64_t> length;  // Content-Length
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  std::string host;  // lower case, without port; empty with HTTP/1.0 only
};

// `text` as HeadScan found it, with its empty line.
tl::expected<Head, HeadFault> read_head(std::string_view text);

}  // namespace kiyome::http
