#include "service/review/index/words.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "proto/base/check.h"
#include "proto/base/limits.h"

namespace kiyome::review {
namespace {

constexpr std::size_t kWordLength = 64;  // characters; what is longer is parted

enum class Class : std::uint8_t { none, letter, digit, pair };

bool is_within(UChar32 c, UChar32 first, UChar32 last) { return c >= first && c <= last; }

// Written without spaces between words.
bool is_pair_script(UChar32 c) {
  return is_within(c, 0x3041, 0x3096) || is_within(c, 0x309D, 0x309F) || is_within(c, 0x30A1, 0x30FF) ||
         is_within(c, 0x3400, 0x4DBF) || is_within(c, 0x4E00, 0x9FFF) || is_within(c, 0xF900, 0xFAFF) ||
         is_within(c, 0xAC00, 0xD7A3) || is_within(c, 0x20000, 0x3FFFD) || c == 0x3005 || c == 0x3007 ||
         c == 0x3031 || c == 0x303B || is_within(c, 0x0E01, 0x0E4E);
}

Class class_of(UChar32 c) {
  if (c < 0x80) {
    if (c >= '0' && c <= '9') return Class::digit;
    return c >= 'a' && c <= 'z' ? Class::letter : Class::none;
  }
  if (is_pair_script(c)) return c == 0x30FB ? Class::none : Class::pair;  // the middle dot parts words
  if (u_isdigit(c) != 0) return Class::digit;
  return u_isalpha(c) != 0 || u_getCombiningClass(c) != 0 ? Class::letter : Class::none;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The first `max` characters.
std::string_view beginning(std::string_view text, std::size_t max) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (max-- == 0) break;
  }
  return text.substr(0, at);
}

std::string folded(std::string_view text) {
  std::string out;
  if (is_ascii(text)) {
    out = text;
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCCasefoldInstance(status);
  KIYOME_CHECK(U_SUCCESS(status));
  icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
  form->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr,
                      status);
  KIYOME_CHECK(U_SUCCESS(status));
  return out;
}

// Cuts a folded text into words.
class Cutter {
 public:
  // `open_end`: a run of pairs at the end may go on in what is searched, so its last character alone is no
  // word.
  explicit Cutter(bool open_end) : open_end_(open_end) {}

  std::string cut(std::string_view text) {
    const auto* octets = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
      const std::int32_t from = at;
      UChar32 c = 0;
      U8_NEXT(octets, at, size, c);
      take(c < 0 ? Class::none : class_of(c),
           text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(at - from)));
    }
    end_of_run(open_end_);
    return std::move(out_);
  }

 private:
  void take(Class kind, std::string_view character) {
    if (kind != last_ || (kind != Class::pair && length_ == kWordLength)) end_of_run(false);
    last_ = kind;
    if (kind == Class::none) return;
    ++length_;
    if (kind == Class::pair) {
      if (!previous_.empty()) word().append(previous_).append(character);
      previous_ = character;
    } else {
      (length_ == 1 ? word() : out_).append(character);
    }
  }

  void end_of_run(bool open) {
    if (last_ == Class::pair && !(open && length_ > 1)) word().append(previous_);
    previous_ = {};
    length_ = 0;
    last_ = Class::none;
  }

  std::string& word() {
    if (!out_.empty()) out_ += ' ';
    return out_;
  }

  const bool open_end_;
  std::string out_;
  Class last_ = Class::none;
  std::string_view previous_;
  std::size_t length_ = 0;
};

bool is_hex(std::string_view text) {
  return text.size() >= 8 && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// "local@domain.top"; whether there is such a one the index knows.
bool is_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos;
}

// Without what is no letter and no digit at its ends: "（ab12…）".
std::string_view trimmed(std::string_view piece) {
  const auto is_part = [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && class_of(c) != Class::none;
  };
  const auto first = std::find_if(piece.begin(), piece.end(), is_part);
  const auto last = std::find_if(piece.rbegin(), piece.rend(), is_part).base();
  return first < last ? std::string_view(&*first, static_cast<std::size_t>(last - first))
                      : std::string_view();
}

}  // namespace

std::string searchable(std::string_view text, std::size_t max) {
  const std::string plain = folded(beginning(text, max));
  return Cutter(false).cut(plain);
}

std::vector<SearchPiece> search_pieces(std::string_view text) {
  const std::string plain = folded(beginning(text, limits::kReviewQuery));
  std::vector<SearchPiece> out;
  std::string_view rest = plain;
  while (!rest.empty() && out.size() < limits::kReviewTerms) {
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n"), rest.size());
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    SearchPiece one{Cutter(true).cut(piece), {}, {}};
    if (const std::string_view hex = trimmed(piece); is_hex(hex)) one.hex = hex;
    if (const std::string_view address = trimmed(piece); is_address(address)) one.address = address;
    if (!one.words.empty()) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace kiyome::review
