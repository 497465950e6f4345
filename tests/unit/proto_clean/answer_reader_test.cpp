#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "tests/unit/proto_clean/sample.h"

using namespace kiyome;
using namespace kiyome::clean;
using sample::part;

namespace {

// Whether the messages make a whole answer about an original of kOriginalSize octets.
bool whole(const std::vector<Message>& messages) {
  AnswerReader reader(sample::kOriginalSize);
  return reader.feed(sample::octets(messages)) && reader.complete();
}

bool whole_with_parts(std::initializer_list<Part> parts) {
  std::vector<Message> messages{MailHeader{}};
  for (const Part& each : parts) messages.emplace_back(each);
  messages.emplace_back(BodyText{});
  messages.emplace_back(End{});
  return whole(messages);
}

const Part kWhole = part(0, -1, 0, sample::kOriginalSize);

}  // namespace

TEST_CASE("answer: an answer is the same however its octets are cut") {
  const std::string octets = sample::octets(sample::answer());
  for (std::size_t step = 1; step < 40; ++step) {
    AnswerReader reader(sample::kOriginalSize);
    for (std::size_t at = 0; at < octets.size(); at += step) REQUIRE(reader.feed(octets.substr(at, step)));
    REQUIRE(reader.complete());
    const MailAnswer answer = reader.take_answer();
    CHECK(answer.header == sample::header());
    CHECK(answer.parts.size() == 4);
    CHECK(answer.body.text == "こんにちは\n");
    CHECK(answer.part_texts == std::vector{PartText{3, "表"}});
    CHECK(answer.afterwords == std::vector{Finding::kAmbiguousStructure});
    CHECK_FALSE(answer.refusal);
  }
}

TEST_CASE("answer: an answer that was cut before its end is not complete") {
  std::vector<Message> messages = sample::answer();
  messages.pop_back();  // the afterword
  const std::string octets = sample::octets(messages);
  for (std::size_t size = 0; size < octets.size(); ++size) {
    AnswerReader reader(sample::kOriginalSize);
    CHECK(reader.feed(octets.substr(0, size)));
    CHECK_FALSE(reader.complete());
  }
}

TEST_CASE("answer: each message has its place") {
  const std::vector<Message> good = sample::answer();
  CHECK(whole(good));
  for (std::size_t left_out = 0; left_out + 1 < good.size(); ++left_out) {
    std::vector<Message> messages = good;
    messages.erase(messages.begin() + static_cast<long>(left_out));
    CHECK(whole(messages) == (left_out == 6));  // only the words of a part may be missing
  }
  for (std::size_t twice = 0; twice < good.size(); ++twice) {
    std::vector<Message> messages = good;
    messages.insert(messages.begin() + static_cast<long>(twice), good[twice]);
    CHECK(whole(messages) == (twice == 8));  // only afterwords repeat
  }
  for (std::size_t swapped = 0; swapped + 1 < good.size(); ++swapped) {
    std::vector<Message> messages = good;
    std::swap(messages[swapped], messages[swapped + 1]);
    CHECK_FALSE(whole(messages));
  }
}

TEST_CASE("answer: a refusal may come at any place before the end, and only the end follows it") {
  CHECK(whole({Refusal{Finding::kLimitParts}, End{}}));
  CHECK(whole({MailHeader{}, kWhole, Refusal{Finding::kLimitParts}, End{}}));
  CHECK_FALSE(whole({Refusal{Finding::kLimitParts}}));
  CHECK_FALSE(whole({Refusal{Finding::kLimitParts}, Refusal{Finding::kLimitParts}, End{}}));
  CHECK_FALSE(whole({Refusal{Finding::kLimitParts}, MailHeader{}, End{}}));
  CHECK_FALSE(whole({MailHeader{}, kWhole, BodyText{}, End{}, Refusal{Finding::kLimitParts}}));
  CHECK_FALSE(whole({Refusal{Finding::kLimitParts}, End{}, Afterword{}}));
  CHECK_FALSE(whole({End{}}));
}

TEST_CASE("answer: afterwords are bounded") {
  std::vector<Message> messages{MailHeader{}, kWhole, BodyText{}, End{}};
  for (std::size_t i = 0; i < limits::kCleanFindings; ++i) messages.emplace_back(Afterword{});
  CHECK(whole(messages));
  messages.emplace_back(Afterword{});
  CHECK_FALSE(whole(messages));
}

TEST_CASE("answer: part 0 is the whole original") {
  CHECK(whole_with_parts({kWhole}));
  CHECK_FALSE(whole_with_parts({part(0, -1, 0, sample::kOriginalSize - 1)}));
  CHECK_FALSE(whole_with_parts({part(0, -1, 0, sample::kOriginalSize + 1)}));
  CHECK_FALSE(whole_with_parts({part(0, -1, 1, sample::kOriginalSize)}));
  CHECK_FALSE(whole_with_parts({part(0, 0, 0, sample::kOriginalSize)}));
  CHECK_FALSE(whole_with_parts({}));
  AnswerReader empty(0);
  CHECK(empty.feed(sample::octets({MailHeader{}, part(0, -1, 0, 0), BodyText{}, End{}})));
  CHECK(empty.complete());
}

