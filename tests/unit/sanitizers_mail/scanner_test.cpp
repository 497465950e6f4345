// The structure scanner: trees, spans, limits. What hides in mails stands in hiding_test.cpp.
#include "sanitizers/mail/scanner.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/mail/transfer.h"
#include "tests/unit/sanitizers_mail/mails.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

// "type(type type)" of the tree.
std::string shape(const Tree& tree, std::int32_t index = 0) {
  const Node& node = tree.at(index);
  std::string out = node.media_type;
  if (node.first_child == kNone) return out;
  out += '(';
  for (std::int32_t child = node.first_child; child != kNone; child = tree.at(child).next)
    out += (child == node.first_child ? "" : " ") + shape(tree, child);
  return out + ')';
}

std::string shape_of(std::string_view mail) {
  Tree tree(mail);
  const auto limit = scan(tree, 0, kNone, Start::message);
  return limit ? std::string(clean::slug(*limit)) : shape(tree);
}

std::string nested_multiparts(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    out += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  return out + "\r\nx";
}

std::string many_parts(std::size_t parts) {
  std::string out = "Content-Type: multipart/mixed; boundary=B\r\n\r\n";
  for (std::size_t i = 0; i + 1 < parts; ++i) out += "--B\r\n\r\nx\r\n";
  return out + "--B--\r\n";
}

}  // namespace

TEST_CASE("scanner: a mail without MIME is a text") {
  CHECK(shape_of("Subject: x\r\n\r\nhello") == "text/plain");
  CHECK(shape_of("") == "text/plain");
  CHECK(shape_of("no header at all, but words") == "text/plain");
}

TEST_CASE("scanner: trees") {
  CHECK(shape_of("Content-Type: multipart/mixed; "
                 "boundary=B\r\n\r\npre\r\n--B\r\n\r\na\r\n--B\r\nContent-Type: text/html\r\n\r\nb\r\n"
                 "--B--\r\nepi") == "multipart/mixed(text/plain text/html)");
  CHECK(shape_of("Content-Type: multipart/digest; boundary=B\r\n\r\n--B\r\n\r\nSubject: "
                 "x\r\n\r\na\r\n--B\r\nContent-Type: text/plain\r\n\r\nb\r\n"
                 "--B--\r\n") == "multipart/digest(message/rfc822(text/plain) text/plain)");
  CHECK(shape_of("Content-Type: multipart/mixed; boundary=O\r\n\r\n--O\r\nContent-Type: "
                 "multipart/alternative; boundary=I\r\n\r\n--I\r\n\r\na\r\n"
                 "--I\r\nContent-Type: text/html\r\n\r\nb\r\n--I--\r\n\r\n--O\r\nContent-Type: "
                 "image/png\r\n\r\nc\r\n--O--\r\n") ==
        "multipart/mixed(multipart/alternative(text/plain text/html) image/png)");
  CHECK(shape_of(
            "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\na") ==
        "message/rfc822(message/rfc822(text/plain))");
}

TEST_CASE("scanner: a text that quotes a boundary of no open container stays one text") {
  CHECK(shape_of("Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\n--C\r\n-- \r\n--Other "
                 "text\r\n----\r\n--B--\r\n") == "multipart/mixed(text/plain)");
}

TEST_CASE("scanner: content ends before the line end of its boundary line") {
  const std::string mail =
      "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nhello\r\n\r\n--B\r\n\r\nx--B\r\n--B--";
  Tree tree(mail);
  REQUIRE(!scan(tree, 0, kNone, Start::message));
  REQUIRE(tree.size() == 3);
  CHECK(tree.content(tree.at(1)) == "hello\r\n");
  CHECK(tree.content(tree.at(2)) == "x--B");
}

TEST_CASE("scanner: depth is bounded") {
  // The innermost text stands one below its deepest container.
  CHECK(shape_of(nested_multiparts(limits::kMailDepth - 1)).rfind("multipart/mixed(", 0) == 0);
  CHECK(shape_of(nested_multiparts(limits::kMailDepth)).rfind("multipart/mixed(", 0) == 0);
  CHECK(shape_of(nested_multiparts(limits::kMailDepth + 1)) == "limit-depth");
  CHECK(shape_of(nested_multiparts(10000)) == "limit-depth");
  std::string messages;
  for (int i = 0; i < 10000; ++i) messages += "Content-Type: message/rfc822\r\n\r\n";
  CHECK(shape_of(messages) == "limit-depth");
}

