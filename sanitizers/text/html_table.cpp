// Layout or data? A guess from the cells' texts; both ways no text is lost.
#include "sanitizers/text/html_table.h"

#include <algorithm>
#include <string_view>

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

}  // namespace

void write_table(Table& table, Lines& out) {
  out.block();
  std::size_t columns = 0, wide_rows = 0;
  for (const auto& row : table.rows) {
    columns = std::max(columns, row.size());
    wide_rows += shape(row).filled >= 2;
  }
  const bool data = columns >= 2 && !table.nested && !table.layout && (table.ruled || wide_rows >= 2);
  for (const auto& row : table.rows) {
    const RowShape r = shape(row);
    if (r.filled == 0) continue;
    const std::size_t lines_allowed = !data ? 1 : table.ruled ? kJoinedLines : 2;
    if (r.filled >= 2 && r.lines_max <= lines_allowed && r.octets <= kRowOctets) {
      out.block();
      out.whole_lines(joined(row, data));
    } else if (r.filled == 1 && data && table.ruled && r.lines_max == 1) {
      out.whole_lines(joined(row, row.size() > 1));
    } else {
      write_cells(row, out);
    }
  }
  table.rows.clear();
}

}  // namespace kiyome::sanitizer::text
