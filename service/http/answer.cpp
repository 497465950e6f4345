#include "service/http/answer.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "proto/base/limits.h"

namespace kiyome::http {
namespace {

// A page of ours loads nothing from elsewhere, runs nothing inline, and stands in nobody's frame.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'";

struct Default {
  std::string_view name, value;
};
// On every answer, unless its handler says otherwise.
constexpr std::array<Default, 7> kDefaults{{
    {"Content-Security-Policy", kContentPolicy},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy",
     "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), payment=()"},
}};

std::string_view reason(int status) {
  struct Reason {
    int status;
    std::string_view words;
  };
  static constexpr Reason kReasons[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {303, "See Other"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (const Reason& known : kReasons)
    if (known.status == status) return known.words;
  return "Other";
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet >= 0x20 && octet != 0x7f;
  });
}

// RFC 9110 section 5.6.7.
std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char rest[32], text[48];
  const std::size_t size = std::strftime(rest, sizeof rest, "%Y %H:%M:%S GMT", &parts);
  std::snprintf(text, sizeof text, "%s, %02d %s %.*s", kDays[parts.tm_wday], parts.tm_mday,
                kMonths[parts.tm_mon], static_cast<int>(size), rest);
  return text;
}

void append(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string answer_header(const Response& response, const AnswerForm& form) {
  if (response.status < 200 || response.status > 599) throw std::logic_error("status of an answer");
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason(response.status)).append("\r\n");
  append(out, "Date", date());
  const auto has = [&](std::string_view name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const auto& header) { return same_name(header.first, name); });
  };
  for (const auto& [name, value] : response.headers) {
    const bool framing = same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding") ||
                         same_name(name, "Connection");
    if (!is_name(name) || !is_value(value) || framing) throw std::logic_error("header of an answer");
    append(out, name, value);
  }
  for (const Default& usual : kDefaults)
    if (!has(usual.name)) append(out, usual.name, usual.value);
  if (form.secure && !has("Strict-Transport-Security"))
    append(out, "Strict-Transport-Security", "max-age=31536000");
  const std::uint64_t size = response.source ? response.source->size() : response.content.size();
  // RFC 9110 section 8.6: 204 has none, and in 304 it would be that of another answer.
  if (response.status != 204 && response.status != 304) append(out, "Content-Length", std::to_string(size));
  append(out, "Connection", form.keep_alive ? "keep-alive" : "close");
  return out += "\r\n";
}

static void write_source(Wire& wire, Source& source, Pace& pace) {
  std::vector<char> buffer(limits::kHttpBuffer);
  for (std::uint64_t left = source.size(); left > 0;) {
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    const std::size_t count = source.read(buffer.data(), want);
    if (count == 0 || count > want) throw Lost("a source ended before its size");
    // In pieces that a slow but honest peer takes in time.
    for (std::size_t at = 0; at < count;) {
      const std::size_t piece = std::min<std::size_t>(count - at, 64u << 10);
      wire.write({buffer.data() + at, piece}, pace.deadline());
      pace.moved(piece);
      at += piece;
    }
    left -= count;
  }
}

void write_answer(Wire& wire, const std::string& header, Response& response, bool head_only, Pace pace) {
  const bool bare = head_only || response.status == 204 || response.status == 304;
  if (bare || response.source) {
    wire.write(header, pace.deadline());
    if (!bare) write_source(wire, *response.source, pace);
    return;
  }
  if (response.content.size() > limits::kHttpBuffer) {
    wire.write(header, pace.deadline());
    for (std::string_view left = response.content; !left.empty();) {
      const std::string_view piece = left.substr(0, 64u << 10);
      wire.write(piece, pace.deadline());
      pace.moved(piece.size());
      left.remove_prefix(piece.size());
    }
    return;
  }
  wire.write(header + response.content, pace.deadline());
}

}  // namespace kiyome::http
