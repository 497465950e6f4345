#include "proto/clean/job.h"

#include "proto/base/bytes.h"

namespace kiyome::clean {
namespace {

constexpr std::uint8_t kPartTexts = 1;
constexpr std::uint8_t kAnyFile = 2;
constexpr std::uint32_t kVersion = 1;
constexpr std::int32_t kSignalMax = 64;  // SIGRTMAX of Linux

void payload(ByteWriter& w, const JobRequest& m) {
  w.u64(m.job);
  w.u32(m.cpu_seconds);
  w.u64(m.memory_bytes);
  w.u8(static_cast<std::uint8_t>((m.options.part_texts ? kPartTexts : 0) |
                                 (m.options.any_file ? kAnyFile : 0)));
}
void payload(ByteWriter& w, const JobKill& m) { w.u64(m.job); }
void payload(ByteWriter& w, const Ready& m) { w.u32(m.version); }
void payload(ByteWriter& w, const JobEnded& m) {
  w.u64(m.job);
  w.u32(static_cast<std::uint32_t>(m.exit_code));
  w.u32(static_cast<std::uint32_t>(m.signal));
}

JobRequest request(ByteReader& in) {
  JobRequest out;
  out.job = in.u64();
  out.cpu_seconds = in.u32();
  out.memory_bytes = in.u64();
  const std::uint8_t options = in.u8();
  if ((options & ~(kPartTexts | kAnyFile)) != 0) in.fail();
  out.options.part_texts = (options & kPartTexts) != 0;
  out.options.any_file = (options & kAnyFile) != 0;
  return out;
}

Ready ready(ByteReader& in) {
  const Ready out{in.u32()};
  if (out.version != kVersion) in.fail();
  return out;
}

JobEnded ended(ByteReader& in) {
  JobEnded out;
  out.job = in.u64();
  out.exit_code = static_cast<std::int32_t>(in.u32());
  out.signal = static_cast<std::int32_t>(in.u32());
  const bool exited = out.signal == 0 && out.exit_code >= 0 && out.exit_code <= 255;
  const bool signalled = out.signal > 0 && out.signal <= kSignalMax && out.exit_code == -1;
  if (!exited && !signalled) in.fail();
  return out;
}

}  // namespace

std::string encode_job(const JobMessage& message) {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(message.index() + 1));
  std::visit([&w](const auto& value) { payload(w, value); }, message);
  return w.take();
}

Result<JobMessage> decode_job(std::string_view datagram) {
  ByteReader in(datagram);
  JobMessage out;
  switch (in.u8()) {
    case 1:
      out = request(in);
      break;
    case 2:
      out = JobKill{in.u64()};
      break;
    case 3:
      out = ready(in);
      break;
    case 4:
      out = ended(in);
      break;
    default:
      return failure("an unknown job message");
  }
  if (!in.done()) return failure("a job message of a wrong form", in.offset());
  return out;
}

}  // namespace kiyome::clean
