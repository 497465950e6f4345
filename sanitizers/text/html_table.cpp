// Layout or data? A guess from the cells' texts; both ways no text is lost.
#include "sanitizers/text/html_table.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr std::size_t kRowOctets = 600;  // a row of data that is longer reads better as lines
constexpr std::size_t kJoinedLines = 4;  // lines of a cell that still fit into a row, joined by " / "

std::string_view body(const TableCell& cell) {
  std::string_view text = cell.text;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

std::size_t lines_of(std::string_view text) {
  return text.empty() ? 0 : static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

struct RowShape {
  std::size_t filled = 0, octets = 0, lines_max = 0;
};

RowShape shape(const std::vector<TableCell>& row) {
  RowShape out;
  for (const TableCell& cell : row) {
    const std::string_view text = body(cell);
    if (text.empty()) continue;
    ++out.filled;
    out.octets += text.size();
    out.lines_max = std::max(out.lines_max, lines_of(text));
  }
  return out;
}

// The cells of a row in one line; empty cells keep their place between filled ones when `keep_empty`.
std::string joined(const std::vector<TableCell>& row, bool keep_empty) {
  std::string line;
  std::size_t owed = 0;
  bool first = true;
  for (const TableCell& cell : row) {
    const std::string_view text = body(cell);
    owed += cell.gap;
    if (text.empty()) {
      ++owed;
      continue;
    }
    if (!first || (keep_empty && owed != 0)) {
      if (keep_empty)
        for (; owed > (first ? 1u : 0u); --owed) line += first ? "| " : " |";
      // "件名: …" reads better without a bar.
      const bool labelled = !first && owed == 0 && (line.ends_with(':') || line.ends_with("："));
      line += first ? "| " : labelled ? " " : " | ";
    }
    owed = 0;
    first = false;
    for (const char c : text) {
      if (c == '\n') {
        if (!line.ends_with(" / ")) line += " / ";
      } else {
        line += c;
      }
    }
  }
  return line;
}

void write_cells(const std::vector<TableCell>& row, Lines& out) {
  for (const TableCell& cell : row) {
    if (body(cell).empty()) continue;
    out.whole_lines(cell.text);
  }
}

// Tells each cell how many columns cells of several columns or rows take before it. Beyond kHtmlSpan columns
// nobody reaches. Result: the columns of the widest row.
std::size_t lay_out_spans(Table& table) {
  std::array<unsigned, limits::kHtmlSpan> reached{};  // rows still to come that a cell above takes, by column
  std::size_t widest = 0;
  for (auto& row : table.rows) {
    std::size_t at = 0;
    unsigned gap = 0;
    for (TableCell& cell : row) {
      for (; at < reached.size() && reached[at] != 0; ++at, ++gap) --reached[at];
      cell.gap = gap;
      for (unsigned i = 0; i < cell.columns && at + i < reached.size(); ++i) reached[at + i] = cell.rows - 1;
      at += cell.columns;
      gap = at < reached.size() ? cell.columns - 1 : 0;
    }
    widest = std::max(widest, at);
    for (; at < reached.size(); ++at) reached[at] -= reached[at] != 0;
  }
  return widest;
}

}  // namespace

void write_table(Table& table, Lines& out) {
  out.block();
  const std::size_t columns = lay_out_spans(table);
  std::size_t wide_rows = 0;
  for (const auto& row : table.rows) wide_rows += shape(row).filled >= 2;
  const bool data = columns >= 2 && !table.nested && !table.layout && (table.ruled || wide_rows >= 2);
  for (const auto& row : table.rows) {
    const RowShape r = shape(row);
    if (r.filled == 0) continue;
    const std::size_t lines_allowed = !data ? 1 : table.ruled ? kJoinedLines : 2;
    if (r.filled >= 2 && r.lines_max <= lines_allowed && r.octets <= kRowOctets) {
      out.block();
      out.whole_lines(joined(row, data));
    } else if (r.filled == 1 && data && table.ruled && r.lines_max == 1) {
      out.whole_lines(joined(row, row.size() > 1 || row.front().gap != 0));
    } else {
      write_cells(row, out);
    }
  }
  table.rows.clear();
}

}  // namespace kiyome::sanitizer::text
