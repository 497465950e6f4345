// ISO-2022-JP as it is really sent (RFC 1468, RFC 2237, RFC 1554, CP50220–50222, ISO-2022-JP-3 and -2004):
// one walk over the octets that knows which set is designated. A line end returns to ASCII, as every reader
// of such mail assumes; but where a server broke a line of kanji because it was too long, the kanji go on.
#include <algorithm>
#include <cstdint>
#include <string>

#include "sanitizers/text/charset.h"
#include "sanitizers/text/charset_tables.h"
#include "sanitizers/text/converters.h"
#include "sanitizers/text/japanese.h"

namespace kiyome::sanitizer::text {
namespace {

using U8 = unsigned char;

enum class Set : std::uint8_t { ascii, kana, x0208, x0212, x0213_1, x0213_2, gb2312, ksx1001 };

struct Escape {
  std::string_view after_esc;
  Set set;
};
// The two of every Japanese mail first; none begins another.
constexpr Escape kEscapes[] = {
    {"$B", Set::x0208},       {"(B", Set::ascii},    {"(J", Set::ascii},    {"$@", Set::x0208},
    {"$(D", Set::x0212},      {"$(O", Set::x0213_1}, {"$(Q", Set::x0213_1}, {"$(P", Set::x0213_2},
    {"$(B", Set::x0208},      {"$(@", Set::x0208},   {"$(C", Set::ksx1001}, {"$(A", Set::gb2312},
    {"&@\x1b$B", Set::x0208}, {"$A", Set::gb2312},   {"(H", Set::ascii},    {"(I", Set::kana},
};

std::uint8_t multi_octet_index(std::string_view name) { return charset_of(name).index; }

class Walk {
 public:
  Walk(std::string_view octets, CleanWriter& out) : s_(octets), out_(out) {}

  bool run() {
    while (at_ < s_.size()) step();
    return foreign_;
  }

 private:
  void step();
  void escape();
  void foreign_run();
  void pair();
  void run_of_pairs(std::string_view charset, unsigned planes);
  bool is_line_end(std::size_t i) const { return i < s_.size() && (s_[i] == '\r' || s_[i] == '\n'); }
  void line_end();
  void break_in_pair();
  std::size_t behind_line_end(std::size_t at) const;
  bool kanji_go_on(std::size_t from);
  bool two_octet() const { return set_ >= Set::x0208; }
  U8 octet(std::size_t i) const { return static_cast<U8>(s_[i]); }
  bool in_set(std::size_t i) const {
    const U8 c = i < s_.size() ? octet(i) & 0x7f : 0;
    return c >= 0x21 && c <= 0x7e;
  }

