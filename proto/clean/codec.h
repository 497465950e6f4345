// The clean language as octets; FORMAT.md tells each field. Standard library only, no I/O; fuzzed.
// A frame is u32 length, u8 kind, payload; lengths are checked against limits.h before anything is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/result.h"
#include "proto/clean/types.h"

namespace kiyome::clean {

// Appends one frame to `out`. Used inside sanitizers: values over a limit are a bug there and are cut by the
// caller.
void encode(const Message& message, std::string& out);

// Decodes one payload (without its length) exactly: unknown kinds, enumerators, invalid UTF-8, forbidden
// characters, counts over a limit and left-over octets are Errors.
Result<Message> decode(std::string_view frame);

// Collects one sanitizer's answer from a stream of octets. Result: feed() gives an Error at the first octet
// that cannot belong to an answer; after that the answer is lost. Order: MailHeader, Part+, BodyText,
// PartText*, End, Afterword* — or, at any place before End, a single Refusal, then End. Not thread-safe.
class AnswerReader {
 public:
  explicit AnswerReader(std::uint64_t original_size) : original_size_(original_size) {}
  Result<void> feed(std::string_view octets);
  bool complete() const { return ended_; }  // End was seen and the coverage holds
  // After complete(): parts form a tree in order, references are in range, and the spans cover every octet of
  // the original.
  const MailAnswer& answer() const { return answer_; }
  MailAnswer take() { return std::move(answer_); }

 private:
  Result<void> take_message(Message message);
  Result<void> take_part(Part part);
  Result<void> take_part_text(PartText text);

  std::uint64_t original_size_;
  std::string pending_;
  std::uint64_t seen_ = 0;
  MailAnswer answer_;
  std::vector<std::uint64_t> covered_;  // of each part: up to where its children that own octets reach
  std::vector<bool> worded_;            // of each part: its PartText was seen
  bool header_seen_ = false;
  bool body_seen_ = false;
  bool ended_ = false;
  bool broken_ = false;
};

// Whether `text` may stand in the clean language: valid UTF-8, no C0 but TAB and LF, no C1, no noncharacters.
bool is_clean_text(std::string_view text);

// The same without LF: what names, types and header values must be.
bool is_clean_line(std::string_view text);

// The forms decode() asks for; a sanitizer gives an empty text instead of anything else.
bool is_media_type(
    std::string_view text);                // lower case "type/subtype" of RFC 2045 tokens, at most kCleanType
bool is_host_name(std::string_view text);  // lower-case letters, digits, ".-_", at most kCleanHostName
bool is_message_id(std::string_view text);  // "<left@right>" in printable ASCII, at most kCleanMessageId
bool is_mail_date(const Date& date);        // years 0 to 9999, zone within -99:59..+99:59

// Whether a sanitizer may say it: it never speaks about policy, loops, retries, the verifier or operators.
bool is_sayable(Finding finding);

}  // namespace kiyome::clean
