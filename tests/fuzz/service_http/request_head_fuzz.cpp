// A hostile header: however it is cut, the scanner ends it at the same place; what is read keeps every
// promise that handlers build on.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/characters.h"
#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/http/request_head.h"

using namespace kiyome;
using namespace kiyome::http;

namespace {

struct Outcome {
  HeadScan::State state = HeadScan::State::more;
  std::size_t size = 0;
  int status = 0;
};

Outcome scan(std::string_view text, std::size_t piece) {
  HeadScan scan;
  Outcome out;
  for (std::size_t there = piece; out.state == HeadScan::State::more; there += piece) {
    out.state = scan.step(text.substr(0, there));
    if (there >= text.size()) break;
  }
  out.size = out.state == HeadScan::State::done ? scan.size() : 0;
  out.status = out.state == HeadScan::State::fault ? scan.fault().status : 0;
  return out;
}

void check_path(const std::string& path) {
  KIYOME_CHECK(path.starts_with('/') && is_line(path) && path.find('\\') == std::string::npos);
  KIYOME_CHECK(path.find("//") == std::string::npos && (path + "/").find("/../") == std::string::npos);
  KIYOME_CHECK((path + "/").find("/./") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = scan(text, text.size() + 1), pieces = scan(text, 1u + data[0] % 64);
  KIYOME_CHECK(whole.state == pieces.state && whole.size == pieces.size && whole.status == pieces.status);
  if (whole.state != HeadScan::State::done) return 0;
  KIYOME_CHECK(text.substr(0, whole.size).ends_with("\r\n\r\n") && whole.size <= limits::kHttpHeaderBytes);
  KIYOME_CHECK(text.substr(0, whole.size).find("\r\n\r\n") == whole.size - 4);
  const auto head = read_head(text.substr(0, whole.size));
  if (!head) {
    KIYOME_CHECK(head.error().status >= 400);
    return 0;
  }
  check_path(head->path);
  KIYOME_CHECK(!(head->chunked && head->length));
  KIYOME_CHECK(head->headers.size() <= limits::kHttpFields && head->query.size() <= limits::kHttpQueryFields);
  for (const auto& [name, value] : head->headers)
    KIYOME_CHECK(name.find_first_of("\r\n :") == std::string::npos &&
                 value.find_first_of("\r\n") == std::string::npos);
  for (const auto& [name, value] : head->query) KIYOME_CHECK(is_line(name) && is_line(value));
  return 0;
}
