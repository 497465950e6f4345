// A whole mail (or what may be one) through the mail sanitizer, with its second chance.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "service/base/config.h"
#include "service/document/content.h"
#include "service/workers/pool.h"

namespace kiyome::document {

workers::Bounds mail_bounds(const CleanerConfig& config, std::uint64_t size);

struct MailReading {
  workers::JobEnd end;
  std::optional<clean::MailAnswer> answer;  // when it is good
  std::map<std::uint32_t, Content>
      contents;  // sealed octets of its parts, when options.contents asks for them
};

// The sandbox gets a second chance (a machine may have hiccups); `failed` hears of each that did not do,
// counted from 1. Throws TemporaryFailure when no sanitizer is ready.
MailReading read_mail(workers::Pool& pool, int input, std::uint64_t size, const clean::JobOptions& options,
                      const CleanerConfig& config,
                      const std::function<void(const workers::JobEnd&, unsigned attempt)>& failed = {});

}  // namespace kiyome::document
