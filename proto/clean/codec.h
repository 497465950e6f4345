// The clean language as octets; FORMAT.md tells each field. Standard library only, no I/O; fuzzed.
// A frame is u32 length, u8 kind, payload; lengths are checked against limits.h before anything is kept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

// One sanitizer's answer as a stream of octets. Result: feed() gives an Error at the first octet that cannot
// belong to an answer; after that the answer is lost. Not thread-safe.
class Reader {
 public:
  virtual ~Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<void> feed(std::string_view octets);
  bool complete() const { return ended_; }  // End was seen and everything before it fits
  const std::optional<Refusal>& refusal() const { return refusal_; }  // then nothing else counts

 protected:
  explicit Reader(std::uint64_t octets_max) : octets_max_(octets_max) {}
  // A message before End that is no Refusal; and whether the answer may end here.
  virtual Result<void> take(Message message) = 0;
  virtual Result<void> end() = 0;
  virtual Result<void> take_afterword(Finding finding);
  bool broken() const { return broken_; }

 private:
  Result<void> take_message(Message message);

  std::uint64_t octets_max_;
  std::uint64_t seen_ = 0;
  std::string pending_;
  std::optional<Refusal> refusal_;
  bool ended_ = false;
  bool broken_ = false;
};

// Where the octets of parts go: foreign bytes, to be kept for the next sandbox and looked at by nobody.
using ContentSink = std::function<void(std::uint32_t part, std::string_view octets)>;

// An answer about a mail or an archive. Order: MailHeader, Part+, BodyText, PartText*, PartContent*, End,
// Afterword* — or, at any place before End, a single Refusal, then End.
class AnswerReader : public Reader {
 public:
  // Without a sink an answer with PartContent is refused.
  explicit AnswerReader(std::uint64_t original_size, ContentSink sink = {});
  // After complete(), once: parts form a tree in order, references are in range, and the spans cover every
  // octet of the original. Every part's content is whole or not there.
  MailAnswer take_answer();

 protected:
  Result<void> take(Message message) override;
  Result<void> end() override;
  Result<void> take_afterword(Finding finding) override;

 private:
  Result<void> take_part(Part part);
  Result<void> take_part_text(PartText text);
  Result<void> take_content(const PartContent& content);
  bool content_is_whole() const;

  std::uint64_t original_size_;
  ContentSink sink_;
  MailAnswer answer_;
  std::vector<std::uint64_t> covered_;  // of each part: up to where its children that own octets reach
  std::vector<bool> worded_;            // of each part: its PartText was seen
  bool header_seen_ = false;
  bool body_seen_ = false;
  std::optional<std::uint32_t> content_part_;  // whose octets came last
  std::uint64_t content_octets_ = 0;           // of that part so far
};

// What a document's answer says, as it comes. The views are gone after the call.
class DocumentHandler {
 public:
  virtual ~DocumentHandler() = default;
  virtual void document(const Document& document) = 0;
  virtual void page(const Page& page) = 0;
  virtual void rows(std::string_view octets) = 0;  // whole rows of the last page
  virtual void words(const Words& words) = 0;      // of the last page, after its last row
  virtual void converted(std::string_view octets) = 0;
};

// An answer about a document. Order: Document, (Page, Rows+, Words?)*, End; or Document, Converted*, End; a
// Refusal as above. A page's rows are exactly its pixels; boxes of words lie within the page; there are no
// more pages than the document says.
class DocumentReader : public Reader {
 public:
  explicit DocumentReader(DocumentHandler& handler);
  std::uint32_t pages() const { return pages_; }

 protected:
  Result<void> take(Message message) override;
  Result<void> end() override;

 private:
  Result<void> take_page(const Page& page);
  Result<void> take_rows(const Rows& rows);
  Result<void> take_words(const Words& words);
  Result<void> take_converted(const Converted& converted);

  DocumentHandler& handler_;
  std::optional<Document> document_;
  std::optional<Page> page_;
  std::uint64_t row_octets_ = 0;   // of one row of the page
  std::uint64_t octets_left_ = 0;  // of the page's pixels
  std::uint64_t converted_ = 0;
  std::uint32_t pages_ = 0;
  bool worded_ = false;
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
