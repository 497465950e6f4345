// The sections of the console, of recipients' requests, digests and the audit trail. For config.cpp alone.
#pragma once

#include <filesystem>

#include "service/base/config.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {

void read_console(Mistakes& mistakes, Section section, ConsoleConfig& into);
void read_request(Section section, RequestConfig& into);
void read_digest(Section section, DigestConfig& into);
void read_audit(Section section, AuditConfig& into, const std::filesystem::path& folder);

}  // namespace kiyome::config_reading
