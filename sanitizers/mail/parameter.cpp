// See parameter.h. One pass over the field; every look ahead is short and bounded.
#include "sanitizers/mail/parameter.h"

#include <algorithm>
#include <map>

#include "proto/base/limits.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::size_t kParameters = 256;  // of one field
constexpr std::size_t kParameterName = 64;
constexpr std::size_t kBoundaryReadings = 16;  // of one field; one parameter has up to six
constexpr std::size_t kDoubleRun = 1024;       // of one ISO-2022-JP shift; a file name is shorter
constexpr char kEscape = '\x1B';

bool is_type_char(char c) {
  return c > ' ' && c != ';' && c != '/' && c != '(' && c != '"' && c != '=' && c != ',';
}

class FieldReader {
 public:
  explicit FieldReader(std::string_view s) : s_(s), shift_jis_(has_eight_bit(s) && !is_utf8(s)) {}

  Parameterized read() {
    read_value();
    while (i_ < s_.size() && out_.parameters.size() < kParameters) {
      const std::size_t before = i_;
      skip_space();
      if (i_ < s_.size() && (s_[i_] == ';' || s_[i_] == ',')) {
        ++i_;
        continue;
      }
      read_parameter();
      if (i_ == before) ++i_;
    }
    out_.too_many = i_ < s_.size();
    return std::move(out_);
  }

 private:
  // White space, comments (nested, with quoted pairs), line ends.
  void skip_space() {
    int depth = 0;
    while (i_ < s_.size()) {
      const char c = s_[i_];
      if (depth > 0 && c == '\\') ++i_;
      if (c == '(') ++depth;
      if (depth == 0 && !is_space(c) && c != '\0') return;
      if (c == ')' && depth > 0) --depth;
      ++i_;
    }
    i_ = s_.size();
  }

  std::string token() {
    std::string out;
    while (i_ < s_.size() && is_type_char(s_[i_]) && out.size() < 256) out += lower(s_[i_++]);
    return out;
  }

  void read_value() {
    skip_space();
    const bool quoted = i_ < s_.size() && s_[i_] == '"';
    if (quoted) ++i_;
    const std::size_t begin = i_;
    std::string first = token();
    skip_space();
    if (i_ < s_.size() && s_[i_] == '=') {  // the value is missing, this is a parameter already
      i_ = begin;
      return;
    }
    if (i_ < s_.size() && s_[i_] == '/') {
      ++i_;
      skip_space();
      first += '/';
      first += token();
    }
    if (quoted && i_ < s_.size() && s_[i_] == '"') ++i_;
    out_.value = std::move(first);
  }

  void read_parameter() {
    std::string name;
    while (i_ < s_.size() && is_type_char(s_[i_]) && name.size() < kParameterName) name += lower(s_[i_++]);
    skip_space();
    if (i_ >= s_.size() || s_[i_] != '=') return;
    ++i_;
    while (i_ < s_.size() && is_space(s_[i_])) ++i_;
    const bool human = name.compare(0, 4, "name") == 0 || name.compare(0, 8, "filename") == 0;
    Parameter parameter;
    parameter.literal = literal();
    if (i_ < s_.size() && s_[i_] == '"')
      parameter.value = quoted();
    else
      parameter.value = unquoted(human);
    parameter.name = std::move(name);
    out_.parameters.push_back(std::move(parameter));
  }

  // As written up to the next semicolon; for boundaries only, which are short.
  std::string literal() const {
    std::string out;
    for (std::size_t p = i_; p < s_.size() && s_[p] != ';' && out.size() < limits::kMailBoundary; ++p)
      if (!is_line_end(s_[p])) out += s_[p];
    return std::string(trimmed(out));
  }

  // Whether "name=" begins at p: then a closing quote or a space before it ended a value without a semicolon.
  bool parameter_at(std::size_t p) const {
    const std::size_t begin = p;
    while (p < s_.size() && p - begin < kParameterName && (is_alnum(s_[p]) || s_[p] == '-' || s_[p] == '*'))
      ++p;
    return p > begin && p + 1 < s_.size() && s_[p] == '=' && s_[p + 1] != '?' && s_[p + 1] != '=';
  }

  bool closes(std::size_t quote) const {
    std::size_t p = quote + 1;
    const bool spaced = p < s_.size() && is_space(s_[p]);
    while (p < s_.size() && is_space(s_[p])) ++p;
    if (p >= s_.size() || s_[p] == ';' || s_[p] == ',') return true;
    return spaced && (s_[p] == '(' || parameter_at(p));
  }

