// Section 4 of the clean output grammar: the mail as a whole. Trusts nothing.
#include "service/gate/verify.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "proto/base/limits.h"
#include "service/gate/verify_document.h"
#include "service/gate/verify_encoding.h"
#include "service/gate/verify_fault.h"
#include "service/gate/verify_fields.h"
#include "service/gate/verify_text.h"
#include "service/gate/verify_values.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr View kTextType = "text/plain; charset=UTF-8";
constexpr View kBoundaryCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789=_.-";
constexpr std::size_t kBoundaryOctets = 70;

// What a part behind the first may be.
struct PartType {
  View type, extension;
  Checked (*check)(View, Scope&);  // of what is not text, which always travels in base64
};
constexpr PartType kPartTypes[] = {
    {kTextType, ".txt", nullptr},
    {"application/pdf", ".pdf", check_pdf},
    {"image/png", ".png", check_png},
    {"application/zip", ".zip", check_zip},
};

// `multipart/mixed; boundary="B"`, B not empty.
bool read_boundary(View value, View& boundary) {
  constexpr View kFront = "multipart/mixed; boundary=\"";
  if (!value.starts_with(kFront) || !value.ends_with('"') || value.size() <= kFront.size()) return false;
  boundary = value.substr(kFront.size(), value.size() - 1 - kFront.size());
  return !boundary.empty() && boundary.size() <= kBoundaryOctets &&
         boundary.find_first_not_of(kBoundaryCharacters) == View::npos;
}

bool read_encoding(View value, Encoding& encoding) {
  if (value == "7bit")
    encoding = Encoding::seven_bit;
  else if (value == "quoted-printable")
    encoding = Encoding::quoted_printable;
  else if (value == "base64")
    encoding = Encoding::base64;
  else
    return false;
  return true;
}

bool is_plain_in_percent(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}
int upper_hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

// RFC 8187 without the language, and with one way to write each name.
bool read_percent(View text, std::string& name) {
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '%') {
      if (!is_plain_in_percent(text[at])) return false;
      name += text[at++];
      continue;
    }
    const int high = text.size() - at > 2 ? upper_hex(text[at + 1]) : -1;
    const int low = text.size() - at > 2 ? upper_hex(text[at + 2]) : -1;
    if (high < 0 || low < 0) return false;
    const char octet = static_cast<char>(high << 4 | low);
    if (is_plain_in_percent(octet)) return false;
    name += octet;
    at += 3;
  }
  return !name.empty();
}

