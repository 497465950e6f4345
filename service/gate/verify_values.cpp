#include "service/gate/verify_values.h"

#include <algorithm>
#include <array>

#include "service/gate/verify_characters.h"
#include "service/gate/verify_encoding.h"
#include "service/gate/verify_text.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_letter(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_any_hex(char c) { return is_hex(c) || (c >= 'A' && c <= 'F'); }
bool is_printable(char c) { return c >= 0x20 && c <= 0x7E; }
bool is_atext(char c) { return is_alnum(c) || View("!#$%&'*+-/=?^_`{|}~").find(c) != View::npos; }
bool is_message_id(char c) { return c > 0x20 && c <= 0x7E && c != '<' && c != '>' && c != '@'; }
bool is_host(char c) { return is_alnum(c) || View(".-_:[]").find(c) != View::npos; }
bool is_list_id(char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; }
bool is_label(char c) { return is_alnum(c) || c == '-' || c == '_'; }

constexpr View kWordBegin = "=?UTF-8?B?", kWordEnd = "?=", kWordMark = "=?";
constexpr std::size_t kWordOctets = 75;
constexpr std::size_t kAddressOctets = 320, kMessageIdOctets = 900, kHostOctets = 255, kLabelOctets = 63;

// Reads on from where it stands. What it cannot read leaves it there, which is then the fault's offset.
class Scan {
 public:
  explicit Scan(View text) : text_(text) {}

  bool eat(View literal) {
    if (!rest().starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }
  // min to max characters of a kind, as many as there are.
  bool run(bool (*is)(char), std::size_t min, std::size_t max) {
    std::size_t size = 0;
    while (size < rest().size() && size <= max && is(rest()[size])) ++size;
    if (size < min || size > max) return false;
    at_ += size;
    return true;
  }
  // Exactly `digits` digits with a value from min to max.
  bool number(std::size_t digits, unsigned min, unsigned max) {
    if (rest().size() < digits ||
        !std::all_of(rest().begin(), rest().begin() + static_cast<long>(digits), is_digit))
      return false;
    unsigned value = 0;
    for (const char c : rest().substr(0, digits)) value = value * 10 + static_cast<unsigned>(c - '0');
    if (value < min || value > max) return false;
    at_ += digits;
    return true;
  }
  template <std::size_t N>
  bool one_of(const View (&choices)[N]) {
    return std::any_of(std::begin(choices), std::end(choices), [&](View choice) { return eat(choice); });
  }
  View rest() const { return text_.substr(at_); }
  View since(std::size_t begin) const { return text_.substr(begin, at_ - begin); }
  std::size_t at() const { return at_; }
  bool done() const { return at_ == text_.size(); }
  void skip(std::size_t count) { at_ += count; }

 private:
  View text_;
  std::size_t at_ = 0;
};

// Nothing left over, or the fault where reading stopped.
Checked whole(bool read, const Scan& scan, const char* reason) {
  if (read && scan.done()) return std::nullopt;
  return fault(scan.at(), reason);
}

bool read_uuid(Scan& scan) {
  for (const std::size_t count : {8u, 4u, 4u, 4u, 12u}) {
    if (count != 8 && !scan.eat("-")) return false;
    if (!scan.run(is_hex, count, count)) return false;
  }
  return true;
}

bool read_kiyome_id(Scan& scan) {
  if (!read_uuid(scan)) return false;
  if (!scan.rest().starts_with('.')) return true;
  scan.skip(1);
  const std::size_t begin = scan.at();
  if (!scan.run(is_digit, 1, 5)) return false;
  const View digits = scan.since(begin);
  unsigned value = 0;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  return value <= 65535 && (digits.size() == 1 || digits[0] != '0');
}

bool read_date(Scan& scan) {
  static constexpr View kDays[] = {"Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, "};
  static constexpr View kMonths[] = {" Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                                     " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec "};
  return scan.one_of(kDays) && scan.number(2, 1, 31) && scan.one_of(kMonths) && scan.number(4, 1900, 9999) &&
         scan.eat(" ") && scan.number(2, 0, 23) && scan.eat(":") && scan.number(2, 0, 59) && scan.eat(":") &&
         scan.number(2, 0, 60) && (scan.eat(" +") || scan.eat(" -")) && scan.number(2, 0, 99) &&
         scan.number(2, 0, 59);
}

bool read_message_id(Scan& scan) {
  const std::size_t begin = scan.at();
  return scan.eat("<") && scan.run(is_message_id, 1, kMessageIdOctets) && scan.eat("@") &&
         scan.run(is_message_id, 1, kMessageIdOctets) && scan.eat(">") &&
         scan.at() - begin <= kMessageIdOctets;
}

// QUOTED; `content` is what it says without quotes and backslashes.
bool read_quoted(Scan& scan, std::string& content) {
  if (!scan.eat("\"")) return false;
  const View rest = scan.rest();
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      scan.skip(at + 1);
      return rest.substr(0, at).find(kWordMark) == View::npos;
    }
    if (rest[at] == '\\' && (at + 1 == rest.size() || (rest[at + 1] != '"' && rest[at + 1] != '\\')))
      return false;
    if (rest[at] == '\\') ++at;
    if (!is_printable(rest[at])) return false;
    content += rest[at];
  }
  return false;
}

