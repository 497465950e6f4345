// Any stream: the first two octets choose the original's size and how the stream is cut; a complete answer
// keeps its promises. Lengths are made for the fuzzer: it writes u8 lengths, which become frames, so that it
// gets beyond the first one.
#include "proto/base/check.h"
#include "proto/clean/codec.h"

using namespace kiyome::clean;

namespace {

void check(const MailAnswer& answer, std::uint64_t size) {
  if (answer.refusal) return;
  KIYOME_CHECK(!answer.parts.empty() && (answer.parts[0].span == Span{0, size}));
  for (std::size_t i = 1; i < answer.parts.size(); ++i) {
    const Part& part = answer.parts[i];
    KIYOME_CHECK(part.index == i && part.parent >= 0 && static_cast<std::size_t>(part.parent) < i);
    const Span& outer = answer.parts[static_cast<std::size_t>(part.parent)].span;
    KIYOME_CHECK(part.span.begin <= part.span.end && part.span.begin >= outer.begin &&
                 part.span.end <= outer.end);
    for (std::size_t j = 1; j < i; ++j) {
      const Part& other = answer.parts[j];
      if (other.parent != part.parent || other.span == outer || part.span == outer) continue;
      KIYOME_CHECK(other.span.end <= part.span.begin);
    }
  }
  for (const PartText& text : answer.part_texts)
    KIYOME_CHECK(text.part < answer.parts.size() && is_clean_text(text.text));
  KIYOME_CHECK(is_clean_text(answer.body.text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint64_t original = data[0];
  const std::size_t step = data[1] % 64u + 1u;
  std::string stream;
  for (std::size_t i = 2; i < size;) {
    const std::size_t length = data[i++];
    const std::size_t there = std::min(length, size - i);
    for (int octet = 0; octet < 4; ++octet) stream += static_cast<char>(length >> (8 * octet));
    stream.append(reinterpret_cast<const char*>(data) + i, there);
    i += there;
  }
  AnswerReader reader(original);
  for (std::size_t at = 0; at < stream.size(); at += step)
    if (!reader.feed(std::string_view(stream).substr(at, step))) return 0;
  if (reader.complete()) check(reader.take_answer(), original);
  return 0;
}
