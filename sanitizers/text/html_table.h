// Tables of HTML in plain text: a row of data becomes "a | b | c", a table that only lays out a page becomes
// its cells, one below the other.
#pragma once

#include <string>
#include <vector>

#include "sanitizers/text/html_lines.h"

namespace kiyome::sanitizer::text {

struct TableCell {
  std::string text;  // lines, each ended by LF
  bool header = false;
  unsigned columns = 1, rows = 1;  // colspan and rowspan, at most kHtmlSpan
  unsigned gap = 0;                // columns before it into which other cells reach; set by write_table()
};

struct Table {
  std::vector<std::vector<TableCell>> rows;
  bool flat = false;    // nested too deeply: cells are written as lines at once
  bool ruled = false;   // has a border or header cells: data, surely
  bool nested = false;  // holds a table itself: layout, surely
  bool layout = false;  // says so (role=presentation)
};

// Writes the table to `out` and empties it.
void write_table(Table& table, Lines& out);

}  // namespace kiyome::sanitizer::text
