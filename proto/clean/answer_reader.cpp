// Collects one answer: order, tree, references and coverage. FORMAT.md tells the rules under "An answer".
#include <algorithm>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"

namespace kiyome::clean {

AnswerReader::AnswerReader(std::uint64_t original_size, ContentSink sink)
    : Reader(limits::kCleanAnswer + (sink ? limits::kContentOctets : 0)),
      original_size_(original_size),
      sink_(std::move(sink)) {}

MailAnswer AnswerReader::take_answer() {
  answer_.refusal = refusal();
  return std::move(answer_);
}

Result<void> AnswerReader::take_afterword(Finding finding) {
  if (answer_.afterwords.size() == limits::kCleanFindings) return failure("too many afterwords");
  answer_.afterwords.push_back(finding);
  return {};
}

Result<void> AnswerReader::end() {
  if (!body_seen_) return failure("the answer ends before its body text");
  if (!content_is_whole()) return failure("the answer ends within a part's octets");
  return {};
}

Result<void> AnswerReader::take(Message message) {
  if (auto* header = std::get_if<MailHeader>(&message)) {
    if (header_seen_) return failure("a second mail header");
    header_seen_ = true;
    answer_.header = std::move(*header);
    return {};
  }
  if (!header_seen_) return failure("the mail header comes first");
  if (auto* part = std::get_if<Part>(&message)) return take_part(std::move(*part));
  if (auto* text = std::get_if<PartText>(&message)) return take_part_text(std::move(*text));
  if (const auto* content = std::get_if<PartContent>(&message)) return take_content(*content);
  auto* const body = std::get_if<BodyText>(&message);
  if (!body) return failure("a message that no answer about a mail has");
  if (body_seen_) return failure("a second body text");
  if (answer_.parts.empty()) return failure("a body text without a part");
  body_seen_ = true;
  answer_.body = std::move(*body);
  return {};
}

// The coverage rule: part 0 is the whole original; a part lies within its parent; a part whose span is its
// parent's is derived (made of decoded content) and stands outside the order; the others come in order and do
// not overlap.
Result<void> AnswerReader::take_part(Part part) {
  if (body_seen_) return failure("a part after the body text");
  if (part.index != answer_.parts.size()) return failure("parts are not numbered in order");
  if (part.index == 0) {
    if (part.parent != -1) return failure("the first part has no parent");
    if (part.span != Span{0, original_size_}) return failure("the first part is not the whole original");
  } else {
    if (part.parent < 0 || static_cast<std::uint32_t>(part.parent) >= part.index)
      return failure("a parent comes first");
    const auto parent = static_cast<std::size_t>(part.parent);
    const Span& outer = answer_.parts[parent].span;
    if (part.span.begin < outer.begin || part.span.end > outer.end)
      return failure("a part lies outside its parent");
    if (part.span != outer) {
      if (part.span.begin < covered_[parent]) return failure("parts overlap or are out of order");
      covered_[parent] = part.span.end;
    }
  }
  covered_.push_back(part.span.begin);
  worded_.push_back(false);
  answer_.parts.push_back(std::move(part));
  return {};
}

Result<void> AnswerReader::take_part_text(PartText text) {
  if (!body_seen_) return failure("words of a part before the body text");
  if (text.part >= answer_.parts.size()) return failure("words of a part that is not there");
  if (content_part_) return failure("words of a part after octets");
  if (worded_[text.part]) return failure("words of a part twice");
  worded_[text.part] = true;
  answer_.part_texts.push_back(std::move(text));
  return {};
}

bool AnswerReader::content_is_whole() const {
  return !content_part_ || content_octets_ == answer_.parts[*content_part_].size;
}

// Part after part in their order, each whole before the next begins.
Result<void> AnswerReader::take_content(const PartContent& content) {
  if (!sink_) return failure("octets that nobody asked for");
  if (!body_seen_) return failure("octets of a part before the body text");
  if (content.part >= answer_.parts.size()) return failure("octets of a part that is not there");
  if (content_part_ != content.part) {
    if (!content_is_whole()) return failure("a part's octets are not whole");
    if (content_part_ && content.part < *content_part_) return failure("octets out of order");
    content_part_ = content.part;
    content_octets_ = 0;
  }
  if (content.octets.size() > answer_.parts[content.part].size - content_octets_)
    return failure("more octets than the part has");
  content_octets_ += content.octets.size();
  sink_(content.part, content.octets);
  return {};
}

}  // namespace kiyome::clean
