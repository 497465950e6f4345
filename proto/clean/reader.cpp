// Octets → frames → messages, for answers of every kind: bounds, the one refusal, the end.
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"

namespace kiyome::clean {

Result<void> Reader::feed(std::string_view octets) {
  if (broken_) return failure("the answer is already lost");
  broken_ = true;  // until all went well
  if (octets.size() > octets_max_ - seen_) return failure("an answer is too large", seen_);
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

Result<void> Reader::take_message(Message message) {
  if (ended_) {
    const auto* word = std::get_if<Afterword>(&message);
    if (!word) return failure("only afterwords may follow the end");
    if (refusal_) return failure("nothing follows a refusal's end");
    return take_afterword(word->finding);
  }
  if (std::holds_alternative<Afterword>(message)) return failure("an afterword before the end");
  if (std::holds_alternative<End>(message)) {
    if (Result<void> fits = refusal_ ? Result<void>{} : end(); !fits) return fits;
    ended_ = true;
    return {};
  }
  if (refusal_) return failure("only the end may follow a refusal");
  if (const auto* refusal = std::get_if<Refusal>(&message)) {
    refusal_ = *refusal;
    return {};
  }
  return take(std::move(message));
}

Result<void> Reader::take_afterword(Finding) { return failure("nothing follows the end of a document"); }

}  // namespace kiyome::clean
