// See encoded_word.h. Adjacent words of one charset are joined as octets before they become characters (RFC
// 2047 forbids to split a character, senders do it all the same), which also carries the shift state of
// ISO-2022-JP across words.
#include "sanitizers/mail/encoded_word.h"

#include "proto/base/limits.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/transfer.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::size_t kCharsetName = 64;
constexpr std::size_t kWordOctets = 16u << 10;  // some senders put a whole subject into one word

bool undecodable(const text::Text& decoded) {
  for (const clean::Finding finding : decoded.findings)
    if (finding == clean::Finding::kUndecodableText) return true;
  return false;
}

// The end of a word's text: the "?=" that closes it. In Q text a raw "?" may be followed by "=XX"; that
// closes nothing when the real end follows before any space.
std::size_t word_end(std::string_view text, std::size_t from, char encoding) {
  const std::size_t limit = text.size() < from + kWordOctets ? text.size() : from + kWordOctets;
  std::size_t p = from;
  while (p + 1 < limit) {
    p = text.substr(0, limit).find("?=", p);
    if (p == std::string_view::npos) return std::string_view::npos;
    const bool hex =
        encoding == 'q' && p + 3 < text.size() && hex_value(text[p + 2]) >= 0 && hex_value(text[p + 3]) >= 0;
    if (!hex) return p;
    std::size_t q = p + 2;
    while (q + 1 < limit && !is_space(text[q]) && !(text[q] == '?' && text[q + 1] == '=') &&
           !(text[q] == '=' && text[q + 1] == '?'))
      ++q;
    if (q + 1 >= limit || text[q] != '?') return p;
    p = q;
  }
  return std::string_view::npos;
}

std::string without_folds(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (!is_line_end(raw[i])) {
      if (raw[i] != '\0') out += raw[i];
      continue;
    }
    // A fold keeps its white space; a line end without any (a broken fold) becomes one space.
    std::size_t p = i;
    while (p + 1 < raw.size() && is_line_end(raw[p + 1])) ++p;
    if (p + 1 < raw.size() && !is_wsp(raw[p + 1])) out += ' ';
    i = p;
  }
  return out;
}

// Collects words of one charset until another charset or plain text comes.
class Run {
 public:
  explicit Run(WordContext& context) : context_(context) {}

  void add(const EncodedWord& word, std::string& out) {
    std::string_view charset = word.charset.substr(0, word.charset.find('*'));  // RFC 2231 language suffix
    if (!open_ || lowered(charset) != charset_) flush(out);
    charset_ = lowered(charset);
    open_ = true;
    if (word.encoding == 'b') {
      add_base64(word.text);
      return;
    }
    flush_base64();
    if (!decode_quoted_printable(without_folds(word.text), octets_, true)) context_.malformed = true;
  }

  void flush(std::string& out) {
    if (!open_) return;
    flush_base64();
    out += decode_raw(octets_, charset_, context_);
    octets_.clear();
    open_ = false;
  }

 private:
  // base64 cut between words at any octet (not a multiple of four) is joined before it is decoded.
  void add_base64(std::string_view encoded) {
    std::string digits;
    for (const char c : encoded)
      if (!is_space(c)) digits += c;
    const bool padded = !pending_.empty() && pending_.back() == '=';
    const std::size_t rest = pending_.size() % 4;
    const bool joins =
        rest == 1 || (rest != 0 && (pending_.size() + digits.size()) % 4 == 0 && digits.size() % 4 != 0);
    if (padded || !joins) flush_base64();
    pending_ += digits;
  }
  void flush_base64() {
    if (pending_.empty()) return;
    if (!decode_base64(pending_, octets_)) context_.malformed = true;
    pending_.clear();
  }

  WordContext& context_;
  std::string charset_, octets_, pending_;
  bool open_ = false;
};

}  // namespace