  std::string_view s_;
  CleanWriter& out_;
  std::size_t at_ = 0;
  Set set_ = Set::ascii;
  std::size_t go_on_until_ = 0;  // the escape up to which line ends are known to stand within kanji
  bool shifted_out_ = false;
  bool foreign_ = false;
};

void Walk::step() {
  const U8 c = octet(at_);
  if (c == 0x1b) {
    escape();
  } else if (c == 0x0e || c == 0x0f) {
    shifted_out_ = c == 0x0e;
    ++at_;
  } else if (c == '\r' || c == '\n') {
    line_end();
  } else if (c <= 0x20 || c == 0x7f) {
    out_.put(c);
    ++at_;
  } else if (two_octet() && !shifted_out_) {
    pair();
  } else if ((set_ == Set::kana || shifted_out_) && (c & 0x7f) >= 0x21 && (c & 0x7f) <= 0x5f) {
    out_.put(0xff61 + (c & 0x7f) - 0x21u);
    ++at_;
  } else if (c >= 0x80) {
    foreign_run();
  } else if (shifted_out_ || set_ != Set::ascii) {
    out_.put(c);
    ++at_;
  } else {
    constexpr std::size_t kAtOnce = 4096;  // a look ahead that many short lines do not make long
    const std::string_view ahead = s_.substr(at_, kAtOnce);
    const std::size_t n = plain_prefix(ahead.substr(0, ahead.find('\n')));  // `c` at least
    out_.utf8(ahead.substr(0, n));
    at_ += n;
  }
}

// Behind a line end at `at`, and the blank that folding may have put there.
std::size_t Walk::behind_line_end(std::size_t at) const {
  at += s_.substr(at).starts_with("\r\n") ? 2 : 1;
  if (at < s_.size() && (s_[at] == ' ' || s_[at] == '\t')) ++at;
  return at;
}

// Whether pairs of JIS X 0208 run from `from`, over line ends, to the escape that ends them. Each octet
// between two escapes is looked at once: where it says no, the set is ASCII until the next escape.
bool Walk::kanji_go_on(std::size_t from) {
  if (set_ != Set::x0208 || shifted_out_) return false;
  if (from < go_on_until_) return true;
  std::size_t at = from;
  unsigned lead = 0;
  while (at < s_.size() && s_[at] != '\x1b') {
    if (is_line_end(at)) {
      at = behind_line_end(at);
      continue;
    }
    const unsigned c = octet(at++);
    if (c < 0x21 || c > 0x7e) return false;
    if (lead != 0 && tables::kCp932[(lead - 0x21) * 94 + (c - 0x21)] == 0) return false;
    lead = lead == 0 ? c : 0;
  }
  if (lead != 0 || !s_.substr(std::min(at, s_.size())).starts_with("\x1b(")) return false;
  go_on_until_ = at;
  return true;
}

void Walk::line_end() {
  const std::size_t next = behind_line_end(at_);
  const bool go_on = two_octet() && kanji_go_on(next);
  if (!go_on) {
    set_ = Set::ascii;
    shifted_out_ = false;
    out_.put(octet(at_++));
    return;
  }
  out_.put('\n');
  at_ = next;
}

// A line end between the two octets of a character.
void Walk::break_in_pair() {
  std::size_t next = at_ + 1;
  while (is_line_end(next)) next = behind_line_end(next);
  const unsigned cell = (octet(at_) - 0x21u) * 94 + (octet(next) - 0x21u);
  out_.put(tables::kCp932[cell]);
  out_.put('\n');
  at_ = next + 1;
}

void Walk::escape() {
  const std::string_view rest = s_.substr(at_ + 1);
  for (const Escape& one : kEscapes) {
    if (!rest.starts_with(one.after_esc)) continue;
    set_ = one.set;
    at_ += 1 + one.after_esc.size();
    return;
  }
  // Another designation (ESC intermediates final) or a stray ESC: what follows ESC ( or ESC $ is no text.
  ++at_;
  std::size_t intermediates = 0;
  while (intermediates < 2 && intermediates < rest.size() && rest[intermediates] >= 0x21 &&
         rest[intermediates] <= 0x2f)
    ++intermediates;
  if (intermediates == 0 || intermediates >= rest.size() || rest[intermediates] < 0x30) return;
  at_ += intermediates + 1;
  set_ = Set::ascii;
}

// 8-bit octets among the 7-bit: kana of JIS8 (which are CP932 too), or a line someone pasted in another
// encoding.
void Walk::foreign_run() {
  std::size_t end = at_;
  while (end < s_.size() && s_[end] != '\x1b' && s_[end] != '\n' && s_[end] != '\r') ++end;
  const std::string_view run = s_.substr(at_, end - at_);
  const Utf8Shape utf8 = utf8_shape(run);
  if (utf8.invalid == 0 && utf8.sequences > 0)
    out_.utf8(run);
  else
    decode_cp932(run, out_);
  foreign_ = true;
  at_ = end;
}

void Walk::pair() {
  switch (set_) {
    case Set::x0213_1:
      return run_of_pairs("euc-jisx0213", 1);
    case Set::x0213_2:
      return run_of_pairs("euc-jisx0213", 2);
    case Set::gb2312:
      return run_of_pairs("gb2312", 1);
    case Set::ksx1001:
      return run_of_pairs("euc-kr", 1);
    default:
      break;
  }
  if (!in_set(at_) || !in_set(at_ + 1)) {  // half a character before an escape, a line end or the end
    if (set_ == Set::x0208 && in_set(at_) && is_line_end(at_ + 1) && kanji_go_on(at_)) return break_in_pair();
    out_.bad();
    ++at_;
    return;
  }
  const char16_t* const table = set_ == Set::x0212 ? tables::kJisX0212 : tables::kCp932;
  do {
    const unsigned cell = ((octet(at_) & 0x7fu) - 0x21u) * 94 + ((octet(at_ + 1) & 0x7fu) - 0x21u);
    if (table[cell] == 0)
      out_.bad();
    else
      out_.put(table[cell]);
    at_ += 2;
  } while (in_set(at_) && in_set(at_ + 1));
}

// The rare sets: collects the run of pairs, says it in the EUC of that set, and lets the converter do the
// rest.
void Walk::run_of_pairs(std::string_view charset, unsigned planes) {
  std::string euc;
  while (in_set(at_) && in_set(at_ + 1)) {
    if (planes == 2) euc += '\x8f';
    euc += static_cast<char>(s_[at_] | 0x80);
    euc += static_cast<char>(s_[at_ + 1] | 0x80);
    at_ += 2;
  }
  if (euc.empty()) {
    out_.bad();
    ++at_;
  } else {
    decode_multi_octet(multi_octet_index(charset), euc, out_);
  }
}

}  // namespace

void decode_iso2022jp(std::string_view octets, CleanWriter& out, bool& foreign) {
  foreign = Walk(octets, out).run();
}

}  // namespace kiyome::sanitizer::text
