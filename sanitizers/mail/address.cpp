// See address.h. First the value becomes tokens (words, quoted strings, comments, brackets), then each run of
// tokens between separators becomes one address: the bracketed one, else the token with an "@", else a name
// alone.
#include "sanitizers/mail/address.h"

#include <cstdint>

#include "proto/base/limits.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::size_t kDoubleRun = 1024;  // of one ISO-2022-JP shift
constexpr std::size_t kAddressOctets = 998;
constexpr unsigned kUnbalanced = 100;  // quotes and parentheses of one field that are tried and close nothing

struct Token {
  enum class Kind : std::uint8_t { word, quoted, comment, encoded, bracketed } kind = Kind::word;
  std::string octets;   // without quotes, parentheses or brackets; quoted pairs resolved
  bool spaced = false;  // white space stood before it
};

class FieldReader {
 public:
  FieldReader(std::string_view s, WordContext& context, std::vector<clean::Address>& out)
      : s_(s), context_(context), out_(out), shift_jis_(has_eight_bit(s) && !is_utf8(s)) {}

  bool read() {
    bool spaced = false;
    while (i_ < s_.size() && !full_) {
      const char c = s_[i_];
      if (is_space(c) || c == '\0') {
        spaced = true;
        ++i_;
        continue;
      }
      if (c == ',' || c == ';') {
        finish_mailbox();
        if (c == ';') end_group();
        ++i_;
      } else if (c == '"' && closes_nothing()) {
        good_ = false;
        ++i_;
        continue;
      } else if (c == ':' && group_begins()) {
        begin_group();
        ++i_;
      } else {
        read_token(spaced);
      }
      spaced = false;
    }
    finish_mailbox();
    end_group();
    return good_;
  }

 private:
  void read_token(bool spaced) {
    Token token;
    token.spaced = spaced;
    const char c = s_[i_];
    EncodedWord word;
    if (c == '"') {
      token.kind = quoted(token.octets) ? Token::Kind::quoted : Token::Kind::word;
    } else if (c == '(') {
      token.kind = commented(token.octets) ? Token::Kind::comment : Token::Kind::word;
    } else if (c == '<') {
      token.kind = Token::Kind::bracketed;
      bracketed(token.octets);
    } else if (c == '=' && context_.words_left > 0 && s_.substr(i_, 2) == "=?" && attempt(word)) {
      token.kind = Token::Kind::encoded;
      token.octets = s_.substr(i_, word.end - i_);
      i_ = word.end;
    } else {
      plain_word(token.octets);
    }
    if (token.octets.empty() && token.kind == Token::Kind::word) return;  // a stray quote before a separator
    if (token.kind == Token::Kind::bracketed || token.octets.find('@') != std::string::npos)
      address_seen_ = true;
    tokens_.push_back(std::move(token));
  }

  bool attempt(EncodedWord& word) {
    --context_.words_left;
    const bool is_word = read_encoded_word(s_, i_, word);
    if (is_word) ++context_.words_left;  // counted again when it is decoded
    return is_word;
  }

  // Octets of characters whose second octet may look like a special. Result: whether any were taken.
  bool take_double(std::string& out) {
    const std::string_view rest = s_.substr(i_, kDoubleRun);
    if (rest.size() > 2 && rest[0] == '\x1B' && rest[1] == '$') {
      const std::size_t end = rest.find("\x1B(");
      if (end == std::string_view::npos || end + 2 >= rest.size()) return false;
      out.append(rest.substr(0, end + 3));
      i_ += end + 3;
      return true;
    }
    const auto c = static_cast<unsigned char>(rest[0]);
    const bool lead = (c >= 0x81 && c <= 0x9F) || (c >= 0xE0 && c <= 0xFC);
    if (!shift_jis_ || !lead || rest.size() < 2 || rest[1] < 0x40 || rest[1] == 0x7F) return false;
    out.append(rest.substr(0, 2));
    i_ += 2;
    return true;
  }

  bool separates(std::size_t at) const {
    const char c = at < s_.size() ? s_[at] : ',';
    return is_space(c) || c == ',' || c == ';' || c == '<' || c == ':';
  }

  // In `"Yamada "Taro" <a@b>` the last quote: it stands at the end of a word and has none that it could
  // close.
  bool closes_nothing() const {
    return i_ > 0 && !separates(i_ - 1) && s_[i_ - 1] != '"' && s_[i_ - 1] != ')' && separates(i_ + 1);
  }

  // A string in quotes. Result: whether it is one; if not, the quote is left out and what follows it are
  // plain words: else a single quote too many would swallow the addresses behind it.
  bool quoted(std::string& out) {
    const std::size_t start = i_;
    // `"Taro <a@b>, "Jiro" <c@d>`: a word begins at once behind what looked like the closing quote.
    const auto swallowed = [&] {
      return !separates(i_) && s_[i_] != '@' && s_[i_] != '.' && out.find('<') != std::string::npos &&
             out.find('@') != std::string::npos;
    };
    if (unbalanced_ < kUnbalanced && delimited(out) && !swallowed()) return true;
    give_up(start, out);
    return false;
  }

