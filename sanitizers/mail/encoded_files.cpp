// Files that stand encoded in the lines of a text: uuencode and begin-base64 (POSIX), yEnc 1.3, BinHex 4.0,
// xxencode. A begin line counts only when what follows it is encoded, so that prose about such files stays
// prose. Each line is read once by the search and once by the decoder of its block.
#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/transfer.h"

namespace kiyome::sanitizer::mail {

// In binhex.cpp. Octets between the colons → name and data fork, at most `room` octets; false when damaged.
bool decode_binhex(std::string_view encoded, std::size_t room, Enclosed& file);

namespace {

struct Lines {
  std::string_view text;
  std::size_t at = 0;

  bool done() const { return at >= text.size(); }
  // The next line without its end; `at` moves behind it. A very long line comes in pieces.
  std::string_view next() {
    const Line line = line_at(text, at);
    at = line.next;
    return text.substr(line.begin, line.end - line.begin);
  }
};

std::string_view without_trailing_space(std::string_view line) {
  while (!line.empty() && is_wsp(line.back())) line.remove_suffix(1);
  return line;
}

bool is_uu(char c) { return c >= ' ' && c <= '`'; }
unsigned uu_value(char c) { return (static_cast<unsigned char>(c) - 32u) & 63u; }

constexpr std::string_view kXx = "+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// A data line of uuencode: length, then groups of four. Some writers leave out trailing blanks (which are
// zeros), some add a checksum character.
bool is_uu_line(std::string_view line) {
  if (line.empty() || !is_uu(line[0]) || line.size() > 90) return false;
  const std::size_t octets = uu_value(line[0]);
  const std::size_t whole = 1 + (octets + 2) / 3 * 4;
  return line.size() <= whole + 2 && std::all_of(line.begin(), line.end(), is_uu);
}

// The first line of a block must hold half of what it says at least: prose in capitals should not begin a
// file.
bool is_first_uu_line(std::string_view line) {
  if (!is_uu_line(line)) return false;
  const std::size_t octets = uu_value(line[0]);
  return octets == 0 ? line.size() <= 2 : line.size() * 2 >= 1 + (octets + 2) / 3 * 4;
}

void decode_uu_line(std::string_view line, std::string& out) {
  const std::size_t octets = uu_value(line[0]);
  const auto value = [&](std::size_t i) { return 1 + i < line.size() ? uu_value(line[1 + i]) : 0u; };
  for (std::size_t i = 0, given = 0; given < octets; i += 4) {
    const unsigned group = value(i) << 18 | value(i + 1) << 12 | value(i + 2) << 6 | value(i + 3);
    for (int shift = 16; shift >= 0 && given < octets; shift -= 8, ++given)
      out += static_cast<char>(group >> shift & 255);
  }
}

bool is_xx_line(std::string_view line) {
  if (line.size() < 2 || line.size() > 90) return false;
  const std::size_t octets = kXx.find(line[0]);
  if (octets == std::string_view::npos || octets == 0) return false;
  const std::size_t whole = 1 + (octets + 2) / 3 * 4;
  return line.size() >= whole && line.size() <= whole + 1 &&
         line.find_first_not_of(kXx) == std::string_view::npos;
}

// "begin 644 name": three to five octal digits; the name may be missing. Result: false when it is no such
// line.
bool begin_name(std::string_view line, std::string_view word, std::string& name) {
  if (line.substr(0, word.size()) != word) return false;
  line.remove_prefix(word.size());
  std::size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '7') ++digits;
  if (digits < 3 || digits > 5 || (digits < line.size() && line[digits] != ' ')) return false;
  name = trimmed(line.substr(digits)).substr(0, limits::kCleanName);
  return true;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<InText> run() {
    Lines lines{text_};
    while (!lines.done() && found_.size() <= limits::kMailEncodedFiles) {
      const std::size_t begin = lines.at;
      const std::string_view line = lines.next();
      if (line.empty()) continue;
      const bool known = (line[0] == 'b' && begin_line(line, begin, lines.at)) ||
                         (line[0] == '=' && yenc(line, begin, lines.at)) ||
                         (line[0] == '(' && binhex(line, begin, lines.at));
      if (known) lines.at = found_.back().end;
    }
    return std::move(found_);
  }

 private:
  bool add(const char* kind, std::size_t begin, std::size_t end, Enclosed file, bool damaged) {
    room_ -= std::min(room_, file.owned.size());
    found_.push_back({begin, end, std::move(file), kind, damaged});
    return true;
  }

  bool begin_line(std::string_view line, std::size_t begin, std::size_t behind) {
    Enclosed file;
    if (begin_name(line, "begin-base64 ", file.name)) return base64(std::move(file), begin, behind);
    if (!begin_name(line, "begin ", file.name)) return false;
    Lines lines{text_, behind};
    const std::string_view first = lines.done() ? std::string_view() : lines.next();
    if (is_first_uu_line(first)) return uuencode(std::move(file), begin, behind);
    if (without_trailing_space(first) == "end")
      return add("uuencode", begin, lines.at, std::move(file), false);
    if (is_xx_line(without_trailing_space(first))) return xxencode(std::move(file), begin, behind);
    return false;
  }

