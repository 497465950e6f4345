#include "service/document/mail_reading.h"

#include "service/base/errors.h"

namespace kiyome::document {

workers::Bounds mail_bounds(const CleanerConfig& config, std::uint64_t size) {
  workers::Bounds bounds;
  bounds.wall_ms = config.mail_seconds * 1000;
  bounds.cpu_seconds = limits::kMailJobCpuSeconds;
  bounds.memory_bytes = limits::kMailJobMemory + 2 * size;
  return bounds;
}

MailReading read_mail(workers::Pool& pool, int input, std::uint64_t size, const clean::JobOptions& options,
                      const CleanerConfig& config,
                      const std::function<void(const workers::JobEnd&, unsigned attempt)>& failed) {
  MailReading out;
  clean::ContentSink keep;
  if (options.contents)
    keep = [&](std::uint32_t part, std::string_view octets) { out.contents[part].append(octets); };
  std::optional<clean::AnswerReader> reader;
  for (unsigned attempt = 1; attempt <= limits::kJobAttempts; ++attempt) {
    out.contents.clear();
    reader.emplace(size, keep);
    out.end = pool.run(input, options, mail_bounds(config, size), *reader);
    if (out.end.unavailable) throw TemporaryFailure("no sanitizer is ready: see `kiyome selftest`");
    if (!workers::worth_another_try(out.end)) break;
    if (failed) failed(out.end, attempt);
  }
  if (!out.end.good()) return out;
  for (auto& [part, content] : out.contents) content.seal();
  out.answer = reader->take_answer();
  return out;
}

}  // namespace kiyome::document
