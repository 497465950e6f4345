// RTF → text, or → the HTML that Exchange hid in it ([MS-OXRTFEX]). One pass over the octets with a bounded
// stack of group states. Text octets are gathered in the code page of the font in force and decoded when it
// changes, so that a character of two octets may be written as \'83\'5c, as \'83\\ or raw.
#include <algorithm>
#include <map>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/rtf_words.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::mail {
namespace {

enum class Target : std::uint8_t { text, skipped, fonts, instruction, html_tag };

struct Group {
  Target target = Target::text;
  bool hidden = false;    // \v
  bool html_rtf = false;  // \htmlrtf: what only an RTF reader should see
  bool result = false;    // of a field: shown, and the link follows it
  bool first = true;      // nothing but \* stood in it yet
  bool star = false;
  int font = -1;
  int fallback = 1;  // \uc: characters behind \u for old readers
};

// The code page of a font's character set, 0 for the document's own.
std::uint32_t page_of_set(int set) {
  static constexpr std::pair<int, std::uint32_t> kSets[] = {
      {77, 10000}, {128, 932},  {129, 949},  {130, 1361}, {134, 936},  {136, 950}, {161, 1253}, {162, 1254},
      {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257}, {204, 1251}, {222, 874}, {238, 1250}};
  for (const auto& [known, page] : kSets)
    if (known == set) return page;
  return 0;
}

class Rtf {
 public:
  explicit Rtf(std::string_view rtf) : in_(rtf) {}

  RtfText run() {
    while (at_ < in_.size()) {
      const char c = in_[at_++];
      if (c == '\\') {
        control();
      } else if (c == '{') {
        flush_surrogate();
        open();
      } else if (c == '}') {
        close();
      } else if (c != '\r' && c != '\n') {
        octet(c);
      }
    }
    flush();
    out_.charset = "utf-8";
    return std::move(out_);
  }

 private:
  // ---- groups ----
  void open() {
    to_skip_ = 0;
    if (stack_.size() < limits::kRtfDepth)
      stack_.push_back(now_);
    else
      ++too_deep_;
    now_.first = true;
    now_.star = false;
    now_.result = false;
  }

  void close() {
    to_skip_ = 0;
    if (too_deep_ > 0) {
      --too_deep_;
      return;
    }
    if (stack_.empty()) return;
    const Group ended = now_;
    if (ended.target == Target::instruction && stack_.back().target != Target::instruction) end_instruction();
    if (ended.result) end_result();
    now_ = stack_.back();
    stack_.pop_back();
    if (stack_.empty()) at_ = in_.size();  // the document is over; no reader shows what stands behind it
  }

  void target(Target wanted) {
    if (now_.target == Target::text) now_.target = wanted;
  }

  // ---- control words ----
  void control() {
    if (at_ >= in_.size()) return;
    const char c = in_[at_];
    if (!is_alpha(c)) {
      ++at_;
      symbol(c);
      return;
    }
    const std::size_t begin = at_;
    while (at_ < in_.size() && at_ - begin < 32 && is_alpha(in_[at_])) ++at_;
    const std::string_view word = in_.substr(begin, at_ - begin);
    bool given = false;
    const int value = number(given);
    if (at_ < in_.size() && in_[at_] == ' ') ++at_;
    if (word == "bin") {  // raw octets follow
      at_ += std::min<std::size_t>(value > 0 ? static_cast<std::size_t>(value) : 0, in_.size() - at_);
      return;
    }
    if (word != "u" && skip_one()) return;  // two \u in a row: the first had no characters for old readers
    this->word(word, value, given);
    now_.first = false;
  }

  int number(bool& given) {
    const bool negative = at_ < in_.size() && in_[at_] == '-';
    std::size_t at = at_ + (negative ? 1 : 0);
    long value = 0;
    const std::size_t begin = at;
    while (at < in_.size() && is_digit(in_[at]) && at - begin < 10) value = value * 10 + (in_[at++] - '0');
    given = at > begin;
    if (given) at_ = at;
    value = std::min(value, 0x7fffffffL);
    return static_cast<int>(negative ? -value : value);
  }

  void symbol(char c) {
    switch (c) {
      case '\'': {
        const int high = at_ < in_.size() ? hex_value(in_[at_]) : -1;
        const int low = at_ + 1 < in_.size() ? hex_value(in_[at_ + 1]) : -1;
        if (high < 0 || low < 0) return;
        at_ += 2;
        octet(static_cast<char>(high * 16 + low));
        return;
      }
      case '*':
        now_.star = true;
        return;
      case '\\':
      case '{':
      case '}':
        octet(c);
        return;
      case '~':
        character(0xa0);
        return;
      case '_':
        character('-');
        return;
      case '\r':
      case '\n':
        character('\n');
        return;
      case '\t':
        character('\t');
        return;
      default:
        return;  // "\-" optional hyphen, "\:" index …
    }
  }

  void word(std::string_view word, int value, bool given) {
    if (now_.target == Target::fonts) return font_word(word, value);
    if (word == "u" && given) return unicode(value);
    if (word == "uc") {
      now_.fallback = std::clamp(value, 0, 8);
      return;
    }
    if (word == "f" || word == "deff") {
      now_.font = value;
      if (word == "deff") font_default_ = value;
      return;
    }
    if (word == "v" || word == "htmlrtf") {
      (word == "v" ? now_.hidden : now_.html_rtf) = !given || value != 0;
      return;
    }
    if (word == "plain") {
      now_.hidden = false;
      now_.font = font_default_;
      return;
    }
    if (const std::uint32_t shown = rtf_character(word)) return character(shown);
    if (const std::uint32_t page = rtf_document_page(word, value)) {
      document_page_ = page;
      return;
    }
    if (word == "fromhtml" && stack_.size() <= 1) {
      out_.is_html = true;
      return;
    }
    destination(word);
  }

