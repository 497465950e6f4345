#include "service/http/request_head.h"

#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "service/http/target.h"

namespace kiyome::http {
namespace {

using Fault = tl::unexpected<HeadFault>;

Fault malformed(const char* why) { return Fault({400, "malformed", why}); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Fields that RFC 9110 has as lists and that clients or proxies do send twice. Of any other one, two are two
// meanings.
bool may_repeat(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kLists{
      "accept",     "accept-charset", "accept-encoding", "accept-language", "cache-control",
      "connection", "forwarded",      "if-none-match",   "pragma",          "via",
      "te",         "x-forwarded-for"};
  return std::find(kLists.begin(), kLists.end(), name) != kLists.end();
}

template <class Use>
void each_listed(std::string_view list, char separator, Use&& use) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    use(trim(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

std::optional<std::uint64_t> read_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 19) return std::nullopt;  // below 2^63.5; no overflow
  std::uint64_t out = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

// RFC 9110 section 7.2: a name or address, and a port. Gives it without the port, in lower case.
std::optional<std::string> read_host(std::string_view text) {
  std::string_view name = text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    name = text.substr(0, end + 1);
    const std::string_view inside = name.substr(1, end - 1);
    if (inside.empty() || inside.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
      return std::nullopt;
  } else {
    name = text.substr(0, text.find(':'));
    const auto allowed = [](char c) {
      const char small = lower(c);
      return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    if (name.empty() || name.size() > limits::kSmtpDomain || !std::all_of(name.begin(), name.end(), allowed))
      return std::nullopt;
  }
  std::string_view port = text.substr(name.size());
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto number = read_number(port);
    if (text[name.size()] != ':' || !number || *number > 65535) return std::nullopt;
  }
  return lower(name);
}

struct RequestLine {
  std::string_view method, target;
  bool old = false;  // HTTP/1.0
};

tl::expected<RequestLine, HeadFault> read_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed("request line");
  RequestLine out{line.substr(0, first), line.substr(first + 1, last - first - 1), false};
  const std::string_view version = line.substr(last + 1);
  if (!is_token(out.method) || out.method.size() > limits::kHttpMethod) return malformed("method");
  if (out.target.size() > limits::kHttpTarget) return Fault({414, "target-too-long", "target"});
  const bool named = version.size() == 8 && version.starts_with("HTTP/") && version[5] >= '0' &&
                     version[5] <= '9' && version[6] == '.' && version[7] >= '0' && version[7] <= '9';
  if (!named) return malformed("version");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Fault({505, "version", "version"});
  out.old = version == "HTTP/1.0";
  return out;
}

const char* read_field(std::string_view line, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "field without a colon";
  const std::string_view raw = line.substr(0, colon);
  if (!is_token(raw)) return "field name";  // a blank before the colon, a folded line
  const std::string name = lower(raw);
  const std::string_view value = trim(line.substr(colon + 1));
  const auto [found, fresh] = head.headers.emplace(name, value);
  if (fresh) return nullptr;
  if (!may_repeat(name)) return "field twice";
  found->second.append(", ").append(value);
  return nullptr;
}

void read_cookies(std::string_view value, Head& head) {
  std::size_t count = 0;
  each_listed(value, ';', [&](std::string_view pair) {
    const std::size_t equals = pair.find('=');
    if (++count > limits::kHttpCookies || equals == std::string_view::npos) return;
    if (is_token(pair.substr(0, equals)))
      head.cookies.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  });
}

// RFC 9112 section 6: one framing, of one meaning.
const char* read_framing(bool old, Head& head) {
  const auto coding = head.headers.find("transfer-encoding");
  const auto length = head.headers.find("content-length");
  if (coding != head.headers.end()) {
    if (length != head.headers.end()) return "both Content-Length and Transfer-Encoding";
    if (old || lower(coding->second) != "chunked") return "Transfer-Encoding";
    head.chunked = true;
  }
  if (length != head.headers.end()) {
    head.length = read_number(length->second);
    if (!head.length) return "Content-Length";
  }
  return nullptr;
}

tl::expected<void, HeadFault> read_meaning(bool old, Head& head) {
  const auto host = head.headers.find("host");
  if (host != head.headers.end()) {
    const auto name = read_host(host->second);
    if (!name) return malformed("Host");
    head.host = *name;
  } else if (!old) {
    return malformed("no Host");
  }
  if (const char* why = read_framing(old, head)) return malformed(why);
  head.keep_alive = !old;
  if (const auto found = head.headers.find("connection"); found != head.headers.end())
    each_listed(found->second, ',', [&](std::string_view word) {
      if (lower(word) == "close") head.keep_alive = false;
    });
  if (const auto found = head.headers.find("expect"); found != head.headers.end()) {
    if (lower(found->second) != "100-continue") return Fault({417, "expectation", "Expect"});
    head.expects_continue = !old;
  }
  if (const auto found = head.headers.find("cookie"); found != head.headers.end())
    read_cookies(found->second, head);
  return {};
}

// RFC 9112 section 3.2.2: "http://host/path", as a proxy is asked; the host has to be the one of Host.
std::optional<std::string> to_origin_form(std::string_view target, const Head& head) {
  const std::string small = lower(target.substr(0, 8));
  const std::size_t scheme = small.starts_with("http://") ? 7 : small.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return std::string(target);
  const std::string_view rest = target.substr(scheme);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const auto host = head.headers.find("host");
  if (host == head.headers.end() || lower(rest.substr(0, end)) != lower(host->second)) return std::nullopt;
  std::string out(rest.substr(end));
  return out.starts_with('/') ? out : "/" + out;
}

}  // namespace

HeadScan::State HeadScan::refuse(HeadFault fault) {
  fault_ = fault;
  return State::fault;
}

HeadScan::State HeadScan::step(std::string_view all) {
  for (; at_ < all.size(); ++at_) {
    if (at_ >= limits::kHttpHeaderBytes) return refuse({431, "header-too-large", "header"});
    const auto c = static_cast<unsigned char>(all[at_]);
    if (c == '\r') {
      if (at_ + 1 == all.size()) return State::more;
      if (all[at_ + 1] != '\n') return refuse({400, "malformed", "bare CR"});
      if (at_ + 2 > limits::kHttpHeaderBytes) return refuse({431, "header-too-large", "header"});
      const bool empty = at_ == line_;
      ++at_;
      line_ = at_ + 1;
      if (!empty) continue;
      ++at_;
      return at_ == 2 ? refuse({400, "malformed", "empty request line"}) : State::done;
    }
    if (c == '\n') return refuse({400, "malformed", "bare LF"});
    if ((c < 0x20 && c != '\t') || c == 0x7f) return refuse({400, "malformed", "control character"});
  }
  return State::more;
}

tl::expected<Head, HeadFault> read_head(std::string_view text) {
  const auto next_line = [&] {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    return line;
  };
  const auto line = read_request_line(next_line());
  if (!line) return Fault(line.error());
  Head head;
  std::size_t fields = 0;
  for (std::string_view field = next_line(); !field.empty(); field = next_line()) {
    if (++fields > limits::kHttpFields) return Fault({431, "header-too-large", "fields"});
    if (const char* why = read_field(field, head)) return malformed(why);
  }
  if (const auto meaning = read_meaning(line->old, head); !meaning) return Fault(meaning.error());
  const auto origin = to_origin_form(line->target, head);
  auto target = origin ? read_target(*origin) : std::nullopt;
  if (!target) return malformed("target");
  head.method = line->method;
  head.path = std::move(target->path);
  head.query = std::move(target->query);
  return head;
}

}  // namespace kiyome::http
