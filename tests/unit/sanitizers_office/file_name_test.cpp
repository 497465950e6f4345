#include "sanitizers/office/content/file_name.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using sanitizer::office::file_name;
using sanitizer::office::file_url;

TEST_CASE("file name: the sender's, with the extension of what it is") {
  CHECK(file_name("見積.xlsx", "xls") == "見積.xls");
  CHECK(file_name("a.tar.gz", "docx") == "a.tar.docx");
  CHECK(file_name("plain", "csv") == "plain.csv");
  CHECK(file_name("secret.docx", "") == "secret");
}

TEST_CASE("file name: no way out of its folder") {
  CHECK(file_name("../../etc/passwd", "docx") == "document.docx");
  CHECK(file_name("a/b\n.doc", "doc") == "a_b_.doc");
  CHECK(file_name("", "doc") == "document.doc");
  CHECK(file_name(".doc", "doc") == "document.doc");
  CHECK(file_name("~lock", "doc") == "document.doc");
}

TEST_CASE("file name: its length is bounded, between characters") {
  CHECK(file_name(std::string(limits::kCleanFileName - 1, 'a'), "").size() == limits::kCleanFileName - 1);
  CHECK(file_name(std::string(limits::kCleanFileName, 'a'), "").size() == limits::kCleanFileName);
  CHECK(file_name(std::string(limits::kCleanFileName + 1, 'a'), "").size() == limits::kCleanFileName);
  const std::string cut = file_name(std::string(limits::kCleanFileName - 1, 'a') + "見積", "");
  CHECK(cut == std::string(limits::kCleanFileName - 1, 'a'));
}

TEST_CASE("file name: as a URL every octet but the plain ones is written in digits") {
  CHECK(file_url("/tmp/a-1_b.doc") == "file:///tmp/a-1_b.doc");
  CHECK(file_url("/tmp/清 %#?.doc") == "file:///tmp/%E6%B8%85%20%25%23%3F.doc");
}
