// CCITT Group 4 by the verifier: images written bit by bit, each refusal beside its accepting twin; and all
// that the writer writes, of which no other octet is accepted for the same pixels.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "service/compose/document/fax.h"
#include "service/gate/verify.h"
#include "service/gate/verify_fax.h"
#include "tests/unit/service_gate/pdf_sample.h"

using namespace kiyome;
using namespace kiyome::pdf_sample;
using namespace std::string_literals;

namespace {

const std::string kEofb = "000000000001 000000000001";
const std::string kWhite0 = "00110101", kBlack0 = "0000110111";

// Blanks are for people; zeros fill the last octet.
std::string octets(std::string_view bits) {
  std::string out;
  unsigned held = 0, count = 0;
  for (const char c : bits) {
    if (c == ' ') continue;
    held = held << 1 | (c == '1' ? 1u : 0u);
    if (++count % 8 == 0) out += static_cast<char>(held);
  }
  if (count % 8 != 0) out += static_cast<char>(held << (8 - count % 8));
  return out;
}
std::string of_octets(const std::string& fax, std::uint32_t width, std::uint32_t height) {
  const gate::Checked bad = gate::check_group_4(fax, width, height);
  if (bad) CHECK(bad->offset <= fax.size());
  return bad ? bad->reason : "ok";
}
std::string of(const std::string& rows, std::uint32_t width, std::uint32_t height = 1) {
  return of_octets(octets(rows + kEofb), width, height);
}

std::string written(const std::string& bits, std::uint32_t width, std::uint32_t height) {
  return compose::group_4(reinterpret_cast<const std::uint8_t*>(bits.data()), width, height);
}
std::string random_bits(std::uint32_t width, std::uint32_t height, std::mt19937& random) {
  std::string out((width + 7) / 8 * height, '\0');
  const std::uint32_t kind = random() % 4;
  for (char& octet : out)
    octet = static_cast<char>(kind == 0 ? random() : kind == 1 ? random() & random() & random() : 0xFF);
  for (std::uint32_t i = 0; i < (kind == 2 ? out.size() / 9 : 0); ++i)
    out[random() % out.size()] = static_cast<char>(random());
  return out;
}

}  // namespace

TEST_CASE("verify fax: rows have exactly the image's width, and there are exactly as many") {
  CHECK(of("1 1 1", 20, 3) == "ok");
  CHECK(of("1 1", 20, 3) != "ok");
  CHECK(of("1 1 1 1", 20, 3) != "ok");
  const std::string white9_black11 = "001 10100 00000101"s;  // a wrong code for black 11 stands here
  CHECK(of(white9_black11, 20) != "ok");
  CHECK(of("001 10100 0000101", 20) == "ok");
  CHECK(of("001 10100 0000101", 19) != "ok");  // runs over the edge
  CHECK(of("001 10100 0000101", 21) != "ok");  // ends before it
  CHECK(of("001 10100 0000101 1", 21) == "ok");
}

TEST_CASE("verify fax: a change lies right of the one before") {
  // White 4, black 2, then white: above it the same row is V0 V0 V0.
  const std::string row = "001 1011 11 1";
  CHECK(of(row + "1 1 1", 20, 2) == "ok");
  CHECK(of(row + "1 010 1", 20, 2) == "ok");      // black one shorter
  CHECK(of(row + "1 000010 1", 20, 2) != "ok");   // black of nothing
  CHECK(of(row + "1 0000010 1", 20, 2) != "ok");  // … of less
  CHECK(of(row + "0000010 1 1", 20, 2) == "ok");  // begins 3 to the left
  CHECK(of("001 1000 10 1"
           "0000010 1 1",
           20, 2) == "ok");  // … in the first column
  CHECK(of("001 0111 10 1"
           "0000010 1 1",
           20, 2) != "ok");            // … left of it
  CHECK(of("011 1", 20) != "ok");      // right of the last column
  CHECK(of("0000010 1", 20) == "ok");  // 3 before the end, and black to it
  CHECK(of("001 1011 " + kBlack0 + "1", 20) != "ok");
  CHECK(of("001 " + kWhite0 + " 11 1", 20) == "ok");  // black in the first column
  CHECK(of("001 1011 11 001 " + kWhite0 + " 11 1", 20) != "ok");
}