  bool commented(std::string& out) {
    const std::size_t start = i_;
    if (unbalanced_ < kUnbalanced && comment(out)) return true;
    give_up(start, out);
    return false;
  }

  void give_up(std::size_t start, std::string& out) {
    leave_out(start);
    out.clear();
    plain_word(out);
  }

  // The quote or parenthesis at `at` is none; what follows it is read as if it were not there.
  void leave_out(std::size_t at) {
    ++unbalanced_;
    good_ = false;
    i_ = at + 1;
  }

  // Up to the closing quote. Result: whether there is one.
  bool delimited(std::string& out) {
    ++i_;
    while (i_ < s_.size() && s_[i_] != '"') {
      if (take_double(out)) continue;
      if (s_[i_] == '\\' && i_ + 1 < s_.size()) ++i_;
      if (!is_line_end(s_[i_])) out += s_[i_];
      ++i_;
    }
    if (i_ >= s_.size()) return false;
    ++i_;
    return true;
  }

  // Up to the closing parenthesis. Result: whether there is one.
  bool comment(std::string& out) {
    std::size_t depth = 0;
    while (i_ < s_.size()) {
      if (take_double(out)) continue;
      const char c = s_[i_++];
      if (c == '\\' && i_ < s_.size()) {
        out += s_[i_++];
        continue;
      }
      if (c == '(' && depth++ == 0) continue;
      if (c == ')' && --depth == 0) return true;
      if (!is_line_end(c)) out += c;
    }
    return false;
  }

  // Within "<" and ">": a local part in quotes. Quotes that hold anything else are left out.
  void local_part(std::string& out) {
    const std::size_t start = i_;
    std::string local;
    const bool closed = unbalanced_ < kUnbalanced && delimited(local);
    const char next = i_ < s_.size() ? s_[i_] : '>';
    if (!closed || (next != '@' && next != '.' && next != '(' && !is_space(next))) return leave_out(start);
    out += '"';
    for (const char q : local) {
      if (q == '"' || q == '\\') out += '\\';
      out += q;
    }
    out += '"';
  }

  // What stands between "<" and ">": white space and comments are dropped, a quoted local part keeps its
  // quotes.
  void bracketed(std::string& out) {
    ++i_;
    while (i_ < s_.size() && s_[i_] != '>') {
      const char c = s_[i_];
      if (c == '"') {
        local_part(out);
        continue;
      }
      if (c == '(') {
        const std::size_t start = i_;
        std::string dropped;
        if (unbalanced_ >= kUnbalanced || !comment(dropped)) leave_out(start);
        continue;
      }
      if (c == '<') {  // "<<a@b>>", "<name <a@b>>": the inner one counts
        out.clear();
      } else if (!is_space(c)) {
        if (take_double(out)) continue;
        out += c;
      }
      if (out.size() > kAddressOctets * 2) break;
      ++i_;
    }
    while (i_ < s_.size() && s_[i_] == '>') ++i_;
  }

  void plain_word(std::string& out) {
    while (i_ < s_.size()) {
      if (take_double(out)) continue;
      const char c = s_[i_];
      if (is_space(c) || c == ',' || c == ';' || c == '"' || c == '(' || c == '<') break;
      if (c == ':' && !out.empty() && out.find('@') == std::string::npos && group_begins()) break;
      if (c == '=' && !out.empty() && s_.substr(i_, 2) == "=?") break;
      if (c != '>' && c != '\0') out += c;
      ++i_;
    }
    if (out.empty() && i_ < s_.size() && s_[i_] == '=') out += s_[i_++];
  }

  // A colon ends a group's name when words stand before it and no address does ("mailto:a@b" and "[IPv6:…" do
  // not).
  bool group_begins() const {
    if (in_group_ || i_ + 1 > s_.size()) return false;
    const std::string_view before = s_.substr(i_ < 8 ? 0 : i_ - 8, i_ < 8 ? i_ : 8);
    if (ends_with(before, "mailto") || ends_with(before, "smtp") || ends_with(before, "ipv6")) return false;
    return !address_seen_;
  }

  void begin_group() {
    group_name_ = display(tokens_.size());
    tokens_.clear();
    address_seen_ = false;
    in_group_ = true;
    group_count_ = 0;
  }

  void end_group() {
    if (in_group_ && group_count_ == 0 && !group_name_.empty()) add({group_name_, {}});
    in_group_ = false;
    group_name_.clear();
  }

  void add(clean::Address address) {
    if (out_.size() >= limits::kMailAddresses) {
      good_ = false;
      full_ = true;
      return;
    }
    out_.push_back(std::move(address));
    ++group_count_;
  }

  // Words, quoted strings and encoded words but the token `except`, as one text; comments only when nothing
  // else is there.
  std::string display(std::size_t except) {
    std::string out = joined(except, false);
    return out.empty() ? joined(except, true) : out;
  }