TEST_CASE("answer: parts are numbered from 0 and parents come first") {
  CHECK(whole_with_parts({kWhole, part(1, 0, 10, 20), part(2, 1, 12, 15), part(3, 0, 20, 30)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(2, 0, 10, 20)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(0, 0, 10, 20)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 1, 10, 20)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 2, 10, 20), part(2, 0, 30, 40)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, -1, 10, 20)}));
}

TEST_CASE("answer: a part lies within its parent and siblings come in order without overlap") {
  CHECK(whole_with_parts({kWhole, part(1, 0, 0, 100), part(2, 0, 100, 199)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 0, 0, 100), part(2, 0, 99, 200)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 0, 100, 150), part(2, 0, 10, 20)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 0, 100, 201)}));
  CHECK(whole_with_parts({kWhole, part(1, 0, 50, 100), part(2, 1, 50, 99)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 0, 50, 100), part(2, 1, 49, 99)}));
  CHECK_FALSE(whole_with_parts({kWhole, part(1, 0, 50, 100), part(2, 1, 60, 101)}));
}

TEST_CASE("answer: derived parts share their parent's span, and so do parts derived from those") {
  CHECK(whole_with_parts(
      {kWhole, part(1, 0, 50, 100), part(2, 1, 50, 100), part(3, 1, 50, 100), part(4, 2, 50, 100)}));
  CHECK(whole_with_parts(
      {kWhole, part(1, 0, 50, 100), part(2, 1, 60, 70), part(3, 1, 50, 100), part(4, 1, 70, 80)}));
  CHECK_FALSE(whole_with_parts(
      {kWhole, part(1, 0, 50, 100), part(2, 1, 60, 70), part(3, 1, 50, 100), part(4, 1, 65, 80)}));
}

TEST_CASE("answer: words belong to a part that is there, once") {
  const std::vector<Message> start{MailHeader{}, kWhole, part(1, 0, 10, 20), BodyText{}};
  const auto with = [&](std::vector<Message> more) {
    std::vector<Message> all = start;
    all.insert(all.end(), more.begin(), more.end());
    all.emplace_back(End{});
    return whole(all);
  };
  CHECK(with({PartText{1, "a"}, PartText{0, "b"}}));
  CHECK_FALSE(with({PartText{1, "a"}, PartText{1, "b"}}));
  CHECK_FALSE(with({PartText{2, "a"}}));
}

TEST_CASE("answer: a frame's length is held against its bound before the frame is waited for") {
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{limits::kCleanFrame} + 1, std::uint64_t{0xffffffff}}) {
    AnswerReader reader(sample::kOriginalSize);
    std::string octets;
    for (int i = 0; i < 4; ++i) octets += static_cast<char>(length >> (8 * i));
    CHECK_FALSE(reader.feed(octets));
    CHECK_FALSE(reader.feed(""));  // lost for good
  }
  AnswerReader reader(sample::kOriginalSize);
  std::string octets;
  for (int i = 0; i < 4; ++i) octets += static_cast<char>(limits::kCleanFrame >> (8 * i));
  CHECK(reader.feed(octets));
}

TEST_CASE("answer: a whole answer is bounded") {
  AnswerReader reader(sample::kOriginalSize);
  REQUIRE(
      reader.feed(sample::octets({MailHeader{}, kWhole, part(1, 0, 1, 2), part(2, 0, 2, 3), BodyText{}})));
  std::string large;
  encode(PartText{0, std::string(limits::kCleanText, 'a')}, large);
  bool refused = false;
  for (std::size_t fed = 0; fed < limits::kCleanAnswer + large.size() && !refused; fed += large.size())
    refused = !reader.feed(large);
  CHECK(refused);
}

TEST_CASE("answer reader: octets of parts come whole and in order, and only to one who asked") {
  const auto part = [](std::uint32_t index, std::uint64_t size) {
    Part out;
    out.index = index;
    out.parent = index == 0 ? -1 : 0;
    out.span = {0, 10};
    out.size = size;
    return out;
  };
  const auto reads = [&](const std::vector<PartContent>& contents, bool asked = true) {
    std::string heard;
    AnswerReader reader(10,
                        asked ? ContentSink([&](std::uint32_t, std::string_view octets) { heard += octets; })
                              : ContentSink());
    std::vector<Message> messages{MailHeader{}, part(0, 10), part(1, 4), part(2, 2), BodyText{}};
    messages.insert(messages.end(), contents.begin(), contents.end());
    messages.emplace_back(End{});
    std::string octets;
    for (const Message& message : messages) encode(message, octets);
    return reader.feed(octets) && reader.complete() ? heard : "refused";
  };
  CHECK(reads({{1, "ab"}, {1, "cd"}, {2, "ef"}}) == "abcdef");
  CHECK(reads({{2, "ef"}}) == "ef");
  CHECK(reads({}).empty());
  CHECK(reads({{1, "abcd"}}, false) == "refused");
  CHECK(reads({{1, "ab"}, {2, "ef"}}) == "refused");
  CHECK(reads({{1, "abc"}}) == "refused");
  CHECK(reads({{1, "abcde"}}) == "refused");
  CHECK(reads({{2, "ef"}, {1, "abcd"}}) == "refused");
  CHECK(reads({{3, "x"}}) == "refused");
}
