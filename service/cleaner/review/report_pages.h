// The monthly report as an office document (flat ODF) of our own writing: tables and bars out of figures. It
// is rendered like any file from outside, in the sandbox, and composed to a clean PDF; so what stands in it
// may be hostile text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/cleaner/review/overview.h"
#include "service/cleaner/review/self_check.h"

namespace kiyome::cleaner {

struct ReportFacts {
  std::string month;      // "2026-11"
  std::string authority;  // whose service this is; may be empty
  std::string scope;      // tenant; empty: all
  std::int64_t made_ms = 0;
  Figures figures, before;  // of the month, and of the one before it
  Storage storage;
  std::vector<Clause> clauses;
};

std::string report_pages(const ReportFacts& facts);

}  // namespace kiyome::cleaner
