// Collects one answer: order, tree, references and coverage. FORMAT.md tells the rules under "An answer".
#include <algorithm>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"

namespace kiyome::clean {

Result<void> AnswerReader::feed(std::string_view octets) {
  if (broken_) return failure("the answer is already lost");
  broken_ = true;  // until all went well
  if (octets.size() > limits::kCleanAnswer - seen_) return failure("an answer is too large", seen_);
  seen_ += octets.size();
  pending_ += octets;

  std::size_t at = 0;
  while (pending_.size() - at >= sizeof(std::uint32_t)) {
    const std::string_view rest = std::string_view(pending_).substr(at);
    const std::uint64_t where = seen_ - rest.size();
    const std::uint32_t length = ByteReader(rest).u32();
    if (length == 0 || length > limits::kCleanFrame) return failure("a frame of a forbidden length", where);
    if (rest.size() - sizeof length < length) break;
    Result<Message> message = decode(rest.substr(sizeof length, length));
    if (!message) return failure(message.error().what, where + sizeof length + message.error().offset);
    if (Result<void> taken = take_message(std::move(*message)); !taken)
      return failure(taken.error().what, where);
    at += sizeof length + length;
  }
  pending_.erase(0, at);
  broken_ = false;
  return {};
}

Result<void> AnswerReader::take_message(Message message) {
  if (ended_) {
    const auto* word = std::get_if<Afterword>(&message);
    if (!word) return failure("only afterwords may follow the end");
    if (answer_.refusal) return failure("nothing follows a refusal's end");
    if (answer_.afterwords.size() == limits::kCleanFindings) return failure("too many afterwords");
    answer_.afterwords.push_back(word->finding);
    return {};
  }
  if (std::holds_alternative<Afterword>(message)) return failure("an afterword before the end");
  if (std::holds_alternative<End>(message)) {
    if (!answer_.refusal && !body_seen_) return failure("the answer ends before its body text");
    ended_ = true;
    return {};
  }
  if (answer_.refusal) return failure("only the end may follow a refusal");
  if (const auto* refusal = std::get_if<Refusal>(&message)) {
    answer_.refusal = *refusal;
    return {};
  }
  if (auto* header = std::get_if<MailHeader>(&message)) {
    if (header_seen_) return failure("a second mail header");
    header_seen_ = true;
    answer_.header = std::move(*header);
    return {};
  }
  if (!header_seen_) return failure("the mail header comes first");
  if (auto* part = std::get_if<Part>(&message)) return take_part(std::move(*part));
  if (auto* text = std::get_if<PartText>(&message)) return take_part_text(std::move(*text));
  if (body_seen_) return failure("a second body text");
  if (answer_.parts.empty()) return failure("a body text without a part");
  body_seen_ = true;
  answer_.body = std::move(std::get<BodyText>(message));
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
  if (worded_[text.part]) return failure("words of a part twice");
  worded_[text.part] = true;
  answer_.part_texts.push_back(std::move(text));
  return {};
}

}  // namespace kiyome::clean