  bool uuencode(Enclosed file, std::size_t begin, std::size_t behind) {
    Lines lines{text_, behind};
    std::size_t end = behind;
    bool full = false;
    while (!lines.done()) {
      const std::string_view line = lines.next();
      const std::string_view bare = without_trailing_space(line);
      if (bare == "end") return add("uuencode", begin, lines.at, std::move(file), full);
      if (bare.empty()) continue;  // the line of length 0 as a gateway leaves it
      if (!is_uu_line(line)) break;
      full = full || file.owned.size() >= room_;
      if (!full) decode_uu_line(line, file.owned);
      end = lines.at;
    }
    return add("uuencode", begin, end, std::move(file), true);
  }

  bool base64(Enclosed file, std::size_t begin, std::size_t behind) {
    Lines lines{text_, behind};
    std::size_t end = behind;
    while (!lines.done()) {
      const std::size_t at = lines.at;
      const std::string_view line = without_trailing_space(lines.next());
      if (line == "====") {
        const bool whole = decode_base64(text_.substr(behind, at - behind), file.owned);
        return add("uuencode", begin, lines.at, std::move(file), !whole);
      }
      const bool data = !line.empty() && std::all_of(line.begin(), line.end(), [](char c) {
        return is_alnum(c) || c == '+' || c == '/' || c == '=';
      });
      if (!data) break;
      end = lines.at;
    }
    if (end == behind) return false;
    decode_base64(text_.substr(behind, end - behind), file.owned);
    return add("uuencode", begin, end, std::move(file), true);
  }

  // Listed, not decoded: nobody has sent one for decades, and nobody's reader opens it.
  bool xxencode(Enclosed file, std::size_t begin, std::size_t behind) {
    Lines lines{text_, behind};
    std::size_t end = behind;
    bool whole = false;
    while (!lines.done() && !whole) {
      const std::string_view line = without_trailing_space(lines.next());
      whole = line == "end";
      if (!whole && !is_xx_line(line) && line != "+") break;
      end = lines.at;
    }
    file.octets = text_.substr(behind, end - behind);
    return add("xxencode", begin, end, std::move(file), !whole);
  }

  bool yenc(std::string_view line, std::size_t begin, std::size_t behind) {
    const std::size_t name = line.find(" name=");
    if (line.substr(0, 8) != "=ybegin " || name == std::string_view::npos ||
        line.find(" line=") == std::string_view::npos)
      return false;
    Enclosed file;
    file.name = std::string(trimmed(line.substr(name + 6)).substr(0, limits::kCleanName));
    Lines lines{text_, behind};
    bool whole = false;
    while (!lines.done() && !whole) {
      const std::string_view data = lines.next();
      whole = data.substr(0, 6) == "=yend " || data == "=yend";
      if (!whole && data.substr(0, 7) != "=ypart ") decode_yenc(data, file.owned);
    }
    return add("yenc", begin, lines.at, std::move(file), !whole);
  }

  static void decode_yenc(std::string_view line, std::string& out) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      auto c = static_cast<unsigned char>(line[i]);
      if (line[i] == '=' && i + 1 < line.size()) c = static_cast<unsigned char>(line[++i] - 64);
      out += static_cast<char>(c - 42);
    }
  }

  bool binhex(std::string_view line, std::size_t begin, std::size_t behind) {
    if (line.substr(0, 39) != "(This file must be converted with BinHe") return false;
    Lines lines{text_, behind};
    while (!lines.done()) {  // blank lines, then the colon
      const std::size_t at = lines.at;
      const std::string_view data = lines.next();
      if (trimmed(data).empty()) continue;
      if (data[0] != ':') return false;
      return binhex_data(begin, at + 1);
    }
    return false;
  }

  bool binhex_data(std::size_t begin, std::size_t first) {
    const std::size_t colon = text_.find(':', first);
    const std::size_t stop = colon == std::string_view::npos ? text_.size() : colon;
    Enclosed file;
    const bool whole =
        decode_binhex(text_.substr(first, stop - first), room_, file) && colon != std::string_view::npos;
    Lines lines{text_, std::min(stop + 1, text_.size())};
    if (!lines.done()) lines.next();  // the rest of the colon's line
    return add("binhex", begin, lines.at, std::move(file), !whole);
  }

  std::string_view text_;
  // Octets that all files together may still take: a line of uuencode without its blanks, or a run of BinHex,
  // gives many times what it is.
  std::size_t room_ = limits::kMailDecoded + text_.size();
  std::vector<InText> found_;
};

}  // namespace

std::vector<InText> find_encoded_files(std::string_view text) { return Finder(text).run(); }

}  // namespace kiyome::sanitizer::mail
