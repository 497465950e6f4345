#include "service/review/wire.h"

#include <map>
#include <utility>
#include <vector>

#include "proto/base/bytes.h"
#include "service/base/sockets.h"

namespace kiyome::review {
namespace {

constexpr std::size_t kText = 4096;  // of one value: a browser's whole target has as many
constexpr std::size_t kPairs = limits::kHttpQueryFields;  // of a path, a query, a refusal's headers
constexpr std::uint8_t kReplyKind = 1, kProblemKind = 2;

template <class Map>
void put_pairs(ByteWriter& w, const Map& pairs) {
  w.u16(static_cast<std::uint16_t>(pairs.size()));
  for (const auto& [name, value] : pairs) {
    w.counted(name);
    w.counted(value);
  }
}

std::map<std::string, std::string> pairs(ByteReader& in) {
  std::map<std::string, std::string> out;
  const std::size_t count = in.u16();
  if (count > kPairs) in.fail();
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    std::string name(in.counted(kText));
    std::string value(in.counted(kText));
    if (!out.emplace(std::move(name), std::move(value)).second) in.fail();  // said twice
  }
  return out;
}

template <class Payload>
std::string framed(Payload&& payload) {
  ByteWriter w;
  const std::size_t length = w.u32_later();
  payload(w);
  w.set_u32(length, static_cast<std::uint32_t>(w.bytes().size() - sizeof(std::uint32_t)));
  return w.take();
}

std::string text(ByteReader& in) { return std::string(in.counted(kText)); }

template <class T>
Result<T> whole(const ByteReader& in, T&& value) {
  if (!in.done()) return failure("review: a frame that is not exactly its fields", in.offset());
  return std::forward<T>(value);
}

Reply reply(ByteReader& in) {
  Reply out;
  out.status = in.u16();
  // A refusal that tells more than a problem's members is a reply, too; never a redirection.
  if (out.status < 200 || (out.status > 299 && out.status < 400) || out.status > 599) in.fail();
  out.type = text(in);
  out.file_name = text(in);
  out.content = in.counted(limits::kReviewReply);
  return out;
}

http::Problem problem(ByteReader& in) {
  http::Problem out;
  out.status = in.u16();
  if (out.status < 400 || out.status > 599) in.fail();
  out.code = text(in);
  out.title = text(in);
  const std::size_t count = in.u16();
  if (count > limits::kJsonFaults) in.fail();
  for (std::size_t i = 0; i < count && !in.failed(); ++i) out.fields.push_back(text(in));
  out.headers = pairs(in);
  return out;
}

}  // namespace

std::string encode(const Call& call) {
  return framed([&](ByteWriter& w) {
    w.counted(call.operation);
    for (const std::string* each :
         {&call.actor.login, &call.actor.name, &call.actor.mail, &call.actor.tenant, &call.actor.client})
      w.counted(*each);
    w.u32(call.actor.roles);
    w.u8(call.actor.program ? 1 : 0);
    put_pairs(w, call.path);
    put_pairs(w, call.query);
    w.counted(call.body);
  });
}

Result<Call> decode_call(std::string_view payload) {
  ByteReader in(payload);
  Call out;
  out.operation = text(in);
  for (std::string* each :
       {&out.actor.login, &out.actor.name, &out.actor.mail, &out.actor.tenant, &out.actor.client})
    *each = text(in);
  out.actor.roles = in.u32();
  const std::uint8_t program = in.u8();
  if (program > 1) in.fail();
  out.actor.program = program == 1;
  out.path = pairs(in);
  out.query = pairs(in);
  out.body = in.counted(limits::kReviewCall);
  return whole(in, std::move(out));
}

std::string encode(const Answer& answer) {
  return framed([&](ByteWriter& w) {
    if (const auto* given = std::get_if<Reply>(&answer)) {
      w.u8(kReplyKind);
      w.u16(static_cast<std::uint16_t>(given->status));
      w.counted(given->type);
      w.counted(given->file_name);
      w.counted(given->content);
      return;
    }
    const auto& refused = std::get<http::Problem>(answer);
    w.u8(kProblemKind);
    w.u16(static_cast<std::uint16_t>(refused.status));
    w.counted(refused.code);
    w.counted(refused.title);
    const std::size_t count = std::min(refused.fields.size(), limits::kJsonFaults);
    w.u16(static_cast<std::uint16_t>(count));
    for (std::size_t i = 0; i < count; ++i) w.counted(refused.fields[i]);
    put_pairs(w, refused.headers);
  });
}

Result<Answer> decode_answer(std::string_view payload) {
  ByteReader in(payload);
  const std::uint8_t kind = in.u8();
  if (kind == kReplyKind) {
    Answer out = reply(in);
    return whole(in, std::move(out));
  }
  if (kind != kProblemKind) in.fail();
  Answer out = problem(in);
  return whole(in, std::move(out));
}

bool read_frame(int fd, std::string& payload, std::size_t max, Steady::time_point deadline) {
  constexpr std::size_t kHead = sizeof(std::uint32_t);
  constexpr std::size_t kRead = 256u << 10;
  std::string octets;
  std::size_t wanted = kHead;
  while (octets.size() < wanted) {
    // Never more than this frame: what follows is the next one's.
    if (read_some(fd, octets, std::min(wanted - octets.size(), kRead), deadline) <= 0) return false;
    if (octets.size() != kHead || wanted != kHead) continue;
    const std::size_t length = ByteReader(octets).u32();
    if (length > max) return false;
    wanted += length;
  }
  payload = octets.substr(kHead);
  return true;
}

}  // namespace kiyome::review
