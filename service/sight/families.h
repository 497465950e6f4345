// The meters of service/base/meters.h under their names: each role shows those that it counts with.
#pragma once

#include <optional>

#include "service/sight/sheet.h"

namespace kiyome::sight {

inline constexpr std::array kAnswerClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};

void show_smtp(Sheet& sheet);
void show_taken(Sheet& sheet);
void show_commits(Sheet& sheet, const char* store, const meters::Commits& commits);
void show_cleaning(Sheet& sheet);
void show_sandboxes(Sheet& sheet);
void show_gate(Sheet& sheet);
void show_certificate(Sheet& sheet, const char* name, std::optional<std::int64_t> end_ms);
void show_zone(Sheet& sheet, const meters::ZoneCounts& counts);
void show_pages(Sheet& sheet);  // HTTP answers and signing in
// Nothing while none is configured.
void show_collector(Sheet& sheet, const std::optional<meters::Collector>& collector);

}  // namespace kiyome::sight