bool is_ascii(View text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What stands within the quotes of `name`.
Checked read_name_parameter(View text, std::string& name) {
  if (!text.starts_with("=?")) {
    if (const std::size_t bad = text.find_first_of("\"\\"); bad != View::npos)
      return fault(bad, "not a name");
    name = text;
    return std::nullopt;
  }
  Words words;
  std::size_t size = 0;
  if (Checked bad = read_words(text, words, size)) return bad;
  if (size != text.size()) return fault(size, "text beside encoded words");
  name = std::move(words.text);
  return is_ascii(name) ? fault(0, "encoded words that are not needed") : std::nullopt;
}

// The whole mail, front to back.
class Mail {
 public:
  Mail(View octets, Scope& scope) : octets_(octets), scope_(scope) {}

  Checked check() {
    if (Checked bad = check_header()) return bad;
    return boundary_.empty() ? check_content({at_, octets_.size()}, TextKind::body) : check_parts();
  }

  struct Rule {
    View name;
    bool required;
    bool words;  // encoded words can stand in it; a message id may look like one and is none
    Checked (*check)(Mail&, View);
  };
  static const Rule kRules[18];  // in the order that fields stand in

 private:
  struct Place {
    std::size_t begin, end;
  };

  Checked check_header() {
    FieldReader reader(octets_, 0, limits::kCleanMailHeader);
    std::size_t next = 0;  // in kRules
    const auto missing = [&](std::size_t until) {
      return std::any_of(kRules + next, kRules + until, [](const Rule& rule) { return rule.required; });
    };
    for (;;) {
      if (Checked bad = reader.next()) return bad;
      if (!reader.has_field()) break;
      std::size_t found = next;
      while (found < std::size(kRules) && kRules[found].name != reader.name()) ++found;
      if (found == std::size(kRules))
        return fault(reader.field_offset(), "field unknown, repeated or out of order");
      if (missing(found)) return fault(reader.field_offset(), "required field missing before this one");
      if (Checked bad = reader.placed(kRules[found].check(*this, reader.value()))) return bad;
      if (Checked bad = kRules[found].words ? reader.check_word_lines() : std::nullopt) return bad;
      next = found + 1;
    }
    if (missing(std::size(kRules))) return fault(reader.field_offset(), "required field missing");
    if (has_encoding_ != boundary_.empty())
      return fault(reader.field_offset(), "Content-Transfer-Encoding belongs to text alone");
    at_ = reader.at();
    return std::nullopt;
  }

  Checked received(View value) {
    View id;
    if (Checked bad = check_received(value, id)) return bad;
    item_ = id.substr(0, kItemIdOctets);
    return std::nullopt;
  }
  Checked kiyome_id(View value) {
    if (Checked bad = check_kiyome_id(value)) return bad;
    if (value.substr(0, kItemIdOctets) != item_) return fault(0, "another item's id than in Received");
    notice_ = value.ends_with(".0");
    return std::nullopt;
  }
  Checked content_type(View value) {
    View boundary;
    if (value == kTextType) return std::nullopt;
    if (!read_boundary(value, boundary)) return fault(0, "content type that no clean mail has");
    boundary_ = boundary;
    return std::nullopt;
  }
  Checked transfer_encoding(View value) {
    has_encoding_ = true;
    return read_encoding(value, encoding_) ? std::nullopt : fault(0, "unknown transfer encoding");
  }

  // The part in hand, or the whole mail.
  Checked check_content(Place place, TextKind kind) {
    const View encoded = octets_.substr(place.begin, place.end - place.begin);
    decoded_.clear();
    Checked bad = decode(encoding_, encoded, decoded_);
    if (!bad) {
      const View content = encoding_ == Encoding::seven_bit ? encoded : View(decoded_);
      bad = part_type_->check == nullptr ? check_text(content, kind) : part_type_->check(content, scope_);
      if (bad) bad->offset = encoded_offset(encoding_, encoded, bad->offset);
    }
    return shifted(bad, place.begin);
  }

  // From the first delimiter to the last octet. RFC 2046 section 5.1.1, without preamble and epilogue.
  Checked check_parts() {
    const std::string delimiter = "\r\n--" + boundary_;
    const View first_line = View(delimiter).substr(2);
    if (!octets_.substr(at_).starts_with(first_line)) return fault(at_, "text before the first part");
    at_ += first_line.size();
    for (std::size_t count = 1; octets_.substr(at_, 2) == "\r\n"; ++count) {
      if (count > limits::kCleanMailParts) return fault(at_, "too many parts");
      at_ += 2;
      if (Checked bad = count == 1 ? check_body_head() : check_attachment_head()) return bad;
      if (octets_.substr(at_).starts_with(first_line))
        return fault(at_, "part that begins with the boundary");
      const std::size_t end = octets_.find(delimiter, at_);
      if (end == View::npos) return fault(octets_.size(), "no closing boundary");
      if (Checked bad = check_content({at_, end}, count == 1 ? TextKind::body : TextKind::attachment))
        return bad;
      at_ = end + delimiter.size();
      if (octets_.substr(at_) == "--\r\n") return std::nullopt;
    }
    return fault(at_, "not a boundary line");
  }

  // Content-Type and Content-Transfer-Encoding, which every part has.
  Checked check_part_head(FieldReader& reader, Checked (Mail::*type)(View)) {
    if (Checked bad = reader.next()) return bad;
    if (reader.name() != "Content-Type") return fault(reader.field_offset(), "Content-Type expected");
    if (Checked bad = reader.placed((this->*type)(reader.value()))) return bad;
    if (Checked bad = reader.check_word_lines()) return bad;
    if (Checked bad = reader.next()) return bad;
    if (reader.name() != "Content-Transfer-Encoding")
      return fault(reader.field_offset(), "Content-Transfer-Encoding expected");
    return reader.placed(transfer_encoding(reader.value()));
  }
  Checked end_of_head(FieldReader& reader) {
    if (Checked bad = reader.next()) return bad;
    if (reader.has_field()) return fault(reader.field_offset(), "field that no part bears");
    at_ = reader.at();
    return std::nullopt;
  }
  Checked check_body_head() {
    FieldReader reader(octets_, at_, at_ + limits::kCleanMailHeader);
    if (Checked bad = check_part_head(reader, &Mail::body_type)) return bad;
    return end_of_head(reader);
  }
  Checked check_attachment_head() {
    FieldReader reader(octets_, at_, at_ + limits::kCleanMailHeader);
    name_.clear();
    if (Checked bad = check_part_head(reader, &Mail::attachment_type)) return bad;
    if (part_type_->check != nullptr && encoding_ != Encoding::base64)
      return fault(reader.field_offset(), "attachment that is no text and not in base64");
    if (Checked bad = reader.next()) return bad;
    if (reader.name() != "Content-Disposition")
      return fault(reader.field_offset(), "Content-Disposition expected");
    if (Checked bad = reader.placed(disposition(reader.value()))) return bad;
    return end_of_head(reader);
  }

  Checked body_type(View value) {
    return value == kTextType ? std::nullopt : fault(0, "the first part is not the text");
  }
  Checked attachment_type(View value) {
    constexpr View kName = "; name=\"";
    part_type_ = std::find_if(std::begin(kPartTypes), std::end(kPartTypes),
                              [&](const PartType& part) { return value.starts_with(part.type); });
    if (part_type_ == std::end(kPartTypes)) return fault(0, "attachment of a type that is not proved");
    const View rest = value.substr(part_type_->type.size());
    if (!rest.starts_with(kName) || !rest.ends_with('"') || rest.size() <= kName.size())
      return fault(part_type_->type.size(), "attachment without a name in our form");
    const std::size_t begin = part_type_->type.size() + kName.size();
    if (Checked bad = read_name_parameter(value.substr(begin, value.size() - 1 - begin), name_))
      return fault(begin + bad->offset, bad->reason);
    if (Checked bad = check_file_name(name_, part_type_->extension)) return fault(begin, bad->reason);
    if (!names_.insert(without_case(name_)).second) return fault(begin, "two attachments of one name");
    return std::nullopt;
  }
  Checked disposition(View value) {
    constexpr View kPlain = "attachment; filename=\"", kPercent = "attachment; filename*=UTF-8''";
    if (is_ascii(name_))
      return value == std::string(kPlain) + name_ + '"' ? std::nullopt
                                                        : fault(0, "not the disposition of this name");
    std::string name;
    if (!value.starts_with(kPercent) || !read_percent(value.substr(kPercent.size()), name) || name != name_)
      return fault(0, "not the disposition of this name");
    return std::nullopt;
  }

  static std::string without_case(std::string name) {
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return name;
  }

  static constexpr std::size_t kItemIdOctets = 36;

  View octets_;
  Scope& scope_;
  std::size_t at_ = 0;
  std::string item_, boundary_;
  bool notice_ = false, has_encoding_ = false;
  Encoding encoding_ = Encoding::seven_bit;
  const PartType* part_type_ = kPartTypes;  // of the part in hand
  std::string decoded_, name_;
  std::set<std::string> names_;  // of attachments so far, ASCII case ignored
};

const Mail::Rule Mail::kRules[18] = {
    {"Received", true, false, [](Mail& mail, View value) { return mail.received(value); }},
    {"X-Kiyome-Id", true, false, [](Mail& mail, View value) { return mail.kiyome_id(value); }},
    {"From", true, true, [](Mail&, View value) { return check_mailbox_list(value); }},
    {"Sender", false, true, [](Mail&, View value) { return check_mailbox(value); }},
    {"Reply-To", false, true, [](Mail&, View value) { return check_address_list(value); }},
    {"To", false, true, [](Mail&, View value) { return check_address_list(value); }},
    {"Cc", false, true, [](Mail&, View value) { return check_address_list(value); }},
    {"Subject", false, true, [](Mail& mail, View value) { return check_subject(value, mail.notice_); }},
    {"Date", true, false, [](Mail&, View value) { return check_date(value); }},
    {"Message-ID", true, false, [](Mail&, View value) { return check_message_id(value); }},
    {"In-Reply-To", false, false, [](Mail&, View value) { return check_message_ids(value); }},
    {"References", false, false, [](Mail&, View value) { return check_message_ids(value); }},
    {"Auto-Submitted", false, false, [](Mail&, View value) { return check_auto_submitted(value); }},
    {"List-Id", false, true, [](Mail&, View value) { return check_list_id(value); }},
    {"Precedence", false, false, [](Mail&, View value) { return check_precedence(value); }},
    {"MIME-Version", true, false,
     [](Mail&, View value) { return value == "1.0" ? std::nullopt : fault(0, "not MIME-Version 1.0"); }},
    {"Content-Type", true, false, [](Mail& mail, View value) { return mail.content_type(value); }},
    {"Content-Transfer-Encoding", false, false,
     [](Mail& mail, View value) { return mail.transfer_encoding(value); }},
};

// The first lines, up to an empty one, are all header fields, and the first is one of ours: a text that
// merely begins with "From: " is a text.
bool reads_as_mail(View octets) {
  if (std::none_of(std::begin(Mail::kRules), std::end(Mail::kRules), [&](const Mail::Rule& rule) {
        return octets.starts_with(rule.name) && octets.substr(rule.name.size()).starts_with(':');
      }))
    return false;
  octets = octets.substr(0, limits::kCleanMailHeader);
  while (!octets.empty()) {
    const std::size_t end = std::min(octets.find('\n'), octets.size());
    const View line = octets.substr(0, end);
    if (line.empty() || line == "\r") return true;
    const std::size_t name = line.find_first_of(": \t");
    if (name == View::npos || (line[name] != ':' && name != 0)) return false;
    octets.remove_prefix(std::min(end + 1, octets.size()));
  }
  return true;
}

std::optional<Violation> told(Checked (*check)(View, Scope&), View octets) {
  Scope scope;
  const Checked bad = check(octets, scope);
  if (!bad) return std::nullopt;
  return Violation{bad->offset, bad->reason};
}

}  // namespace

Checked check_mail(View octets, Scope& scope) { return Mail(octets, scope).check(); }

std::optional<Violation> verify_mail(View octets) { return told(check_mail, octets); }
std::optional<Violation> verify_pdf(View octets) { return told(check_pdf, octets); }
std::optional<Violation> verify_png(View octets) { return told(check_png, octets); }
std::optional<Violation> verify_zip(View octets) { return told(check_zip, octets); }

std::optional<Violation> verify_text(View octets) {
  return told([](View text, Scope&) { return check_text(text, TextKind::attachment); }, octets);
}

std::optional<Violation> verify_file(View octets) {
  if (octets.starts_with("%PDF-")) return verify_pdf(octets);
  if (octets.starts_with("\x89PNG\r\n\x1a\n")) return verify_png(octets);
  if (octets.starts_with("PK\x03\x04")) return verify_zip(octets);
  return reads_as_mail(octets) ? verify_mail(octets) : verify_text(octets);
}

}  // namespace kiyome::gate
