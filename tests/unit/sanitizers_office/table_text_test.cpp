#include "sanitizers/office/content/table_text.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using sanitizer::office::table_text;

TEST_CASE("table text: Shift_JIS becomes UTF-8, every column is text") {
  const auto table = table_text("\x94\xd4\x8d\x86,\x96\xbc\x91\x4f\r\n0012,\x8e\x52\x93\x63\r\n", false);
  CHECK(table.utf8 == "番号,名前\n0012,山田\n");
  CHECK(table.filter_options == "44,34,76,1,1/2/2/2,0,true,false");
}

TEST_CASE("table text: the separator is the one that is used, and quotes hide it") {
  CHECK(
      table_text("a;b;c\n1;\"2,5,5,5,5\";3\n", false).filter_options.starts_with("59,34,76,1,1/2/2/2/3/2,"));
  CHECK(table_text("a\tb\n", false).filter_options.starts_with("9,34,76,1,1/2/2/2,"));
  CHECK(table_text("a|b\n", false).filter_options.starts_with("124,"));
  CHECK(table_text("one column\n", false).filter_options.starts_with("44,34,76,1,1/2,"));
  CHECK(table_text("a,b\n", true).filter_options.starts_with("9,34,76,1,1/2,"));
}

TEST_CASE("table text: the widest record counts, wherever it stands") {
  CHECK(table_text("a\nb,c,d\ne\n", false).filter_options.starts_with("44,34,76,1,1/2/2/2/3/2,"));
}

TEST_CASE("table text: columns are bounded") {
  const auto wide = [](std::size_t columns) {
    return table_text(std::string(columns - 1, ',') + "\n", false).filter_options;
  };
  const std::string last = std::to_string(limits::kTableColumns) + "/2,0";
  CHECK(wide(limits::kTableColumns - 1).find(last) == std::string::npos);
  CHECK(wide(limits::kTableColumns).find(last) != std::string::npos);
  CHECK(wide(limits::kTableColumns + 1) == wide(limits::kTableColumns));
}

TEST_CASE("table text: more rows than a sheet has are cut and told") {
  const auto rows = [](std::size_t count) { return table_text(std::string(count, '\n'), false); };
  CHECK(rows(limits::kTableRows - 1).findings.empty());
  CHECK(rows(limits::kTableRows).findings.empty());
  const auto cut = rows(limits::kTableRows + 1);
  CHECK(cut.utf8.size() == limits::kTableRows);
  CHECK(cut.findings == std::vector{clean::Finding::kPagesCut});
}

TEST_CASE("table text: nothing at all is a table, too") {
  CHECK(table_text("", false).filter_options == "44,34,76,1,1/2,0,true,false");
  CHECK(table_text("\"", false).utf8 == "\"");
}
