// Replies of a hostile server: however the octets are cut, the same replies come out, and every bound holds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/smtp/reply_parser.h"

using namespace kiyome;
using namespace kiyome::smtp;

namespace {

std::string read(std::string_view octets, std::size_t piece) {
  ReplyParser parser;
  std::string seen;
  while (!octets.empty()) {
    std::string_view part = octets.substr(0, piece);
    octets.remove_prefix(part.size());
    while (!part.empty()) {
      const ReplyParser::Step step = parser.step(part);
      if (step == ReplyParser::Step::garbage) return seen + "garbage";
      if (step == ReplyParser::Step::need_input) KIYOME_CHECK(part.empty());
      if (step != ReplyParser::Step::reply) continue;
      const Reply& reply = parser.reply();
      KIYOME_CHECK(reply.code >= 200 && reply.code < 600);
      KIYOME_CHECK(!reply.lines.empty() && reply.lines.size() <= limits::kSmtpReplyLines);
      KIYOME_CHECK(reply.status.status_class == 0 || reply.status.status_class == reply.code / 100);
      KIYOME_CHECK(reply.shown().size() <= 400);
      for (const std::string& line : reply.lines) {
        KIYOME_CHECK(line.size() <= limits::kSmtpReplyLine);
        seen += std::to_string(reply.code) + line + "\n";
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  KIYOME_CHECK(read(octets, octets.size() + 1) == read(octets, 1u + data[0] % 16));
  return 0;
}
