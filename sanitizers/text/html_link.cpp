// Links. Hosts are compared as letters; nothing is ever looked up.
#include "sanitizers/text/html_link.h"

#include <algorithm>
#include <array>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}

std::string_view trim(std::string_view s) {
  constexpr std::string_view kBlanks = " \t\n\r\f";
  const std::size_t from = s.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(kBlanks) - from + 1);
}

// Endings that are names of files far more often than of hosts.
constexpr std::string_view kFileEndings[] = {"pdf",  "doc", "docx", "xls",  "xlsx", "ppt", "pptx", "txt",
                                             "csv",  "zip", "lzh",  "jpg",  "jpeg", "png", "gif",  "html",
                                             "htm",  "php", "asp",  "aspx", "exe",  "xml", "js",   "css",
                                             "json", "jtd", "mp3",  "mp4",  "md",   "log", "ics"};

// The host that a text shows, when it looks like a URL, a domain or a mail address; else empty.
std::string shown_host(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.size() > limits::kHtmlLink) return {};
  const bool has_scheme = text.find("://") != std::string_view::npos;
  if (has_scheme) {
    const std::string scheme = scheme_of(text);
    if (scheme != "http" && scheme != "https" && scheme != "ftp") return {};
    text.remove_prefix(text.find("://") + 3);
  }
  const std::size_t end = std::min(text.find_first_of("/?#: "), text.size());
  std::string_view host = text.substr(0, end);
  // Words after the host mean that it is a sentence.
  if (!has_scheme && end < text.size() && text[end] == ' ') return {};
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  while (!host.empty() && host.back() == '.') host.remove_suffix(1);
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string_view last = host.substr(dot + 1);
  if (last.size() < 2 || !is_letter(last[0])) return {};
  for (const char c : host)
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != '_' &&
        static_cast<unsigned char>(c) < 0x80)
      return {};
  if (!has_scheme) {
    for (const char c : last)
      if (!is_letter(c)) return {};
    const std::string ending = lowered(last);
    if (!lowered(host).starts_with("www.") &&
        std::find(std::begin(kFileEndings), std::end(kFileEndings), ending) != std::end(kFileEndings))
      return {};
  }
  return lowered(host);
}

std::string host_of_target(std::string_view url, std::string_view scheme) {
  url.remove_prefix(std::min(scheme.size() + 1, url.size()));
  if (scheme == "mailto") {
    const std::string_view address = url.substr(0, url.find('?'));
    const std::size_t at = address.rfind('@');
    return at == std::string_view::npos ? std::string() : lowered(trim(address.substr(at + 1)));
  }
  while (!url.empty() && (url[0] == '/' || url[0] == '\\')) url.remove_prefix(1);
  std::string_view host = url.substr(0, url.find_first_of("/?#\\"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  host = host.substr(0, host.find(':'));
  while (!host.empty() && host.back() == '.') host.remove_suffix(1);
  return lowered(host);
}

std::string_view without_www(std::string_view host) {
  return host.starts_with("www.") ? host.substr(4) : host;
}

// a.example.jp and example.jp are one house.
bool same_house(std::string_view a, std::string_view b) {
  a = without_www(a);
  b = without_www(b);
  if (a.size() < b.size()) std::swap(a, b);
  return a == b || (a.size() > b.size() && a.ends_with(b) && a[a.size() - b.size() - 1] == '.');
}

// What is left for a comparison of text and target: no scheme, no final slash.
std::string essence(std::string_view s) {
  s = trim(s);
  for (const std::string_view prefix : {"http://", "https://", "mailto:", "tel:", "ftp://"})
    if (lowered(s.substr(0, prefix.size())) == prefix) {
      s.remove_prefix(prefix.size());
      break;
    }
  while (!s.empty() && s.back() == '/') s.remove_suffix(1);
  return lowered(s);
}

std::string digits_of(std::string_view s) {
  std::string out;
  for (const char c : s)
    if (is_digit(c)) out += c;
  return out;
}

constexpr std::string_view kScripts[] = {"javascript", "vbscript", "livescript", "jscript", "data", "mocha"};
// Marks of mail programs that lead nowhere.
constexpr std::string_view kNowhere[] = {"cid",          "mid", "about", "x-apple-data-detectors",
                                         "applewebdata", "blob"};

template <std::size_t n>
bool among(const std::string_view (&list)[n], std::string_view s) {
  return std::find(std::begin(list), std::end(list), s) != std::end(list);
}

}  // namespace

std::string scheme_of(std::string_view url) {
  std::size_t n = 0;
  while (
      n < url.size() && n < 40 &&
      (is_letter(url[n]) || (n > 0 && (is_digit(url[n]) || url[n] == '+' || url[n] == '-' || url[n] == '.'))))
    ++n;
  if (n == 0 || n >= url.size() || url[n] != ':') return {};
  return lowered(url.substr(0, n));
}

std::string tidy_url(std::string_view raw) {
  std::string out;
  for (const char c : trim(raw)) {
    if (out.size() >= limits::kHtmlLink) break;
    if (c == '\t' || c == '\n' || c == '\r') continue;
    switch (c) {
      case ' ':
        out += "%20";
        break;
      case '<':
        out += "%3C";
        break;
      case '>':
        out += "%3E";
        break;
      case '"':
        out += "%22";
        break;
      default:
        out += c;
    }
  }
  // Never half a character at the cut.
  if (out.size() >= limits::kHtmlLink) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    out += "…";
  }
  return out;
}

