// Any octets as what console and cleaner say to each other: what decodes is bounded, and encodes to the same
// call or answer again. The first octet says which of both.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "service/review/wire.h"

using namespace kiyome;
using namespace kiyome::review;

namespace {

void check_call(std::string_view payload) {
  const Result<Call> call = decode_call(payload);
  if (!call) return;
  KIYOME_CHECK(call->body.size() <= limits::kReviewCall);
  KIYOME_CHECK(call->path.size() <= limits::kHttpQueryFields &&
               call->query.size() <= limits::kHttpQueryFields);
  const std::string again = encode(*call);
  const Result<Call> twice = decode_call(std::string_view(again).substr(4));
  // Pairs may have come in another order; once in order they stay as they are.
  KIYOME_CHECK(twice && encode(*twice) == again && again.size() == payload.size() + 4);
}

void check_answer(std::string_view payload) {
  const Result<Answer> answer = decode_answer(payload);
  if (!answer) return;
  if (const auto* reply = std::get_if<Reply>(&*answer))
    KIYOME_CHECK(reply->status >= 200 && reply->status <= 599 && reply->status / 100 != 3 &&
                 reply->content.size() <= limits::kReviewReply);
  else
    KIYOME_CHECK(std::get<http::Problem>(*answer).status >= 400 &&
                 std::get<http::Problem>(*answer).fields.size() <= limits::kJsonFaults);
  const std::string again = encode(*answer);
  const Result<Answer> twice = decode_answer(std::string_view(again).substr(4));
  KIYOME_CHECK(twice && encode(*twice) == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0)
    check_call(payload);
  else
    check_answer(payload);
  return 0;
}
