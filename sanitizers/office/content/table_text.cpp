#include "sanitizers/office/content/table_text.h"

#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::office {
namespace {

// How often each separator stands outside quotes in the first records.
char likely_separator(std::string_view text) {
  constexpr std::array<char, 4> kSeparators = {',', '\t', ';', '|'};
  std::array<std::size_t, 4> counts{};
  bool quoted = false;
  for (const char c : text.substr(0, limits::kGuessOctets)) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    for (std::size_t i = 0; i < kSeparators.size(); ++i) counts[i] += c == kSeparators[i];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return *most == 0 ? ',' : kSeparators[static_cast<std::size_t>(most - counts.begin())];
}

// The most fields of any record, at most kTableColumns; `end` is where the last record ends that a sheet has
// a row for.
std::size_t columns_of(std::string_view text, char separator, std::size_t& end) {
  std::size_t most = 1, fields = 1, records = 0;
  bool quoted = false;
  end = text.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') quoted = !quoted;
    if (!quoted && c == separator) most = std::max(most, ++fields);
    if (!quoted && c == '\n') {
      fields = 1;
      if (++records == limits::kTableRows) {
        end = at + 1;
        break;
      }
    }
  }
  return std::min(most, limits::kTableColumns);
}

}  // namespace

TableText table_text(std::string_view octets, bool tabs) {
  text::Text decoded = text::decode(octets, "");
  TableText out{std::move(decoded.utf8), {}, std::move(decoded.findings)};
  const char separator = tabs ? '\t' : likely_separator(out.utf8);
  std::size_t end = 0;
  const std::size_t columns = columns_of(out.utf8, separator, end);
  if (end < out.utf8.size()) {
    out.utf8.resize(end);
    out.findings.push_back(clean::Finding::kPagesCut);
  }
  // Separator, quote, charset (76: UTF-8), first line, format of each column (2: text), language, quoted
  // field as text, special numbers.
  out.filter_options = std::to_string(static_cast<int>(separator)) + ",34,76,1,";
  for (std::size_t column = 1; column <= columns; ++column)
    out.filter_options += (column == 1 ? "" : "/") + std::to_string(column) + "/2";
  out.filter_options += ",0,true,false";
  return out;
}

}  // namespace kiyome::sanitizer::office