TEST_CASE("verify fax: pass, vertical and horizontal each where T.6 wants them") {
  const std::string row = "001 1011 11 1";               // black 4 and 5
  CHECK(of(row + "0001 1", 20, 2) == "ok");              // white below it
  CHECK(of(row + "0001 0001 1", 20, 2) != "ok");         // there is nothing more to pass
  CHECK(of(row + "0001 001 0111 11 1", 20, 2) == "ok");  // passes 4 and 5, white up to 8, black 8 and 9
  CHECK(of(row + "001 10011 11 1", 20, 2) != "ok");      // the same without passing
  CHECK(of(row + "0001 001 " + kWhite0 + " 11 1", 20, 2) != "ok");  // black just below b2 is not passed by …
  CHECK(of(row + "011 011 1", 20, 2) == "ok");                      // … but vertical, one to the right
  CHECK(of(row + "000011 001 11 001000", 20, 2) == "ok");           // a1 just below b2: VR2
  CHECK(of(row + "0000011 001 11 00111", 20, 2) != "ok");           // right of b2: pass is due
  CHECK(of(row + "001 1100 11 1", 20, 2) != "ok");    // horizontal for black 5 and 6: VR1 is due
  CHECK(of(row + "001 000111 11 1", 20, 2) != "ok");  // black at 1: VL3 is due
  CHECK(of(row + "001 " + kWhite0 + " 11 0001 1", 20, 2) == "ok");  // black at 0: too far for it
}

TEST_CASE("verify fax: the second run is 0 at the row's end alone") {
  // White 4, black 64 to the end; below it white 68: b1 is far away, and no b2 lies left of a1.
  const std::string above = "001 1011 0000001111 0000110111 ";
  CHECK(of(above + "001 11011 1011 " + kBlack0, 68, 2) == "ok");
  CHECK(of(above + "001 11011 1000 " + kBlack0 + "1", 68, 2) != "ok");  // white 67, black 0, white 1
  CHECK(of(above + "001 11011 1000 010", 68, 2) == "ok");               // white 67, black 1
}

TEST_CASE("verify fax: a run has the make-up codes that T.6 chooses") {
  const std::string k2560 = "000000011111", k64 = "11011", k1728 = "010011011", k832 = "011010010";
  // White of 2600 to 5200 and black 2 in a row of 6000.
  const auto row = [](const std::string& white) { return "001 " + white + " 11 1"; };
  CHECK(of(row(k2560 + "00101001"), 6000) == "ok");         // 2600
  CHECK(of(row(k1728 + k832 + "00101001"), 6000) != "ok");  // the same
  CHECK(of(row(k832 + k1728 + "00101001"), 6000) != "ok");
  CHECK(of(row(k2560 + k64 + "1111"), 6000) == "ok");  // 2631
  CHECK(of(row(k64 + k2560 + "1111"), 6000) != "ok");
  CHECK(of(row(k2560 + k2560 + "1111"), 6000) == "ok");
  CHECK(of(row(k2560 + k2560 + k64 + "1111"), 6000) == "ok");
  CHECK(of(row(k2560 + k2560 + k64 + k64 + "1111"), 6000) != "ok");
  CHECK(of(row(k2560 + k2560 + k2560 + "1111"), 6000) != "ok");  // too long
  CHECK(of(row(k2560 + k64), 6000) != "ok");                     // no terminating code
  std::string endless = "001";
  for (int i = 0; i < 100000; ++i) endless += k2560;
  CHECK(of(endless, 6000) != "ok");
}

TEST_CASE("verify fax: codes are T.6's, without extensions and uncompressed mode") {
  CHECK(of("1", 8) == "ok");
  CHECK(of("0000001111 1", 8) != "ok");  // uncompressed mode
  for (const char* extension : {"0000001000", "0000001001", "0000001110"})
    CHECK(of(extension + " 1"s, 8) != "ok");
  CHECK(of("000000000001 1", 8) != "ok");  // an end of line before the row
  CHECK(of("001 00000000 11 1", 20) != "ok");
  CHECK(of("001 0111 000000000 1", 20) != "ok");
}

TEST_CASE("verify fax: the end-of-block follows the last row, and nothing follows it") {
  CHECK(of_octets(octets("1 1" + kEofb), 9, 2) == "ok");
  CHECK(of_octets(octets("1 1"), 9, 2) != "ok");
  CHECK(of_octets("", 9, 2) != "ok");
  CHECK(of_octets(octets("1 1 000000000001"), 9, 2) != "ok");
  CHECK(of_octets(octets("1 1 000000000001 000000000011"), 9, 2) != "ok");
  CHECK(of_octets(octets("1 1" + kEofb + "000000"), 9, 2) == "ok");
  CHECK(of_octets(octets("1 1" + kEofb + "000001"), 9, 2) != "ok");  // fill that says something
  CHECK(of_octets(octets("1 1" + kEofb + "100000"), 9, 2) != "ok");
  CHECK(of_octets(octets("1 1" + kEofb) + "\0"s, 9, 2) != "ok");
  CHECK(of_octets(octets("11111111" + kEofb), 9, 8) == "ok");  // no fill at all
  CHECK(of_octets(octets("11111111" + kEofb) + "\0"s, 9, 8) != "ok");
  const std::string whole = octets("1 1" + kEofb);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(of_octets(whole.substr(0, size), 9, 2) != "ok");
}