bool read_domain(Scan& scan) {
  const std::size_t begin = scan.at();
  if (scan.eat("[")) {
    return scan.run([](char c) { return is_alnum(c) || c == '.' || c == ':'; }, 1, 60) && scan.eat("]");
  }
  do {
    if (!scan.run(is_label, 1, kLabelOctets)) return false;
  } while (scan.eat("."));
  return scan.at() - begin <= kAddressOctets;
}

// The "@" and what follows of an ADDR whose local part began at `begin`.
bool read_rest_of_address(Scan& scan, std::size_t begin) {
  return scan.eat("@") && read_domain(scan) && scan.at() - begin <= kAddressOctets;
}

bool read_address(Scan& scan) {
  const std::size_t begin = scan.at();
  if (scan.rest().starts_with('"')) {
    std::string local;
    return read_quoted(scan, local) && !local.empty() && read_rest_of_address(scan, begin);
  }
  do {
    if (!scan.run(is_atext, 1, kAddressOctets)) return false;
  } while (scan.eat("."));
  return scan.since(begin).find(kWordMark) == View::npos && read_rest_of_address(scan, begin);
}

// What a person reads of a phrase or Subject, proved; a fault counts from the begin of the whole value.
Checked check_words(const Words& words, std::size_t begin) {
  Checked bad = check_one_line(words.text);
  if (!bad) return bad;
  std::size_t written = 0;
  for (const Words::Place& place : words.places)
    if (place.decoded <= bad->offset) written = place.written;
  bad->offset = begin + written;
  return bad;
}

// A PHRASE made of words.
Checked read_word_phrase(Scan& scan) {
  Words words;
  std::size_t size = 0;
  const std::size_t begin = scan.at();
  if (Checked bad = read_words(scan.rest(), words, size)) return fault(begin + bad->offset, bad->reason);
  scan.skip(size);
  if (begins_as_ours(words.text)) return fault(begin, "name that only we may write");
  return check_words(words, begin);
}

// After a PHRASE: the address it names, or the end of a group.
Checked read_after_phrase(Scan& scan, bool groups) {
  if (groups && scan.eat(":;")) return std::nullopt;
  if (scan.eat(" <") && read_address(scan) && scan.eat(">")) return std::nullopt;
  return fault(scan.at(), "not an address");
}

// MAILBOX or GROUP.
Checked read_mailbox(Scan& scan, bool groups) {
  const std::size_t begin = scan.at();
  if (scan.rest().starts_with(kWordBegin)) {
    if (Checked bad = read_word_phrase(scan)) return bad;
    return read_after_phrase(scan, groups);
  }
  if (!scan.rest().starts_with('"')) {
    if (read_address(scan)) return std::nullopt;
    return fault(scan.at(), "not an address");
  }
  std::string content;
  if (!read_quoted(scan, content)) return fault(scan.at(), "not a quoted string");
  if (scan.rest().starts_with('@')) {
    if (!content.empty() && read_rest_of_address(scan, begin)) return std::nullopt;
    return fault(scan.at(), "not an address");
  }
  if (Checked bad = check_one_line(content)) return fault(begin, bad->reason);
  return read_after_phrase(scan, groups);
}

Checked check_list(View value, bool groups, bool single) {
  Scan scan(value);
  do {
    if (Checked bad = read_mailbox(scan, groups)) return bad;
  } while (!single && scan.eat(", "));
  return whole(true, scan, "not an address list");
}

}  // namespace

Checked check_kiyome_id(View value) {
  Scan scan(value);
  return whole(read_kiyome_id(scan), scan, "not an item id");
}