  void destination(std::string_view word) {
    if (word == "fonttbl") return target(Target::fonts);
    if (word == "htmltag") return target(out_.is_html ? Target::html_tag : Target::skipped);
    if (word == "fldinst") return target(Target::instruction);
    if (word == "fldrslt" && now_.target == Target::text) {
      flush();
      now_.result = true;
      result_begin_ = out_.octets.size();
      return;
    }
    // An unknown destination says itself that it may be skipped: {\*\name …}.
    if (rtf_is_skipped(word) || (now_.star && now_.first && word != "shppict")) target(Target::skipped);
  }

  // ---- fonts ----
  void font_word(std::string_view word, int value) {
    if (word == "f") font_defined_ = value;
    std::uint32_t page = 0;
    if (word == "fcharset") page = page_of_set(value);
    if (word == "cpg" && value > 0) page = static_cast<std::uint32_t>(value);
    if (page != 0 && (fonts_.size() < limits::kRtfFonts || fonts_.count(font_defined_) != 0))
      fonts_[font_defined_] = page;
  }

  std::uint32_t page_in_force() const {
    const auto found = fonts_.find(now_.font);
    return found == fonts_.end() ? document_page_ : found->second;
  }

  // ---- text ----
  bool shown() const {
    if (now_.html_rtf) return false;
    return now_.target == Target::html_tag || (now_.target == Target::text && !now_.hidden);
  }

  // One of the characters that stand behind \u for readers without Unicode?
  bool skip_one() {
    if (to_skip_ == 0) return false;
    --to_skip_;
    return true;
  }

  void octet(char c) {
    if (skip_one()) return;
    now_.first = false;
    if (now_.target == Target::instruction && instruction_.size() < limits::kRtfField) instruction_ += c;
    if (now_.target == Target::text && now_.hidden && !is_space(c)) out_.hidden = true;
    if (!shown()) return;
    flush_surrogate();
    const std::uint32_t page = now_.target == Target::html_tag ? document_page_ : page_in_force();
    if (page != run_page_) flush_run();
    run_page_ = page;
    run_ += c;
  }

  // A character that needs no code page.
  void character(std::uint32_t c) {
    if (skip_one()) return;
    now_.first = false;
    if (!shown()) return;
    flush();
    rtf_put_utf8(out_.octets, c);
  }

  void unicode(int value) {
    auto unit = static_cast<std::uint32_t>(value) & 0xffff;  // negative numbers are the upper half
    if (unit == 0xf0b7 || unit == 0xf0a7) unit = 0x2022;     // the bullets of the fonts Symbol and Wingdings
    if (shown()) {
      flush_run();
      if (unit >= 0xd800 && unit < 0xdc00) {
        flush_surrogate();
        surrogate_ = unit;
      } else if (unit >= 0xdc00 && unit < 0xe000) {
        rtf_put_utf8(out_.octets,
                     surrogate_ == 0 ? 0xfffd : 0x10000 + ((surrogate_ - 0xd800) << 10) + (unit - 0xdc00));
        surrogate_ = 0;
      } else {
        flush_surrogate();
        rtf_put_utf8(out_.octets, unit);
      }
    } else if (now_.target == Target::instruction && unit < 0x80 && instruction_.size() < limits::kRtfField) {
      instruction_ += static_cast<char>(unit);
    }
    to_skip_ = now_.fallback;
  }

  void flush_surrogate() {
    if (surrogate_ != 0) rtf_put_utf8(out_.octets, 0xfffd);
    surrogate_ = 0;
  }

  void flush_run() {
    if (run_.empty()) return;
    const bool ascii = !has_eight_bit(run_) && run_.find('\x1b') == std::string::npos;
    out_.octets += ascii ? run_ : text::decode_word(run_, code_page_charset(run_page_)).utf8;
    run_.clear();
  }

  void flush() {
    flush_run();
    flush_surrogate();
  }

  // ---- fields ----
  void end_instruction() {
    const std::size_t word = instruction_.find("HYPERLINK");
    link_.clear();
    if (word != std::string::npos) {
      const std::size_t begin = instruction_.find('"', word);
      const std::size_t end = begin == std::string::npos ? begin : instruction_.find('"', begin + 1);
      if (end != std::string::npos)
        link_ = text::decode_word(instruction_.substr(begin + 1, end - begin - 1),
                                  code_page_charset(document_page_))
                    .utf8;
    }
    instruction_.clear();
  }

  // "text <URL>" when they differ.
  void end_result() {
    flush();
    if (link_.empty() || out_.is_html || result_begin_ > out_.octets.size()) return;
    if (out_.octets.find(link_, result_begin_) == std::string::npos) out_.octets += " <" + link_ + ">";
    link_.clear();
  }

  std::string_view in_;
  std::size_t at_ = 0;
  RtfText out_;
  Group now_;
  std::vector<Group> stack_;
  std::size_t too_deep_ = 0;
  int to_skip_ = 0;
  std::uint32_t document_page_ = 1252;
  std::map<int, std::uint32_t> fonts_;
  int font_defined_ = -1, font_default_ = -1;
  std::string run_;                // octets to be decoded from run_page_
  std::uint32_t run_page_ = 1252;  // within an HTML tag the document's, whatever font the text around it has
  std::uint32_t surrogate_ = 0;
  std::string instruction_, link_;
  std::size_t result_begin_ = 0;
};

}  // namespace

RtfText read_rtf(std::string_view rtf) { return Rtf(rtf).run(); }

}  // namespace kiyome::sanitizer::mail