TEST_CASE("verify fax: what the writer writes is accepted, for this size alone") {
  std::mt19937 random(4);
  for (const std::uint32_t width : {1u, 2u, 3u, 7u, 8u, 9u, 31u, 64u, 65u, 129u, 1728u, 2561u, 5300u})
    for (int i = 0; i < 12; ++i) {
      const std::uint32_t height = 1 + random() % 30;
      const std::string fax = written(random_bits(width, height, random), width, height);
      CHECK(of_octets(fax, width, height) == "ok");
      CHECK(of_octets(fax, width, height + 1) != "ok");
      if (height > 1) CHECK(of_octets(fax, width, height - 1) != "ok");
    }
  const std::string wide(limits::kPageSide / 8 * 2, '\0');
  CHECK(of_octets(written(wide, limits::kPageSide, 2), limits::kPageSide, 2) == "ok");
}

// An image has one encoding: a changed bit is either refused or other pixels, never the same ones.
TEST_CASE("verify fax: of all short octets as many are accepted as there are bitmaps") {
  for (const auto& [width, height] : {std::pair{1u, 1u}, {2u, 1u}, {3u, 1u}, {2u, 2u}, {1u, 3u}, {4u, 1u}}) {
    std::size_t bitmaps = 0;
    for (unsigned value = 0; value < 1u << (width * height); ++value) {
      std::string bits;
      for (std::uint32_t y = 0; y < height; ++y)
        bits += static_cast<char>((value >> (y * width) & ((1u << width) - 1)) << (8 - width));
      bitmaps += of_octets(written(bits, width, height), width, height) == "ok" ? 1 : 0;
    }
    CHECK(bitmaps == 1u << (width * height));
    // Every word of up to 18 bits before the end-of-block.
    std::size_t accepted = 0;
    for (unsigned length = 1; length <= 18; ++length)
      for (unsigned value = 0; value < 1u << length; ++value) {
        std::string word;
        for (unsigned bit = length; bit-- > 0;) word += (value >> bit & 1) != 0 ? '1' : '0';
        accepted += !gate::check_group_4(octets(word + kEofb), width, height);
      }
    CHECK(accepted <= bitmaps);
    if (width * height <= 2) CHECK(accepted == bitmaps);
  }
}

TEST_CASE("verify fax: its image in a PDF has one form") {
  const std::string fax = octets("1 1" + kEofb);
  const auto verdict = [&](const std::string& form) {
    const auto violation = gate::verify_pdf(with_page(Page::picture(image(9, 2, form, fax))).pdf());
    return violation ? violation->reason : "ok"s;
  };
  const std::string begin = "/DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode";
  CHECK(verdict(begin + " /DecodeParms << /K -1 /Columns 9 /Rows 2 >>") == "ok");
  for (const char* parameters :
       {"", " /DecodeParms << /K -1 /Columns 9 >>", " /DecodeParms << /K 0 /Columns 9 /Rows 2 >>",
        " /DecodeParms << /K -1 /Columns 8 /Rows 2 >>", " /DecodeParms << /K -1 /Columns 9 /Rows 3 >>",
        " /DecodeParms << /K -1 /Columns 9 /Rows 2 /BlackIs1 true >>",
        " /DecodeParms << /K -1 /Columns 9 /Rows 2 /EncodedByteAlign true >>",
        " /DecodeParms << /K -1 /Columns 9 /Rows 02 >>", " /DecodeParms 9 0 R"})
    CHECK_MESSAGE(verdict(begin + parameters) != "ok", parameters);
  const std::string right = " /DecodeParms << /K -1 /Columns 9 /Rows 2 >>";
  CHECK(verdict("/DeviceGray /BitsPerComponent 8 /Filter /CCITTFaxDecode" + right) != "ok");
  CHECK(verdict("/DeviceRGB /BitsPerComponent 1 /Filter /CCITTFaxDecode" + right) != "ok");
  CHECK(verdict("[/Indexed /DeviceRGB 1 <000000FFFFFF>] /BitsPerComponent 4 /Filter /CCITTFaxDecode" +
                right) != "ok");
  CHECK(verdict("/DeviceGray /BitsPerComponent 1 /Filter [/CCITTFaxDecode]" + right) != "ok");
}
