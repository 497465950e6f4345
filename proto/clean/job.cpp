#include "proto/clean/job.h"

#include <iterator>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"

namespace kiyome::clean {
namespace {

// Bit by bit, from the lowest: the options that are yes or no.
constexpr bool JobOptions::*kFlags[] = {
    &JobOptions::part_texts,    &JobOptions::any_file,       &JobOptions::contents,
    &JobOptions::pixels,        &JobOptions::words,          &JobOptions::show_hidden,
    &JobOptions::show_comments, &JobOptions::accept_changes, &JobOptions::fit_width};
constexpr std::uint32_t kVersion = 1;
constexpr std::int32_t kSignalMax = 64;  // SIGRTMAX of Linux

std::uint16_t flags_of(const JobOptions& options) {
  std::uint16_t out = 0;
  for (std::size_t i = 0; i < std::size(kFlags); ++i)
    if (options.*kFlags[i]) out = static_cast<std::uint16_t>(out | 1u << i);
  return out;
}

bool set_flags(std::uint16_t flags, JobOptions& options) {
  for (std::size_t i = 0; i < std::size(kFlags); ++i) options.*kFlags[i] = (flags >> i & 1) != 0;
  return flags >> std::size(kFlags) == 0;
}

void payload(ByteWriter& w, const JobRequest& m) {
  w.u64(m.job);
  w.u32(m.cpu_seconds);
  w.u64(m.memory_bytes);
  const JobOptions& options = m.options;
  w.u16(flags_of(options));
  w.u16(options.dpi);
  w.u32(options.pages_max);
  w.u32(options.first_page);
  w.counted(options.type);
  w.counted(options.name);
  w.u8(static_cast<std::uint8_t>(options.passwords.size()));
  for (const std::string& password : options.passwords) w.counted(password);
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
  if (!set_flags(in.u16(), out.options)) in.fail();
  out.options.dpi = in.u16();
  if (out.options.dpi < limits::kDpiMin || out.options.dpi > limits::kDpiMax) in.fail();
  out.options.pages_max = in.u32();
  if (out.options.pages_max > limits::kDocumentPages) in.fail();
  out.options.first_page = in.u32();
  if (out.options.first_page < 1 || out.options.first_page > limits::kDocumentPages) in.fail();
  out.options.type = in.counted(limits::kCleanType);
  if (!out.options.type.empty() && !is_media_type(out.options.type)) in.fail();
  out.options.name = in.counted(limits::kCleanName);
  if (!is_clean_line(out.options.name)) in.fail();
  const std::size_t passwords = in.u8();
  if (passwords > limits::kJobPasswords) in.fail();
  for (std::size_t i = 0; i < passwords && !in.failed(); ++i) {
    out.options.passwords.emplace_back(in.counted(limits::kJobPassword));
    if (!is_clean_line(out.options.passwords.back())) in.fail();
  }
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
