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
// The channel between two hosts (service/zone); all 0 where both sides are on one.
struct ZoneCounts {
  std::uint64_t unknown_peers = 0, unfinished = 0, sessions = 0, slowed = 0;
  std::optional<std::int64_t> certificate_end_ms{};  // of our own
};
void show_certificate(Sheet& sheet, const char* name, std::optional<std::int64_t> end_ms);
void show_zone(Sheet& sheet, const ZoneCounts& counts);
void show_pages(Sheet& sheet);  // HTTP answers and signing in
// How the collector of a role's audit trail fares (service/trail).
void show_collector(Sheet& sheet, bool connected, std::uint64_t unsent);

}  // namespace kiyome::sight
