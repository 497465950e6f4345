// Assembly of lines.
#include "sanitizers/text/html_lines.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/text/clean_writer.h"

namespace kiyome::sanitizer::text {
namespace {

// Scripts that are written without spaces. Hangul is not among them.
bool is_wide(char32_t c) {
  return (c >= 0x2e80 && c <= 0x312f) || (c >= 0x31a0 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0xa4cf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0xff00 && c <= 0xff9f) || (c >= 0x20000 && c <= 0x3ffff) ||
         (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2460 && c <= 0x27bf);
}

std::string_view without_trailing_spaces(std::string_view s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

constexpr unsigned kBlankLines = 2;  // in a row

}  // namespace

bool begins_wide(std::string_view s) {
  char32_t c = 0;
  std::size_t skip = 0;
  return !s.empty() && utf8_sequence(s, 0, c, skip) != 0 && is_wide(c);
}

bool ends_wide(std::string_view s) {
  std::size_t at = s.size();
  while (at > 0 && s.size() - at < 4) {
    --at;
    if ((static_cast<unsigned char>(s[at]) & 0xc0) != 0x80) return begins_wide(s.substr(at));
  }
  return false;
}

void Lines::settle_gap(std::string_view next) {
  if (gap_ == Gap::none) return;
  const bool joined = gap_ == Gap::newline && ends_wide(line_) && begins_wide(next);
  gap_ = Gap::none;
  if (!line_.empty() && line_.back() != ' ' && !joined) line_ += ' ';
}

void Lines::word(std::string_view text) {
  if (text.empty()) return;
  settle_gap(text);
  line_.append(text);
  started_ = true;
}

void Lines::fixed_space() {
  settle_gap({});
  line_ += ' ';
  started_ = true;
}

void Lines::preformatted(std::string_view text) {
  gap_ = Gap::none;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    line_.append(text, at, end - at);
    started_ = started_ || end > at;
    if (end == text.size()) break;
    line_break();
    at = end + 1;
  }
}

void Lines::flush() {
  const std::string_view text = without_trailing_spaces(line_);
  gap_ = Gap::none;
  if (text.empty()) {
    if (started_) blank_ = std::min(blank_ + 1, kBlankLines);
  } else {
    if (!out_.empty())
      for (; blank_ > 0; --blank_) {
        const std::string& shorter = prefix_.size() < last_prefix_.size() ? prefix_ : last_prefix_;
        out_.append(without_trailing_spaces(shorter)) += '\n';
      }
    blank_ = 0;
    if (markers_ == 0) {
      out_ += prefix_;
    } else {
      std::size_t at = 0;
      for (Step& step : steps_) {
        if (step.marker.empty())
          out_.append(prefix_, at, step.size);
        else
          out_ += step.marker;
        step.marker.clear();
        at += step.size;
      }
      markers_ = 0;
    }
    out_.append(text) += '\n';
    last_prefix_ = prefix_;
  }
  line_.clear();
  started_ = false;
}

void Lines::line_break() {
  if (!started_) {
    blank_ = std::min(blank_ + 1, kBlankLines);
    gap_ = Gap::none;
  } else {
    flush();
  }
}

void Lines::block() {
  if (started_)
    flush();
  else
    gap_ = Gap::none;
}

void Lines::paragraph() {
  block();
  if (markers_ == 0) blank_ = std::max(blank_, 1u);
}

void Lines::push(Level level, std::string_view marker) {
  block();
  Step step;
  step.level = level;
  std::size_t& shown = level == Level::quote ? quotes_ : lists_;
  if (shown++ < limits::kHtmlIndent) {
    if (level == Level::quote) {
      prefix_ += "> ";
      step.size = 2;
    } else {
      // A bullet or circled mark is as wide as two columns; ASCII markers are as wide as they are long.
      std::size_t columns = 0;
      for (const char c : marker) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      if (begins_wide(marker) || marker.starts_with("・")) ++columns;
      step.size = marker.empty() ? 2 : columns;
      prefix_.append(step.size, ' ');
    }
  }
  step.marker.assign(marker);
  markers_ += !marker.empty();
  steps_.push_back(std::move(step));
}

void Lines::pop() {
  block();
  if (steps_.empty()) return;
  const Step& step = steps_.back();
  markers_ -= !step.marker.empty();
  prefix_.resize(prefix_.size() - step.size);
  --(step.level == Level::quote ? quotes_ : lists_);
  steps_.pop_back();
}

void Lines::whole_lines(std::string_view text) {
  block();
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end == at) {
      blank_ = std::min(blank_ + 1, kBlankLines);
    } else {
      line_.assign(text, at, end - at);
      started_ = true;
      flush();
    }
    at = end + 1;
  }
}

std::string Lines::take() {
  block();
  return std::move(out_);
}

}  // namespace kiyome::sanitizer::text
