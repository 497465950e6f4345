// See fields.h.
#include "sanitizers/mail/fields.h"

#include <array>

#include "proto/base/limits.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::size_t kFieldName = 256;        // longer names are no fields
constexpr std::size_t kJunkAheadBytes = 8192;  // how far junk is searched for the next real field
constexpr std::size_t kJunkAheadLines = 64;
constexpr std::string_view kMark = "\xEF\xBB\xBF";

// The length of the field name at `line`, or 0; `after` is set behind the colon.
std::size_t name_length(std::string_view line, std::size_t& after) {
  std::size_t n = 0;
  while (n < line.size() && n < kFieldName && line[n] > ' ' && line[n] < 127 && line[n] != ':') ++n;
  if (n == 0) return 0;
  std::size_t p = n;
  while (p < line.size() && is_wsp(line[p])) ++p;
  if (p >= line.size() || line[p] != ':') return 0;
  after = p + 1;
  return n;
}

bool is_mbox_line(std::string_view line) {
  return line.substr(0, 5) == "From " || line.substr(0, 6) == ">From ";
}

// Whether a field of that name makes it worth skipping junk in front of it.
bool worth_it(std::string_view name, bool message) {
  if (begins_with(name, "content-")) return true;
  if (!message) return false;
  static constexpr std::array<std::string_view, 12> kNames = {
      "from",        "to",         "subject",  "date",         "mime-version", "received",
      "return-path", "message-id", "reply-to", "delivered-to", "cc",           "in-reply-to"};
  for (const std::string_view known : kNames)
    if (same_text(name, known)) return true;
  return begins_with(name, "x-");
}

class BlockReader {
 public:
  BlockReader(std::string_view octets, bool message, const std::function<bool(std::size_t)>& is_boundary)
      : octets_(octets), message_(message), is_boundary_(is_boundary) {}

  Fields read(std::size_t begin) {
    begin_ = begin;
    std::size_t p = skip_leading(begin);
    while (step(p)) {
    }
    close_value();
    return std::move(out_);
  }

 private:
  // Byte order marks and, before a message, blank lines that are followed by a field.
  std::size_t skip_leading(std::size_t p) {
    if (octets_.substr(p, 3) == kMark) p += 3;
    if (!message_) return p;
    std::size_t q = p;
    for (int lines = 0; q < octets_.size() && lines < 16; ++lines) {
      const Line line = line_at(octets_, q, kJunkAheadBytes);
      std::string_view text = octets_.substr(line.begin, line.end - line.begin);
      if (text.substr(0, 3) == kMark) text.remove_prefix(3);
      if (trimmed(text).empty()) {
        q = line.next;
        continue;
      }
      std::size_t after = 0;
      if (q != p && (name_length(text, after) > 0 || is_mbox_line(text))) {
        out_.junk = true;
        return line.begin + (octets_.substr(line.begin, 3) == kMark ? 3 : 0);
      }
      break;
    }
    return p;
  }

  // Reads one line of the block at `p`; false when the block ends.
  bool step(std::size_t& p) {
    out_.body = p;
    if (p >= octets_.size()) return false;
    if (p - begin_ > limits::kMailHeaderBytes || out_.all.size() > limits::kMailHeaderFields) {
      out_.too_large = true;
      return false;
    }
    if (octets_[p] == '-' && is_boundary_(p)) {
      out_.at_boundary = true;
      return false;
    }
    const Line line = line_at(octets_, p, limits::kMailHeaderBytes + 1024);
    const std::string_view text = octets_.substr(line.begin, line.end - line.begin);
    if (text.empty()) {
      out_.body = line.next;
      return false;
    }
    if (is_wsp(text[0])) return continuation(text, line, p);
    std::size_t after = 0;
    const std::size_t name = name_length(text, after);
    if (name > 0) {
      close_value();
      out_.all.push_back({text.substr(0, name), {}});
      value_begin_ = line.begin + after;
      value_end_ = line.end;
      open_ = true;
      p = line.next;
      return true;
    }
    return junk(text, line, p);
  }

  bool continuation(std::string_view text, const Line& line, std::size_t& p) {
    // A line of white space alone: RFC 5322 section 4.2 lets it continue a field; most readers of parts end
    // the block when nothing that looks like a field follows.
    if (open_) {
      if (trimmed(text).empty() && !field_ahead(line.next)) {
        out_.body = line.next;
        out_.junk = true;
        return false;
      }
      value_end_ = line.end;
      p = line.next;
      return true;
    }
    if (trimmed(text).empty()) {
      out_.body = line.next;
      return field_ahead(line.next) ? (p = line.next, true) : false;
    }
    return junk(text, line, p);
  }

  bool junk(std::string_view text, const Line& line, std::size_t& p) {
    // What looks like a boundary line is never skipped: a body without a blank line before it begins so.
    if (text.substr(0, 2) == "--") {
      out_.junk = !out_.all.empty();
      out_.body = line.begin;
      return false;
    }
    if (is_mbox_line(text) || (text.substr(0, 3) == kMark) || line.begin < junk_until_ ||
        field_ahead(line.next)) {
      out_.junk =
          out_.junk || line.begin != begin_ || !is_mbox_line(text);  // an mbox line before all is harmless
      close_value();
      open_ = false;
      p = text.substr(0, 3) == kMark ? line.begin + 3 : line.next;
      return true;
    }
    // The blank line is missing: the body begins here.
    out_.junk = !out_.all.empty();
    out_.body = line.begin;
    return false;
  }

  // Looks for a field worth it before the next blank line or boundary; remembers how far junk may be skipped.
  bool field_ahead(std::size_t p) {
    const std::size_t stop = p + kJunkAheadBytes;
    for (std::size_t lines = 0; p < octets_.size() && p < stop && lines < kJunkAheadLines; ++lines) {
      if (octets_.substr(p, 2) == "--") return false;
      const Line line = line_at(octets_, p, kJunkAheadBytes);
      std::string_view text = octets_.substr(line.begin, line.end - line.begin);
      if (text.empty()) return false;
      std::size_t after = 0;
      const std::size_t name = name_length(text, after);
      if (name > 0 && worth_it(text.substr(0, name), message_)) {
        junk_until_ = line.begin;
        return true;
      }
      p = line.next;
    }
    return false;
  }

  void close_value() {
    if (!open_ || out_.all.empty() || value_end_ < value_begin_) return;
    out_.all.back().value = octets_.substr(value_begin_, value_end_ - value_begin_);
  }

  std::string_view octets_;
  bool message_;
  const std::function<bool(std::size_t)>& is_boundary_;
  Fields out_;
  std::size_t begin_ = 0, value_begin_ = 0, value_end_ = 0, junk_until_ = 0;
  bool open_ = false;
};

}  // namespace

const Field* Fields::find(std::string_view lower_name) const {
  for (const Field& field : all)
    if (same_text(field.name, lower_name)) return &field;
  return nullptr;
}

Fields read_fields(std::string_view octets, std::size_t begin, bool message,
                   const std::function<bool(std::size_t)>& is_boundary) {
  return BlockReader(octets, message, is_boundary).read(begin);
}

bool starts_content_field(std::string_view octets, std::size_t begin) {
  if (begin >= octets.size() || !begins_with(octets.substr(begin, 8), "content-")) return false;
  std::size_t after = 0;
  return name_length(octets.substr(begin, kFieldName + 2), after) > 0;
}

}  // namespace kiyome::sanitizer::mail