bool read_encoded_word(std::string_view text, std::size_t begin, EncodedWord& word) {
  if (text.substr(begin, 2) != "=?") return false;
  std::size_t p = begin + 2;
  while (p < text.size() && p - begin < kCharsetName && text[p] > ' ' && text[p] < 127 && text[p] != '?' &&
         text[p] != '=')
    ++p;
  if (p == begin + 2 || p + 2 >= text.size() || text[p] != '?' || text[p + 2] != '?') return false;
  word.charset = text.substr(begin + 2, p - begin - 2);
  word.encoding = lower(text[p + 1]);
  if (word.encoding != 'b' && word.encoding != 'q') return false;
  const std::size_t from = p + 3;
  std::size_t end = word_end(text, from, word.encoding);
  if (end == std::string_view::npos) {
    // Cut off: what is left is the word, if it looks like one.
    end = from;
    while (end < text.size() && !is_space(text[end]) && text[end] != '?' && text[end] != '"' &&
           end - from < kWordOctets)
      ++end;
    const std::size_t rest = end < text.size() && text[end] == '?' ? end + 1 : end;
    if (rest != text.size()) return false;
    word.text = text.substr(from, end - from);
    word.end = rest;
    return true;
  }
  word.text = text.substr(from, end - from);
  // A word never reaches into the next one: "=?" inside means that this one was cut off.
  const std::size_t next = word.text.find("=?");
  if (next != std::string_view::npos && word.encoding == 'b') {
    word.text = trimmed(word.text.substr(0, next));
    word.end = from + next;
    return true;
  }
  word.end = end + 2;
  return true;
}

std::string on_one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  const std::size_t last = text.find_last_not_of(' ');
  return first == 0 && last + 1 == text.size() ? std::move(text) : text.substr(first, last + 1 - first);
}

namespace {

bool is_japanese(std::string_view charset) {
  return begins_with(charset, "iso-2022-jp") || begins_with(charset, "shift_jis") ||
         begins_with(charset, "sjis") || begins_with(charset, "euc-jp") || begins_with(charset, "x-sjis") ||
         begins_with(charset, "cp932") || begins_with(charset, "windows-31j") ||
         begins_with(charset, "x-euc-jp");
}

// Raw 8-bit text beside a body whose charset is known; empty when that does not fit. A Japanese sender's
// header may be in another Japanese charset than his body.
std::string decode_by_body(std::string_view octets, std::string_view charset) {
  if (is_japanese(charset)) {
    text::Text euc = text::decode_word(octets, "euc-jp");
    text::Text sjis = text::decode_word(octets, "shift_jis");
    const bool is_euc = euc.findings.empty(), is_sjis = sjis.findings.empty();
    if (is_euc != is_sjis) return is_euc ? std::move(euc.utf8) : std::move(sjis.utf8);
    return {};  // both fit: let the kana decide
  }
  text::Text decoded = text::decode_word(octets, charset);
  return undecodable(decoded) ? std::string() : std::move(decoded.utf8);
}

}  // namespace

std::string decode_raw(std::string_view octets, std::string_view charset, WordContext& context) {
  if (charset.empty() && !context.fallback_charset.empty() && has_eight_bit(octets) && !is_utf8(octets)) {
    std::string text = decode_by_body(octets, context.fallback_charset);
    if (!text.empty()) return text;
  }
  text::Text decoded = text::decode_word(octets, charset);
  if (undecodable(decoded)) context.undecodable = true;
  return std::move(decoded.utf8);
}

std::string decode_header_text(std::string_view raw, WordContext& context) {
  const std::string text = without_folds(raw.substr(0, limits::kCleanHeaderText * 2));
  std::string out;
  Run run(context);
  std::size_t plain = 0, p = 0;
  bool after_word = false;
  const auto take_plain = [&](std::size_t end, bool word_follows) {
    const std::string_view between = std::string_view(text).substr(plain, end - plain);
    if (after_word && word_follows && trimmed(between).empty()) return;  // space between words is not shown
    if (between.empty()) return;
    run.flush(out);
    out += decode_raw(between, {}, context);
  };
  while (p < text.size()) {
    p = text.find("=?", p);
    if (p == std::string::npos) break;
    if (context.words_left == 0) {
      context.malformed = true;
      break;
    }
    --context.words_left;  // attempts count: a failed one has looked at up to kWordOctets
    EncodedWord word;
    if (!read_encoded_word(text, p, word)) {
      p += 2;
      continue;
    }
    take_plain(p, true);
    run.add(word, out);
    p = plain = word.end;
    after_word = true;
  }
  take_plain(text.size(), false);
  run.flush(out);
  out = on_one_line(std::move(out));
  cut_utf8(out, limits::kCleanHeaderText);
  return out;
}

}  // namespace kiyome::sanitizer::mail