  // Characters of two octets, whose second octet may look like a quote or a backslash. Result: octets taken.
  std::size_t take_double(std::string& out) {
    if (s_[i_] == kEscape && i_ + 1 < s_.size() && s_[i_ + 1] == '$') {
      const std::string_view near = s_.substr(i_, kDoubleRun);
      const std::size_t end = near.find("\x1B(");
      if (end == std::string_view::npos || end + 2 >= near.size()) return 0;
      const std::string_view run = near.substr(0, end + 3);
      if (run.find('\n') != std::string_view::npos) return 0;
      out.append(run);
      return run.size();
    }
    const auto c = static_cast<unsigned char>(s_[i_]);
    const bool lead = (c >= 0x81 && c <= 0x9F) || (c >= 0xE0 && c <= 0xFC);
    if (shift_jis_ && lead && i_ + 1 < s_.size() && s_[i_ + 1] >= 0x40 && s_[i_ + 1] < 0x7F) {
      out.append(s_.substr(i_, 2));
      return 2;
    }
    return 0;
  }

  std::string quoted() {
    std::string out;
    ++i_;
    while (i_ < s_.size()) {
      const std::size_t taken = take_double(out);
      if (taken > 0) {
        i_ += taken;
        continue;
      }
      const char c = s_[i_];
      if (c == '"' && closes(i_)) {
        ++i_;
        return out;
      }
      if (c == '\\' && i_ + 1 < s_.size() && (s_[i_ + 1] == '"' || s_[i_ + 1] == '\\')) {
        // `\"` at the very end of the value: the backslash belongs to the name (C:\), the quote closes.
        out += s_[++i_];
      } else if (is_line_end(c)) {
        // folded: the white space after it stays
      } else {
        out += c == '\t' ? ' ' : c;
      }
      ++i_;
    }
    return std::string(trimmed(out));  // no closing quote
  }

  std::string unquoted(bool human) {
    std::string out;
    while (i_ < s_.size() && s_[i_] != ';') {
      const std::size_t taken = take_double(out);
      if (taken > 0) {
        i_ += taken;
        continue;
      }
      const char c = s_[i_];
      if (is_space(c)) {
        std::size_t p = i_;
        while (p < s_.size() && is_space(s_[p])) ++p;
        if (p >= s_.size() || parameter_at(p) || !human) break;
        out += ' ';
        i_ = p;
        continue;
      }
      if (c == '(' && !human) break;
      out += c;
      ++i_;
    }
    if (!human) {
      while (i_ < s_.size() && s_[i_] != ';' && !(is_space(s_[i_]) && parameter_at(i_ + 1))) ++i_;
    }
    return std::string(trimmed(out));
  }

  std::string_view s_;
  bool shift_jis_;
  std::size_t i_ = 0;
  Parameterized out_;
};

std::string percent_decoded(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
      i += 2;
    } else {
      out += s[i];
    }
  }
  return out;
}

// charset'language'value; false when there are no two apostrophes behind something like a charset.
bool split_extended(std::string_view s, std::string& charset, std::string_view& value) {
  const std::size_t first = s.find('\'');
  if (first == std::string_view::npos || first > kParameterName) return false;
  const std::size_t second = s.find('\'', first + 1);
  if (second == std::string_view::npos || second - first > kParameterName) return false;
  for (const char c : s.substr(0, first))
    if (!is_alnum(c) && c != '-' && c != '_' && c != '.' && c != ':') return false;
  charset = lowered(s.substr(0, first));
  value = s.substr(second + 1);
  return true;
}

struct Extended {
  bool present = false;
  std::string octets, charset;
};

// Joins name*, name*0, name*0*, … in the order of their numbers; a missing number is passed over.
Extended read_extended(const Parameterized& field, std::string_view name) {
  struct Segment {
    bool percent;
    std::string_view value;
  };
  std::map<unsigned, Segment> segments;
  for (const Parameter& p : field.parameters) {
    if (p.name.size() <= name.size() + 0 || p.name.compare(0, name.size(), name) != 0 ||
        p.name[name.size()] != '*')
      continue;
    std::string_view rest = std::string_view(p.name).substr(name.size() + 1);
    bool percent = rest.empty();
    if (!rest.empty() && rest.back() == '*') {
      percent = true;
      rest.remove_suffix(1);
    }
    unsigned number = 0;
    bool numeric = rest.size() <= 4;
    for (const char c : rest) {
      numeric = numeric && is_digit(c);
      number = number * 10 + static_cast<unsigned>(is_digit(c) ? c - '0' : 0);
    }
    if (numeric) segments.try_emplace(number, Segment{percent, p.value});
  }
  Extended out;
  std::string run;  // segments in percent form, joined before they are decoded: some senders cut within %XX
  const auto decode_run = [&] {
    out.octets += percent_decoded(run);
    run.clear();
  };
  for (const auto& [number, segment] : segments) {
    std::string_view value = segment.value;
    if (!out.present && segment.percent) split_extended(value, out.charset, value);
    out.present = true;
    if (segment.percent) {
      run += value;
      continue;
    }
    decode_run();
    out.octets += value;
  }
  decode_run();
  return out;
}