Checked check_received(View value, View& kiyome_id) {
  Scan scan(value);
  const auto address = [&] {
    if (scan.eat("unknown")) return true;
    const std::size_t begin = scan.at();
    const bool six = scan.eat("IPv6:");
    if (!scan.run([](char c) { return is_any_hex(c) || c == '.' || c == ':'; }, 1, 45)) return false;
    return six == (scan.since(begin + (six ? 5 : 0)).find(':') != View::npos);
  };
  const auto recipient = [&] {
    if (!scan.eat(" for <")) return true;
    return read_address(scan) && scan.eat(">");
  };
  const auto protocol = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); };
  const bool front = scan.eat("from ") && scan.run(is_host, 1, kHostOctets) && scan.eat(" ([") && address() &&
                     scan.eat("]) by ") && scan.run(is_host, 1, kHostOctets) && scan.eat(" with ") &&
                     scan.run(protocol, 1, 20) && scan.eat(" id ");
  const std::size_t id = scan.at();
  if (!front || !read_kiyome_id(scan)) return fault(scan.at(), "not our Received");
  kiyome_id = scan.since(id);
  return whole(recipient() && scan.eat("; ") && read_date(scan), scan, "not our Received");
}

Checked check_mailbox_list(View value) { return check_list(value, false, false); }
Checked check_mailbox(View value) { return check_list(value, false, true); }
Checked check_address_list(View value) { return check_list(value, true, false); }

Checked check_subject(View value, bool ours) {
  if (value.empty()) return std::nullopt;
  if (value.starts_with(kWordBegin)) {
    Words words;
    std::size_t size = 0;
    if (Checked bad = read_words(value, words, size)) return bad;
    if (size != value.size()) return fault(size, "text beside encoded words");
    if (!ours && begins_as_ours(words.text)) return fault(0, "Subject that only we may write");
    return check_words(words, 0);
  }
  if (value.starts_with(' ') || value.ends_with(' '))
    return fault(0, "space at the begin or end of the Subject");
  if (const std::size_t mark = value.find(kWordMark); mark != View::npos) return fault(mark, "stray =?");
  return check_one_line(value);
}

Checked check_date(View value) {
  Scan scan(value);
  return whole(read_date(scan), scan, "not a date in our form");
}

Checked check_message_id(View value) {
  Scan scan(value);
  return whole(read_message_id(scan), scan, "not a message id");
}

Checked check_message_ids(View value) {
  Scan scan(value);
  do {
    if (!read_message_id(scan)) return fault(scan.at(), "not a message id");
  } while (scan.eat(" "));
  return whole(true, scan, "not a list of message ids");
}

Checked check_auto_submitted(View value) {
  static constexpr View kChoices[] = {"no", "auto-generated", "auto-replied", "auto-notified"};
  Scan scan(value);
  return whole(scan.one_of(kChoices), scan, "not an Auto-Submitted value");
}

Checked check_precedence(View value) {
  static constexpr View kChoices[] = {"bulk", "list", "junk"};
  Scan scan(value);
  return whole(scan.one_of(kChoices), scan, "not a Precedence value");
}

Checked check_list_id(View value) {
  Scan scan(value);
  if (scan.rest().starts_with(kWordBegin)) {
    if (Checked bad = read_word_phrase(scan)) return bad;
    if (!scan.eat(" ")) return fault(scan.at(), "not a list id");
  } else if (scan.rest().starts_with('"')) {
    std::string content;
    if (!read_quoted(scan, content) || !scan.eat(" ")) return fault(scan.at(), "not a list id");
    if (Checked bad = check_one_line(content)) return fault(0, bad->reason);
  }
  return whole(scan.eat("<") && scan.run(is_list_id, 1, kHostOctets) && scan.eat(">"), scan, "not a list id");
}

Checked read_words(View value, Words& words, std::size_t& size) {
  std::size_t at = 0;
  do {
    if (at != 0) ++at;  // the SP between
    if (!value.substr(at).starts_with(kWordBegin)) return fault(at, "not an encoded word");
    const std::size_t text = at + kWordBegin.size();
    const std::size_t end = value.find('?', text);
    if (end == View::npos || value.substr(end, 2) != kWordEnd) return fault(at, "not an encoded word");
    if (end + 2 - at > kWordOctets) return fault(at, "encoded word longer than 75 octets");
    const std::size_t before = words.text.size();
    words.places.push_back({before, at});
    if (!decode_base64(value.substr(text, end - text), words.text)) return fault(at, "not canonical base64");
    // Valid text that begins each word with a character's first octet is valid word by word.
    if ((static_cast<unsigned char>(words.text[before]) & 0xC0) == 0x80)
      return fault(at, "encoded word begins within a character");
    at = end + 2;
  } while (value.substr(at).starts_with(" =?"));
  size = at;
  return std::nullopt;
}

}  // namespace kiyome::gate
