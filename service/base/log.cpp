// One write(2) a line: lines of several threads and roles on one descriptor do not mix, and nothing waits in
// a buffer when a process is killed. Trusts no value. Measured beside spdlog's stderr sink: see
// tests/unit/service_base/log_test.cpp.
#include "service/base/log.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "proto/base/limits.h"
#include "service/base/clock.h"

namespace kiyome::log {
namespace {

std::atomic<Level> level_min{Level::info};
std::string role_member;  // ,"role":"edge"

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};
// sd-daemon(3): the journal takes these from the front of a line and keeps them as its priority.
constexpr std::string_view kJournalPriorities[] = {"<7>", "<6>", "<4>", "<3>"};
bool to_journal = false;

// systemd.exec(5), $JOURNAL_STREAM: device and inode of the stream to the journal. A descriptor that was
// turned elsewhere since is another one.
bool is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

struct Decoded {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: not UTF-8 here
};

// RFC 3629 at `at`; text[at] is not ASCII.
Decoded decode(std::string_view text, std::size_t at) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = octet(0);
  const std::size_t size = first >= 0xC2 && first < 0xE0   ? 2
                           : (first & 0xF0) == 0xE0        ? 3
                           : first >= 0xF0 && first < 0xF5 ? 4
                                                           : 0;
  if (size == 0 || size > text.size() - at) return {};
  std::uint32_t code = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (octet(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, size};
}

// What a terminal or a viewer would act on instead of showing it: C1, bidi, zero width, line separators,
// tags, noncharacters.
bool acts(std::uint32_t c) {
  return (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF0 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF) ||
         (c >= 0xE0000 && c < 0xE0100);
}

void append_unit(std::string& out, std::uint32_t unit) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

void append_escape(std::string& out, std::uint32_t c) {
  if (c < 0x10000) return append_unit(out, c);
  append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
  append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        append_unit(out, static_cast<unsigned char>(c));
      else
        out += c;
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      append_ascii(out, text[at++]);
      continue;
    }
    const Decoded here = decode(text, at);
    if (here.size == 0) {
      out += "\\ufffd";
      ++at;
    } else {
      if (acts(here.code))
        append_escape(out, here.code);
      else
        out.append(text, at, here.size);
      at += here.size;
    }
  }
  out += '"';
}

// At most kLogValue octets, cut before a character; what was cut is told.
void append_bounded(std::string& out, std::string_view text) {
  if (text.size() <= limits::kLogValue) return append_string(out, text);
  std::size_t end = limits::kLogValue;
  while (end > limits::kLogValue - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  append_string(out, text.substr(0, end));
  out.pop_back();
  out += "…\"";
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 40> digits;
  const auto [end, trouble] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), trouble == std::errc() ? end : digits.data());
}

void append_value(std::string& out, const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    append_number(out, *whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    if (std::isfinite(*real))
      append_number(out, *real);
    else
      out += "null";  // JSON has no infinities
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "true" : "false";
  } else {
    append_bounded(out, std::get<std::string_view>(value));
  }
}

// "2026-11-21T12:34:56.789+09:00"; date, zone and all are worked out once a second and thread.
void append_time(std::string& out, std::int64_t unix_ms) {
  struct Second {
    std::int64_t unix = -1;
    std::array<char, 20> front{};
    std::array<char, 8> zone{};
  };
  thread_local Second cached;
  const std::int64_t second = unix_ms / 1000;
  if (cached.unix != second) {
    const std::time_t time = static_cast<std::time_t>(second);
    std::tm parts{};
    ::localtime_r(&time, &parts);
    std::strftime(cached.front.data(), cached.front.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::strftime(cached.zone.data(), cached.zone.size(), "%z", &parts);  // +0900
    cached.unix = second;
  }
  const int ms = static_cast<int>(unix_ms % 1000);
  out.append(cached.front.data(), 19);
  out += '.';
  out += static_cast<char>('0' + ms / 100);
  out += static_cast<char>('0' + ms / 10 % 10);
  out += static_cast<char>('0' + ms % 10);
  out.append(cached.zone.data(), 3);
  out += ':';
  out.append(cached.zone.data() + 3, 2);
}

// A log that cannot be written stops nothing: when the reader of a full pipe does not read, the line is lost
// after a short wait, and while it goes on not reading, the next ones at once. Standard error may block, so
// it is asked before each piece; a piece is no longer than what a pipe that has room takes whole.
void write_line(std::string_view line) {
  constexpr int kPatienceMs = 100;
  static std::atomic<bool> stalled{false};
  static std::atomic<bool> cut{false};  // a line was left in its middle
  const auto has_room = [] {
    pollfd entry{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&entry, 1, stalled ? 0 : kPatienceMs) > 0;
  };
  for (bool first = true; !line.empty(); first = false) {
    if (!has_room()) {
      stalled = true;
      if (!first) cut = true;
      return;
    }
    stalled = false;
    if (first && cut.exchange(false)) {
      [[maybe_unused]] const ssize_t ended = ::write(STDERR_FILENO, "\n", 1);
    }
    const ssize_t count = ::write(STDERR_FILENO, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
    if (count > 0)
      line.remove_prefix(static_cast<std::size_t>(count));
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
      return;
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_string(out, text);
  return out;
}

std::string shown(std::string_view text) {
  const std::string quoted = json_string(text);
  return quoted.substr(1, quoted.size() - 2);
}

void start(std::string_view role, std::string_view level) {
  role_member = ",\"role\":" + json_string(role);
  to_journal = is_journal();
  set_level(level);
}

void set_level(std::string_view level) {
  for (std::size_t i = 0; i < std::size(kLevelNames); ++i)
    if (level == kLevelNames[i]) level_min = static_cast<Level>(i);
}

void write(Level level, std::string_view event, const ItemId* item, std::initializer_list<Field> fields) {
  if (level < level_min) return;
  const int kept_errno = errno;
  thread_local std::string line;
  line.clear();
  if (to_journal) line += kJournalPriorities[static_cast<std::size_t>(level)];
  line += "{\"time\":\"";
  append_time(line, unix_ms_now());
  line += "\",\"level\":\"";
  line += kLevelNames[static_cast<std::size_t>(level)];
  line += '"';
  line += role_member;
  line += ",\"event\":";
  append_bounded(line, event);
  if (item != nullptr) {
    line += ",\"item\":\"";
    line += item->text();
    line += '"';
  }
  for (const Field& field : fields) {
    line += ',';
    append_string(line, field.key);
    line += ':';
    append_value(line, field.value);
  }
  line += "}\n";
  write_line(line);
  errno = kept_errno;
}

}  // namespace kiyome::log