bool is_remote(std::string_view url) {
  const std::string tidy = tidy_url(url.substr(0, 64));
  const std::string scheme = scheme_of(tidy);
  return scheme == "http" || scheme == "https" || scheme == "ftp" || scheme == "file" ||
         tidy.starts_with("//") || tidy.starts_with("\\\\");
}

LinkView view_link(std::string_view href, std::string_view text, std::string_view base) {
  LinkView view;
  std::string url = tidy_url(href);
  if (url.empty() || url[0] == '#') return view;
  std::string scheme = scheme_of(url);
  if (among(kScripts, scheme)) {
    view.script = true;
    return view;
  }
  if (among(kNowhere, scheme)) return view;
  if (scheme.empty() && !url.starts_with("//") && !url.starts_with("\\\\")) {
    const std::string base_scheme = scheme_of(base);
    if (base_scheme != "http" && base_scheme != "https") return view;  // leads nowhere outside its own page
    const std::size_t host_end = base.find('/', base_scheme.size() + 3);
    const std::string_view root = base.substr(0, host_end);
    url = url[0] == '/'
              ? std::string(root).append(url)
              : std::string(
                    base.substr(0, base.rfind('/') > base_scheme.size() + 2 ? base.rfind('/') : base.size()))
                    .append("/")
                    .append(url);
    scheme = base_scheme;
  }
  if (essence(text) == essence(url)) return view;
  if (scheme == "tel" && digits_of(text) == digits_of(url)) return view;
  const std::string shown = shown_host(text);
  const std::string target = host_of_target(url, scheme);
  const bool has_host =
      scheme.empty() || scheme == "http" || scheme == "https" || scheme == "ftp" || scheme == "mailto";
  view.differs = !shown.empty() && (!has_host || !same_house(shown, target));
  if (scheme == "mailto" && text.find('@') != std::string_view::npos && !shown.empty() && !view.differs) {
    // "name@example.jp" that writes to another name of the same house.
    const std::string address = essence(url.substr(0, url.find('?')));
    view.differs = essence(text) != address;
    if (!view.differs) return view;
  }
  view.target = scheme == "mailto" ? url.substr(7, url.find('?') - 7) : url;
  return view;
}

}  // namespace kiyome::sanitizer::text