const Parameter* find_plain(const Parameterized& field, std::string_view name) {
  for (const Parameter& p : field.parameters)
    if (p.name == name && !p.value.empty()) return &p;
  return nullptr;
}

std::string extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : lowered(name.substr(dot));
}

std::string decode_plain(std::string_view value, WordContext& context) {
  if (value.find("=?") != std::string_view::npos) return decode_header_text(value, context);
  std::string charset;
  std::string_view rest;
  // RFC 2231 form in a plain parameter, and names encoded as in a URL.
  if (value.find('%') != std::string_view::npos && !has_eight_bit(value)) {
    if (split_extended(value, charset, rest))
      return on_one_line(decode_raw(percent_decoded(rest), charset, context));
    const std::string url = percent_decoded(value);
    if (has_eight_bit(url) && is_utf8(url)) return on_one_line(decode_raw(url, "utf-8", context));
  }
  return on_one_line(decode_raw(value, {}, context));
}

// The readings of a boundary, each once.
struct Readings {
  std::vector<std::string> all;
  bool too_many = false;

  void add(std::string_view reading) {
    reading = reading.substr(0, limits::kMailBoundary);
    while (!reading.empty() && is_space(reading.back())) reading.remove_suffix(1);
    if (reading.empty() || std::find(all.begin(), all.end(), reading) != all.end()) return;
    if (all.size() < kBoundaryReadings)
      all.emplace_back(reading);
    else
      too_many = true;
  }
  // As it stands; and decoded, when it is an encoded word (RFC 2047 forbids it there, some readers do it).
  void add_value(std::string_view value) {
    add(value);
    if (value.find("=?") == std::string_view::npos) return;
    WordContext context;
    add(decode_header_text(value, context));
  }
};

}  // namespace

Parameterized read_parameterized(std::string_view field_value) { return FieldReader(field_value).read(); }

std::string parameter_octets(const Parameterized& field, std::string_view lower_name) {
  if (const Parameter* plain = find_plain(field, lower_name)) return plain->value;
  return read_extended(field, lower_name).octets;
}

std::vector<std::string> boundary_readings(const Parameterized& field, bool& too_many) {
  Readings out;
  const Extended extended = read_extended(field, "boundary");
  for (const Parameter& p : field.parameters)
    if (p.name == "boundary") out.add_value(p.value);
  if (extended.present) out.add_value(extended.octets);
  for (const Parameter& p : field.parameters) {
    if (p.name.compare(0, 8, "boundary") != 0) continue;
    out.add(p.value);
    std::string_view literal = p.literal;
    if (literal == "\"\"") continue;
    out.add(literal);
    if (!literal.empty() && literal.front() == '"') {
      literal.remove_prefix(1);
      out.add(literal.substr(0, literal.find('"')));
      if (!literal.empty() && literal.back() == '"') out.add(literal.substr(0, literal.size() - 1));
    }
    out.add(literal.substr(0, literal.find_first_of(" \t(")));
  }
  too_many = too_many || out.too_many;
  return std::move(out.all);
}

DecodedParameter decode_parameter(const Parameterized& field, std::string_view lower_name,
                                  WordContext& context) {
  DecodedParameter out;
  const Parameter* plain = find_plain(field, lower_name);
  const Extended extended = read_extended(field, lower_name);
  std::string plain_text, extended_text;
  bool plain_bad = false, extended_bad = false;
  if (plain != nullptr) {
    WordContext own = context;
    own.undecodable = false;
    plain_text = decode_plain(plain->value, own);
    plain_bad = own.undecodable;
    context.words_left = own.words_left;
  }
  if (extended.present) {
    WordContext own = context;
    own.undecodable = false;
    extended_text = extended.charset.empty()
                        ? decode_plain(extended.octets, own)
                        : on_one_line(decode_raw(extended.octets, extended.charset, own));
    extended_bad = own.undecodable;
    context.words_left = own.words_left;
  }
  const bool use_extended = !extended_text.empty() && (!extended_bad || plain_text.empty());
  out.text = use_extended ? extended_text : plain_text;
  if (use_extended ? extended_bad : plain_bad) context.undecodable = true;
  if (!plain_text.empty() && !extended_text.empty() && plain_text != extended_text) {
    // A plain name that only stands in for characters ASCII lacks is no contradiction.
    out.differs = extension_of(plain_text) != extension_of(extended_text) ||
                  (!plain_bad && !extended_bad && has_eight_bit(plain_text)) || !has_eight_bit(extended_text);
  }
  cut_utf8(out.text, limits::kCleanName);
  return out;
}

}  // namespace kiyome::sanitizer::mail
