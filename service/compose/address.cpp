// Address fields. Addresses are hostile text; only what RFC 5322 allows in ASCII is written as an address,
// the rest as words.
#include <unicode/uidna.h>

#include <array>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/compose/header.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::size_t kAddressOctets = 320;  // 64 + 1 + 255, RFC 5321 section 4.5.3.1
constexpr std::size_t kLabelOctets = 63;
constexpr std::size_t kLiteralOctets = 62;

bool is_atext(char c) {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '.' ? text[i - 1] == '.' : !is_atext(text[i])) return false;
  return true;
}

// What a quoted local part means; the text itself when it is not quoted.
std::string unquoted(std::string_view local) {
  if (local.size() < 2 || local.front() != '"' || local.back() != '"') return std::string(local);
  std::string out;
  for (std::size_t i = 1; i + 1 < local.size(); ++i) {
    if (local[i] == '\\' && i + 2 < local.size()) ++i;
    out += local[i];
  }
  return out;
}

// Mobile carriers have issued addresses with dots in a row or at the end: they are written quoted, which
// means the same.
std::string local_part(std::string_view local) {
  const std::string meant = unquoted(local);
  if (meant.empty() || meant.find("=?") != std::string::npos) return {};
  if (is_dot_atom(meant)) return meant;
  std::string out = "\"";
  for (const char c : meant) {
    if (c < 0x20 || c > 0x7E) return {};
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool is_domain(std::string_view text) {
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (!(is_letter_or_digit(c) || c == '-' || c == '_') || ++label > kLabelOctets) {
      return false;
    }
  }
  return label > 0;
}

bool is_literal(std::string_view text) {
  if (text.size() < 3 || text.size() > kLiteralOctets || text.front() != '[' || text.back() != ']')
    return false;
  for (const char c : text.substr(1, text.size() - 2))
    if (!is_letter_or_digit(c) && c != '.' && c != ':') return false;
  return true;
}

// A-labels by UTS #46, non-transitional; "" if the name has none.
std::string a_labels(std::string_view domain) {
  static const UIDNA* const idna = [] {  // constant after it is made, and used by all threads
    UErrorCode status = U_ZERO_ERROR;
    UIDNA* made =
        uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ, &status);
    KIYOME_CHECK(U_SUCCESS(status));
    return made;
  }();
  if (domain.size() > kAddressOctets) return {};
  std::array<char, 512> out{};
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t size =
      uidna_nameToASCII_UTF8(idna, domain.data(), static_cast<std::int32_t>(domain.size()), out.data(),
                             static_cast<std::int32_t>(out.size()), &info, &status);
  if (U_FAILURE(status) || info.errors != 0 || size <= 0 || size >= static_cast<std::int32_t>(out.size()))
    return {};
  return {out.data(), static_cast<std::size_t>(size)};
}

// Name and address as words, when the address cannot be written as one.
std::string in_words(const clean::Address& mailbox, const HeaderContext& context) {
  std::string text = mailbox.display;
  if (!mailbox.address.empty()) {
    if (!text.empty()) text += ' ';
    text.append("<").append(mailbox.address).append(">");
  }
  return display_text(text, limits::kCleanMailDisplayName, context);
}

void write_mailbox(const std::string& display, const std::string& address, FoldedLine& line) {
  if (display.empty()) return line.token(address);
  line.display(display);
  line.token(joined({"<", address, ">"}));
}

// false when nothing was written.
bool write_address(const clean::Address& mailbox, ListKind kind, const HeaderContext& context,
                   FoldedLine& line) {
  const std::string address = ascii_address(mailbox.address);
  if (!address.empty()) {
    std::string shown = display_text(mailbox.display, limits::kCleanMailDisplayName, context);
    write_mailbox(shown == address ? std::string() : shown, address, line);
    return true;
  }
  const std::string words = in_words(mailbox, context);
  if (words.empty()) return false;
  // RFC 2047 section 5 wants a space between an encoded-word and ":", so only a quoted phrase makes a group.
  if (kind == ListKind::mailboxes || !is_quotable(words)) {
    write_mailbox(words, std::string(kUnknownAddress), line);
  } else {
    line.display(words);
    line.glued(":;");
  }
  return true;
}

}  // namespace

std::string ascii_address(std::string_view utf8) {
  const std::size_t at = utf8.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::string local = local_part(utf8.substr(0, at));
  std::string domain(utf8.substr(at + 1));
  if (!is_ascii(domain)) domain = a_labels(domain);
  if (local.empty() || (!is_domain(domain) && !is_literal(domain))) return {};
  if (local.size() + 1 + domain.size() > kAddressOctets) return {};
  return local + '@' + domain;
}

std::string address_list_value(const std::vector<clean::Address>& list, ListKind kind, std::size_t column,
                               const HeaderContext& context) {
  FoldedLine line(column);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (line.size() <= limits::kCleanMailAddressList) {
      if (write_address(list[i], kind, context, line)) line.comma_before_next();
      continue;
    }
    if (kind == ListKind::with_groups) {
      line.display(joined({"and ", std::to_string(list.size() - i), " more"}));
      line.glued(":;");
    }
    break;
  }
  return line.take();
}

}  // namespace kiyome::compose
