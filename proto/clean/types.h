// The clean language: all that a sanitizer may say about hostile bytes. See FORMAT.md for the octets.
// Every text is valid UTF-8 without C0 (but TAB and LF), C1 or U+FFFE/FFFF; the trusted side decides what of
// it is shown. What a value claims is still the claim of a conquered process: it chooses letters, names and
// numbers, nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/clean/document.h"
#include "proto/clean/findings.h"

namespace kiyome::clean {

// An RFC 5322 mailbox, decoded. `address` is local@domain in UTF-8 without comments, quotes kept where they
// are needed; empty when the field held text only. An empty group ("undisclosed-recipients:;") is a display
// name without address.
struct Address {
  std::string display;
  std::string address;
  bool operator==(const Address&) const = default;
};

// RFC 5322 date: the instant and the zone the writer had, in minutes east of UTC.
struct Date {
  std::int64_t unix_seconds = 0;
  std::int16_t zone_minutes = 0;
  bool operator==(const Date&) const = default;
};

// One result of an Authentication-Results field (RFC 8601). Whoever wrote the field is named by `server`;
// only the service knows whether that is somebody to believe.
enum class AuthMethod : std::uint8_t { spf = 1, dkim = 2, dmarc = 3 };
enum class AuthResult : std::uint8_t {
  none = 1,
  pass = 2,
  fail = 3,
  softfail = 4,
  neutral = 5,
  policy = 6,
  temperror = 7,
  permerror = 8,
};
struct Authentication {
  std::string server;  // authserv-id: a host name
  AuthMethod method = AuthMethod::spf;
  AuthResult result = AuthResult::none;
  std::string domain;  // whose mail it was judged to be: a host name, or empty
  bool operator==(const Authentication&) const = default;
};

// The kept header fields of the outermost message, decoded. First come counts.
struct MailHeader {
  std::vector<Address> from, sender, reply_to, to, cc;
  std::optional<std::string> subject;
  std::optional<Date> date;
  std::string message_id;                // "<left@right>" in printable ASCII, or empty
  std::vector<std::string> in_reply_to;  // the same form each
  std::vector<std::string> references;
  std::string auto_submitted, list_id, precedence;
  std::uint32_t received_count = 0;            // Received fields, for loop detection
  std::vector<std::string> kiyome_ids;         // values of X-Kiyome-Id fields, for loop detection; at most 16
  std::vector<Authentication> authentication;  // in the order of the header: the last server's come first
  std::vector<Finding> findings;
  bool operator==(const MailHeader&) const = default;
};

// Octets [begin, end) of the original.
struct Span {
  std::uint64_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

enum class Role : std::uint8_t {
  container = 1,    // multipart/*, or a message whose content follows as parts of its own
  body = 2,         // its text stands in the body text
  alternative = 3,  // another form of a body that was chosen instead
  attachment = 4,
  inline_image = 5,  // shown within a body; its place is marked in the body text
  decoration = 6,    // a logo or spacer: neither marked nor listed
  framing = 7,       // preamble, epilogue, boundary lines, signatures over text
};

// A node of the item. Parts come in order of `index` from 0 (the outermost), parents before children.
struct Part {
  std::uint32_t index = 0;
  std::int32_t parent = -1;
  Role role = Role::attachment;
  Span span;  // the octets of the original this part owns, children left out or not; see FORMAT.md
  std::string declared_type;              // lower case "type/subtype", or empty
  std::string detected_type;              // by content, lower case, or empty
  std::string name;                       // the sender's file name, decoded; empty if none
  std::uint64_t size = 0;                 // octets after transfer decoding
  std::array<std::uint8_t, 32> sha256{};  // of those octets
  std::vector<Finding> findings;
  bool operator==(const Part&) const = default;
};

// The text a person reads: best alternatives in order, LF between lines, inline images marked, nested
// messages indented.
struct BodyText {
  std::string text;
  std::vector<Finding> findings;
  bool operator==(const BodyText&) const = default;
};

// The words of one attachment, for policy `text`.
struct PartText {
  std::uint32_t part = 0;
  std::string text;
  bool operator==(const PartText&) const = default;
};

// The sanitizer gives up on the item or, in a document's answer, on the document: a Finding with effect
// `item` or `part`.
struct Refusal {
  Finding finding = Finding::kSanitizerAnswer;
  bool operator==(const Refusal&) const = default;
};

// The answer is complete. What follows can only add findings (see Afterword).
struct End {
  bool operator==(const End&) const = default;
};

// A second opinion, said after End by a process that may die while forming it.
struct Afterword {
  Finding finding = Finding::kAmbiguousStructure;
  bool operator==(const Afterword&) const = default;
};

using Message = std::variant<MailHeader, Part, BodyText, PartText, Refusal, End, Afterword, PartContent,
                             Document, Page, Rows, Words, Converted>;

// A whole answer about one mail, as the trusted side holds it after decoding and checking.
struct MailAnswer {
  MailHeader header;
  std::vector<Part> parts;
  BodyText body;
  std::vector<PartText> part_texts;
  std::optional<Refusal> refusal;  // then nothing else is used
  std::vector<Finding> afterwords;
};

}  // namespace kiyome::clean