  std::string joined(std::size_t except, bool comments) {
    std::string octets;
    bool first = true;
    for (std::size_t k = 0; k < tokens_.size(); ++k) {
      const Token& token = tokens_[k];
      if (k == except || token.kind == Token::Kind::bracketed) continue;
      if ((token.kind == Token::Kind::comment) != comments) continue;
      if (!first && token.spaced) octets += ' ';
      octets += token.octets;
      first = false;
    }
    return decode_header_text(octets, context_);
  }

  void finish_mailbox() {
    if (tokens_.empty()) return;
    std::size_t at = tokens_.size();
    for (std::size_t k = 0; k < tokens_.size(); ++k)
      if (tokens_[k].kind == Token::Kind::bracketed && (at == tokens_.size() || !tokens_[k].octets.empty()))
        at = k;
    if (at == tokens_.size()) {
      for (std::size_t k = 0; k < tokens_.size(); ++k)
        if (tokens_[k].kind == Token::Kind::word && tokens_[k].octets.find('@') != std::string::npos) at = k;
      if (at != tokens_.size()) absorb_local_part(at);
    }
    clean::Address address;
    if (at != tokens_.size()) address.address = usable(tokens_[at].octets);
    // What claims to be an address and is none is shown as a name: nothing of the field is lost.
    address.display =
        display(address.address.empty() && at != tokens_.size() && tokens_[at].kind != Token::Kind::bracketed
                    ? tokens_.size()
                    : at);
    if (address.address.empty() && at != tokens_.size() && !tokens_[at].octets.empty()) {
      // "<MAILER-DAEMON>" is a local name, as bounces have it; an "@" without both sides is a mistake.
      if (tokens_[at].octets.find('@') != std::string::npos) good_ = false;
      if (tokens_[at].kind == Token::Kind::bracketed && address.display.empty())
        address.display = decode_header_text(tokens_[at].octets, context_);
    }
    tokens_.clear();
    address_seen_ = false;
    if (!address.address.empty() || !address.display.empty()) add(std::move(address));
  }

  // Without brackets: "quoted"@example.jp and a . b @ example.jp stand in several tokens.
  void absorb_local_part(std::size_t& at) {
    std::string whole = tokens_[at].octets;
    if (whole.front() == '@' && at > 0) {
      const Token& before = tokens_[at - 1];
      if (before.kind == Token::Kind::quoted) {
        whole = '"' + before.octets + '"' + whole;
      } else if (before.kind == Token::Kind::word) {
        whole = before.octets + whole;
      } else {
        return;
      }
      tokens_[at].octets = std::move(whole);
      tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(at) - 1);
      --at;
    }
    if (tokens_[at].octets.back() == '@' && at + 1 < tokens_.size() &&
        tokens_[at + 1].kind == Token::Kind::word) {
      tokens_[at].octets += tokens_[at + 1].octets;
      tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
  }

  // local@domain in UTF-8, or empty: source routes (RFC 5322 section 4.4) and "mailto:" are taken off.
  std::string usable(std::string octets) {
    std::string_view s = octets;
    if (begins_with(s, "mailto:")) s.remove_prefix(7);
    if (begins_with(s, "smtp:")) s.remove_prefix(5);
    if (!s.empty() && s.front() == '@') {
      const std::size_t colon = s.find(':');
      if (colon != std::string_view::npos) s.remove_prefix(colon + 1);
    }
    while (!s.empty() && s.back() == '.') s.remove_suffix(1);
    if (!s.empty() && s.front() == '\'' && s.back() == '\'' && s.size() > 2) s = s.substr(1, s.size() - 2);
    if (s.size() > kAddressOctets) return {};
    std::string text = s.find("=?") != std::string_view::npos ? decode_header_text(s, context_)
                       : has_eight_bit(s) || s.find('\x1B') != std::string_view::npos
                           ? on_one_line(decode_raw(s, {}, context_))
                           : std::string(s);
    const std::size_t sign = text.rfind('@');
    if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) return {};
    const bool quoted = text.front() == '"' && sign > 1 && text[sign - 1] == '"';
    for (std::size_t k = 0; k < text.size(); ++k) {
      const auto c = static_cast<unsigned char>(text[k]);
      if (c < 0x20 || c == 0x7F) return {};
      if (!(quoted && k < sign) && (c == ' ' || c == '<' || c == '>' || c == '"' || c == ',' || c == ';'))
        return {};
    }
    return text;
  }

  std::string_view s_;
  WordContext& context_;
  std::vector<clean::Address>& out_;
  bool shift_jis_;
  std::size_t i_ = 0;
  std::vector<Token> tokens_;
  std::string group_name_;
  std::size_t group_count_ = 0;
  unsigned unbalanced_ = 0;
  bool in_group_ = false, address_seen_ = false, good_ = true, full_ = false;
};

}  // namespace

bool read_addresses(std::string_view field_value, WordContext& context, std::vector<clean::Address>& out) {
  return FieldReader(field_value, context, out).read();
}

}  // namespace kiyome::sanitizer::mail