TEST_CASE("scanner: the number of parts is bounded") {
  CHECK(shape_of(many_parts(limits::kMailParts - 1)).rfind("multipart/mixed(", 0) == 0);
  CHECK(shape_of(many_parts(limits::kMailParts)).rfind("multipart/mixed(", 0) == 0);
  CHECK(shape_of(many_parts(limits::kMailParts + 1)) == "limit-parts");
}

TEST_CASE("scanner: a header block is bounded in octets and in fields") {
  const auto fields = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += "X: y\r\n";
    return out + "\r\nbody";
  };
  CHECK(shape_of(fields(limits::kMailHeaderFields - 1)) == "text/plain");
  CHECK(shape_of(fields(limits::kMailHeaderFields)) == "text/plain");
  CHECK(shape_of(fields(limits::kMailHeaderFields + 1)) == "limit-header");
  const auto octets = [](std::size_t count) { return "X:" + std::string(count - 4, 'a') + "\r\n\r\nbody"; };
  CHECK(shape_of(octets(limits::kMailHeaderBytes - 1)) == "text/plain");
  CHECK(shape_of(octets(limits::kMailHeaderBytes)) == "text/plain");
  CHECK(shape_of(octets(limits::kMailHeaderBytes + 1)) == "limit-header");
  CHECK(shape_of("X: " + std::string(50u << 20, 'a')) == "limit-header");
}

TEST_CASE("transfer encodings: names") {
  CHECK(encoding_of("base64") == Encoding::base64);
  CHECK(encoding_of(" BASE64 (x)") == Encoding::base64);
  CHECK(encoding_of("\"base 64\";") == Encoding::base64);
  CHECK(encoding_of("quoted-printable") == Encoding::quoted_printable);
  CHECK(encoding_of("X-UUencode") == Encoding::uuencode);
  CHECK(encoding_of("8bit") == Encoding::identity);
  CHECK(encoding_of("") == Encoding::identity);
  CHECK(encoding_of("frobnicate") == Encoding::unknown);
}

TEST_CASE("base64: whole, broken, concatenated") {
  const auto decode = [](std::string_view octets, bool& strict) {
    std::string out;
    strict = decode_base64(octets, out);
    return out;
  };
  struct Case {
    const char* encoded;
    const char* decoded;
    bool strict;
  };
  const Case cases[] = {{"QUJD", "ABC", true},
                        {"QUI=", "AB", true},
                        {"QQ==", "A", true},
                        {"QU\r\nJD\r\n", "ABC", true},
                        {"QUI", "AB", false},
                        {"QQ==QUJD", "AABC", false},
                        {"QQ==\r\nQUJD", "AABC", false},
                        {"Q!U*J?D", "ABC", false},
                        {"QUJD =\r\n", "ABC", true},
                        {"", "", true},
                        {"QQ== a list's footer", "A", false},
                        {"QQ==\r\n-- \r\nfooter of a list\r\n", "A", false},
                        {"Q", "", false}};
  for (const Case& c : cases) {
    CAPTURE(std::string(c.encoded));
    bool strict = false;
    CHECK(decode(c.encoded, strict) == c.decoded);
    CHECK(strict == c.strict);
  }
  bool strict = false;
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string octets = mails::program().substr(0, size);
    CHECK(decode(mails::base64(octets), strict) == octets);
    CHECK(strict);
  }
}

TEST_CASE("quoted-printable: whole and broken") {
  const auto decode = [](std::string_view octets) {
    std::string out;
    decode_quoted_printable(octets, out);
    return out;
  };
  CHECK(decode("a=20b=\r\nc") == "a bc");
  CHECK(decode("=e3=81=82") == "\xE3\x81\x82");
  CHECK(decode("a= \t\r\nb") == "ab");
  CHECK(decode("a=\nb=\rc") == "abc");
  CHECK(decode("100=%") == "100=%");
  CHECK(decode("a=") == "a");
  CHECK(decode("a=4") == "a=4");
}
