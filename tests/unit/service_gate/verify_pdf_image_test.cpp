// The streams of a clean PDF: images of every form, exactly as long as they say. Each refusal stands beside
// its accepting twin.
#include <doctest/doctest.h>

#include <string>

#include "proto/base/limits.h"
#include "service/gate/verify.h"
#include "tests/unit/service_gate/pdf_sample.h"

using namespace kiyome;
using namespace kiyome::pdf_sample;
using namespace std::string_literals;

namespace {

std::string verdict(const std::string& pdf) {
  const auto violation = gate::verify_pdf(pdf);
  if (violation) CHECK(violation->offset <= pdf.size());
  return violation ? "offset " + std::to_string(violation->offset) + ": " + violation->reason : "ok";
}
std::string picture(const std::string& object) { return verdict(with_page(Page::picture(object)).pdf()); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("verify PDF: streams are whole zlib streams of the size that was promised") {
  const std::string rows(6, 'x');
  const auto gray = [](const std::string& zlib) {
    return picture(image(3, 2, "/DeviceGray /BitsPerComponent 8 /Filter /FlateDecode", zlib));
  };
  const std::string good = deflated(rows);
  CHECK(gray(good) == "ok");
  CHECK(gray(deflated(rows, 0)) == "ok");
  CHECK(gray(deflated(rows + "x")) != "ok");
  CHECK(gray(deflated(std::string(5, 'x'))) != "ok");
  CHECK(gray(deflated(std::string(100u << 20, 'x'))) != "ok");
  CHECK(gray(good + "\0"s) != "ok");
  CHECK(gray(good + good) != "ok");
  CHECK(gray(good.substr(0, good.size() - 1)) != "ok");
  CHECK(gray(good.substr(2)) != "ok");
  CHECK(gray("x") != "ok");
  std::string adler = good;
  adler.back() ^= 1;
  CHECK(gray(adler) != "ok");
  std::string dictionary = good;  // a preset one
  dictionary[1] = '\x20';
  while ((static_cast<unsigned char>(dictionary[0]) * 256 + static_cast<unsigned char>(dictionary[1])) % 31 !=
         0)
    ++dictionary[1];
  CHECK(gray(dictionary) != "ok");
  for (unsigned window = 0; window <= 8; ++window) {  // 2 to the power of 8 + window, with its check bits
    std::string other = good;
    const unsigned first = window << 4 | 8;
    other[0] = static_cast<char>(first);
    other[1] = static_cast<char>((31 - first * 256 % 31) % 31);
    CHECK((gray(other) == "ok") == (window == 7));
  }
  // Empty stored blocks without end cost time and carry nothing.
  std::string slow = good.substr(0, 2);
  for (int i = 0; i < 100; ++i) slow += "\0\0\0\xFF\xFF"s;
  CHECK(gray(slow + good.substr(2)) != "ok");
  slow = good.substr(0, 2) + "\0\0\0\xFF\xFF"s;
  CHECK(gray(slow + good.substr(2)) == "ok");
}

TEST_CASE("verify PDF: a stream is as long as it says, and says it once") {
  const std::string pdf = with_page(Page::picture(flate_image(3, 2, "/DeviceGray", 8, "abcdef"))).pdf();
  const std::string length = "/FlateDecode /Length " + std::to_string(deflated("abcdef").size());
  REQUIRE(pdf.find(length) != std::string::npos);
  for (const char* other :
       {"0", "1", "13", "15", "99999999", "18446744073709551615", "18446744073709551630", "-1", "014", "14.0",
        "+14", "4294967310", "15 0 R", "14 /DL 14", "14 /F (x)", "14 /DecodeParms << >>"})
    CHECK_MESSAGE(verdict(replaced(pdf, length, "/FlateDecode /Length "s + other)) != "ok", other);
  CHECK(verdict(replaced(pdf, length + " >>\nstream\n", length + " >>\nstream\r\n")) != "ok");
  CHECK(verdict(replaced(pdf, length + " >>\nstream\n", length + " >>\rstream\n")) != "ok");
  CHECK(verdict(replaced(pdf, "\nendstream\nendobj\n9 0 obj", "\nendstream endobj\n9 0 obj")) != "ok");
}

TEST_CASE("verify PDF: images have the forms of the grammar") {
  const std::string palette = "[/Indexed /DeviceRGB 1 <000000FFFFFF>]";
  std::string full = "[/Indexed /DeviceRGB 255 <";
  for (int i = 0; i < 256; ++i) full += "00A0FF";
  full += ">]";
  const auto form = [](unsigned width, unsigned height, const std::string& name, const std::string& rows) {
    return picture(image(width, height, name, deflated(rows)));
  };
  const std::string flate = " /Filter /FlateDecode", b8 = " /BitsPerComponent 8" + flate,
                    b4 = " /BitsPerComponent 4" + flate, b1 = " /BitsPerComponent 1" + flate;
  CHECK(form(8, 1, "/DeviceGray" + b1, "\xFF") == "ok");
  CHECK(form(9, 1, "/DeviceGray" + b1, "\xFF\x80") == "ok");
  CHECK(form(9, 1, "/DeviceGray" + b1, "\xFF\x81") != "ok");
  CHECK(form(9, 1, "/DeviceGray" + b1, "\xFF\xC0") != "ok");
  CHECK(form(9, 2, "/DeviceGray" + b1, "\xFF\x80\xFF\x80") == "ok");
  CHECK(form(9, 2, "/DeviceGray" + b1, "\xFF\x80\xFF\xA0") != "ok");
  CHECK(form(9, 2, "/DeviceGray" + b1, "\xFF\x90\xFF\x80") != "ok");
  CHECK(form(3, 1, "/DeviceGray" + b4, "\xFF\xF0") == "ok");
  CHECK(form(3, 1, "/DeviceGray" + b4, "\xFF\xF1") != "ok");
  CHECK(form(3, 1, "/DeviceGray" + b8, "abc") == "ok");
  CHECK(form(1, 1, "/DeviceRGB" + b8, "abc") == "ok");
  CHECK(form(1, 1, "/DeviceRGB" + b4, "ab") != "ok");
  CHECK(form(1, 1, "/DeviceRGB" + b1, "a") != "ok");
  CHECK(form(3, 1, palette + b4, "\x10\x10") == "ok");
  CHECK(form(3, 1, palette + b4, "\x20\x10") != "ok");
  CHECK(form(3, 1, palette + b4, "\x12\x10") != "ok");
  CHECK(form(3, 1, palette + b4, "\x11\x11") != "ok");
  CHECK(form(3, 1, palette + b1, "\x80") != "ok");
  CHECK(form(2, 1, palette + b8, std::string("\x00\x01", 2)) != "ok");  // fewer colours have 4 bits
  CHECK(form(2, 1, full + b8, "\xFF\x80") == "ok");
  CHECK(form(2, 1, full + b4, "\xFF") != "ok");
  for (const char* bad : {"[/Indexed /DeviceRGB 0 <000000>]", "[/Indexed /DeviceRGB 1 <000000FFFFF>]",
                          "[/Indexed /DeviceRGB 1 <000000FFFFFF00>]",
                          "[/Indexed /DeviceRGB 1 <000000ffffff>]", "[/Indexed /DeviceRGB 256 <000000>]",
                          "[/Indexed /DeviceRGB 01 <000000FFFFFF>]", "[/Indexed /DeviceGray 1 <00FF>]",
                          "[/Indexed /DeviceRGB 1 (abcdef)]", "[/Indexed /DeviceRGB 2 <000000FFFFFF>]",
                          "/DeviceCMYK", "[/ICCBased 9 0 R]", "/Devicegray", "/DeviceN"})
    CHECK_MESSAGE(form(1, 1, bad + b8, std::string(1, '\0')) != "ok", bad);
  for (const char* bad : {" /BitsPerComponent 2", " /BitsPerComponent 16", " /BitsPerComponent 08",
                          " /BitsPerComponent 8 /SMask 9 0 R", " /BitsPerComponent 8 /ImageMask true",
                          " /BitsPerComponent 8 /Decode [1 0]"})
    CHECK_MESSAGE(form(1, 1, "/DeviceGray"s + bad + flate, "x") != "ok", bad);
  for (const char* bad : {" /Filter /LZWDecode", " /Filter [/FlateDecode]", " /Filter /JPXDecode",
                          " /Filter /JBIG2Decode", " /Filter /Fl", " /Filter [/FlateDecode /DCTDecode]", ""})
    CHECK_MESSAGE(form(1, 1, "/DeviceGray /BitsPerComponent 8"s + bad, "x") != "ok", bad);
}

TEST_CASE("verify PDF: an image's sides are bounded, and huge promises cost nothing") {
  const std::string b1 = "/DeviceGray /BitsPerComponent 1 /Filter /FlateDecode";
  const auto sides = [&](const std::string& width, const std::string& height, std::size_t octets) {
    return picture(stream(
        "<< /Type /XObject /Subtype /Image /Width " + width + " /Height " + height + " /ColorSpace " + b1,
        deflated(std::string(octets, '\0'))));
  };
  CHECK(sides("32000", "1", 4000) == "ok");
  CHECK(sides("32001", "1", 4001) != "ok");
  CHECK(sides("1", "32000", 32000) == "ok");
  CHECK(sides("1", "32001", 32001) != "ok");
  CHECK(sides("32000", "1310", 4000 * 1310) == "ok");
  CHECK(sides("32000", "1311", 4000 * 1311) != "ok");
  for (const char* bad :
       {"0", "-1", "01", "1.5", "4294967297", "18446744073709551617", "99999999999999999999", "1 0 R", ""}) {
    CHECK_MESSAGE(sides(bad, "1", 1) != "ok", bad);
    CHECK_MESSAGE(sides("1", bad, 1) != "ok", bad);
  }
}

TEST_CASE("verify PDF: a JPEG is of the image's size and colours") {
  CHECK(picture(jpeg_image(17, 9, "/DeviceGray", jpeg_sample::kGray)) == "ok");
  CHECK(picture(jpeg_image(17, 9, "/DeviceRGB", jpeg_sample::kHalved)) == "ok");
  CHECK(picture(jpeg_image(17, 9, "/DeviceRGB", jpeg_sample::kFull)) == "ok");
  CHECK(picture(jpeg_image(17, 9, "/DeviceRGB", jpeg_sample::kGray)) != "ok");
  CHECK(picture(jpeg_image(17, 9, "/DeviceGray", jpeg_sample::kFull)) != "ok");
  CHECK(picture(jpeg_image(16, 9, "/DeviceGray", jpeg_sample::kGray)) != "ok");
  CHECK(picture(jpeg_image(17, 9, "[/Indexed /DeviceRGB 1 <000000FFFFFF>]", jpeg_sample::kGray)) != "ok");
  CHECK(picture(jpeg_image(17, 9, "/DeviceGray", jpeg_sample::kGray + "\n")) != "ok");
}
