#include "proto/smtp/reply_parser.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::smtp {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// One to three digits without a leading zero, RFC 3463 section 2.
bool take_number(std::string_view& text, std::uint16_t& value) {
  std::size_t size = 0;
  value = 0;
  while (size < text.size() && size < 3 && digit(text[size]))
    value = static_cast<std::uint16_t>(value * 10 + (text[size++] - '0'));
  if (size == 0 || (size > 1 && text[0] == '0')) return false;
  text.remove_prefix(size);
  return true;
}

bool take_dot(std::string_view& text) {
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

EnhancedStatus take_enhanced_status(std::string_view& text) {
  std::string_view rest = text;
  EnhancedStatus out;
  if (!take_number(rest, out.status_class) || !take_dot(rest) || !take_number(rest, out.subject) ||
      !take_dot(rest) || !take_number(rest, out.detail))
    return {};
  if (out.status_class != 2 && out.status_class != 4 && out.status_class != 5) return {};
  if (!rest.empty() && rest.front() != ' ') return {};
  if (!rest.empty()) rest.remove_prefix(1);
  text = rest;
  return out;
}

std::string Reply::shown(std::size_t max) const {
  std::string out = std::to_string(code);
  for (const std::string& line : lines) {
    if (out.size() >= max) break;
    out += ' ';
    for (const char c : line) out += c >= ' ' && c <= '~' ? c : '?';
  }
  if (out.size() > max) out.resize(max);
  return out;
}

void ReplyParser::forget() { *this = ReplyParser(); }

// RFC 5321 section 4.2.1: three digits, then "-", a blank or nothing. Every line of a reply bears the same
// code.
ReplyParser::Line ReplyParser::take(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]))
    return Line::garbage;
  if (line.find('\0') != std::string_view::npos) return Line::garbage;
  const auto code =
      static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  const char mark = line.size() > 3 ? line[3] : ' ';
  if (mark != ' ' && mark != '-') return Line::garbage;
  if (!more_) {
    reply_.code = code;
    reply_.lines.clear();
    std::string_view text = line.substr(std::min<std::size_t>(line.size(), 4));
    reply_.status = take_enhanced_status(text);
    if (reply_.status.status_class != code / 100) reply_.status = {};
  } else if (code != reply_.code || reply_.lines.size() >= limits::kSmtpReplyLines) {
    return Line::garbage;
  }
  reply_.lines.emplace_back(line.substr(std::min<std::size_t>(line.size(), 4)));
  more_ = mark == '-';
  return more_ ? Line::more : Line::last;
}

ReplyParser::Step ReplyParser::step(std::string_view& input) {
  while (!broken_ && !input.empty()) {
    const std::size_t newline = input.find('\n');
    const std::size_t size = std::min(newline, input.size());
    // The bound is for the line without its end; a CR may stand before the LF.
    if (line_.size() + size > limits::kSmtpReplyLine + 1) break;
    if (newline == std::string_view::npos) {
      line_ += input;
      input = {};
      return Step::need_input;
    }
    Line taken = Line::garbage;
    if (line_.empty()) {
      taken = take(input.substr(0, size));
    } else {
      line_ += input.substr(0, size);
      taken = take(line_);
      line_.clear();
    }
    input.remove_prefix(size + 1);
    if (taken == Line::last) return Step::reply;
    if (taken == Line::garbage) broken_ = true;
  }
  if (!broken_ && input.empty()) return Step::need_input;
  broken_ = true;
  return Step::garbage;
}

}  // namespace kiyome::smtp
