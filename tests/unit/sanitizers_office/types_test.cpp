#include "sanitizers/office/content/types.h"

#include <doctest/doctest.h>

using namespace kiyome::sanitizer::office;

TEST_CASE("office types: a type names its filter, and what is not named is not read") {
  const OfficeType* const docx =
      find_office_type("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  REQUIRE(docx != nullptr);
  CHECK(docx->extension == "docx");
  CHECK(docx->filter == "MS Word 2007 XML");
  CHECK(docx->package == Package::zip);
  CHECK(find_office_type("application/pdf") == nullptr);
  CHECK(find_office_type("text/html") == nullptr);
  CHECK(find_office_type("application/vnd.oasis.opendocument.base") == nullptr);
  CHECK(find_office_type("") == nullptr);
}

TEST_CASE("office types: what LibreOffice finds has to be of the type's family") {
  const OfficeType& word = *find_office_type("application/msword");
  CHECK(of_family(word, "writer_MS_Word_97"));
  CHECK(of_family(word, "writer_MS_WinWord_60"));
  CHECK_FALSE(of_family(word, "writer_Rich_Text_Format"));
  CHECK_FALSE(of_family(word, "calc_MS_Excel_97"));
  CHECK_FALSE(of_family(word, ""));
  const OfficeType& package = *find_office_type("application/x-ms-encrypted-package");
  CHECK(of_family(package, "MS Excel 2007 XML"));
  CHECK(of_family(package, "writer_MS_Word_2007"));
  CHECK_FALSE(of_family(package, "generic_HTML"));
}

TEST_CASE("office types: a type with a filter of its own has no families") {
  CHECK_FALSE(of_family(*find_office_type("text/rtf"), "writer_Rich_Text_Format"));
}

TEST_CASE("office types: values are read as text first") {
  CHECK(is_table_text(*find_office_type("text/csv")));
  CHECK(is_table_text(*find_office_type("text/tab-separated-values")));
  CHECK_FALSE(is_table_text(*find_office_type("text/rtf")));
}
