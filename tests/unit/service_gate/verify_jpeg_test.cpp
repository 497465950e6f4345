// JPEG within clean PDFs: the segments, the tables and each block, refusals beside their accepting twins.
#include <doctest/doctest.h>

#include <string>

#include "service/gate/verify_document.h"
#include "tests/unit/service_gate/jpeg_sample.h"

using namespace kiyome;
using namespace kiyome::jpeg_sample;
using namespace std::string_literals;

namespace {

std::string verdict(const std::string& jpeg, unsigned width, unsigned height, unsigned components) {
  const gate::Checked bad = gate::check_jpeg(jpeg, width, height, components);
  if (bad) CHECK(bad->offset <= jpeg.size());
  return bad ? "offset " + std::to_string(bad->offset) + ": " + bad->reason : "ok";
}
std::string mini(const Mini& mini) { return verdict(mini.jpeg(), mini.width, mini.height, 1); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// Codes of two bits for the symbols, in their order.
Mini with_ac(const std::string& symbols, const std::string& bits) {
  Mini out;
  out.ac_counts = {0, static_cast<unsigned>(symbols.size())};
  out.ac_symbols = symbols;
  out.bits = bits;
  return out;
}

}  // namespace

TEST_CASE("verify JPEG: what libjpeg-turbo writes, gray, halved and full, is clean") {
  CHECK(verdict(kGray, 17, 9, 1) == "ok");
  CHECK(verdict(kHalved, 17, 9, 3) == "ok");
  CHECK(verdict(kFull, 17, 9, 3) == "ok");
  CHECK(mini({}) == "ok");
}

TEST_CASE("verify JPEG: it is of the size and the colours that its image says") {
  CHECK(verdict(kGray, 16, 9, 1) != "ok");
  CHECK(verdict(kGray, 17, 8, 1) != "ok");
  CHECK(verdict(kGray, 17, 9, 3) != "ok");
  CHECK(verdict(kFull, 17, 9, 1) != "ok");
  Mini larger;
  larger.width = 9;  // two blocks, of which one is there
  CHECK(mini(larger) != "ok");
  larger.bits = "00000000";
  CHECK(mini(larger) == "ok");
  larger.bits = "000000000000";
  CHECK(mini(larger) != "ok");
}

TEST_CASE("verify JPEG: cut off, made longer or with an octet exchanged, nothing ends elsewhere") {
  for (const std::string& whole : {kGray, kHalved, kFull, Mini().jpeg()}) {
    const bool small = whole.size() < 200;
    const unsigned components = whole == kGray || small ? 1 : 3, width = small ? 8 : 17,
                   height = small ? 8 : 9;
    REQUIRE(verdict(whole, width, height, components) == "ok");
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK(verdict(whole.substr(0, size), width, height, components) != "ok");
    for (const std::string& more : {"\0"s, "\xFF\xD9"s, "\n"s, whole})
      CHECK(verdict(whole + more, width, height, components) != "ok");
    const std::string end = whole.substr(0, whole.size() - 2);
    for (const std::string& more : {"\0"s, "\xFF"s, "\xFF\xD0"s, "\xFF\0"s, "\xFF\xD9"s, "\xFF\xFF"s})
      CHECK(verdict(end + more + "\xFF\xD9", width, height, components) != "ok");
  }
}

TEST_CASE("verify JPEG: no segment but those of our encoder") {
  for (const std::string& segment :
       {"\xFF\xE1\x00\x08"
        "Exif\0\0"s,
        "\xFF\xFE\x00\x04hi"s,
        "\xFF\xEE\x00\x0E"
        "Adobe\0\x64\0\0\0\0\x01"s,
        "\xFF\xDD\x00\x04\x00\x01"s, "\xFF\xE0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"s,
        "\xFF\xDC\x00\x04\x00\x08"s, "\xFF"s, "\0"s, "\xFF\xD9"s, "\xFF\xD8"s, "\xFF\xCC\x00\x04\x00\x00"s,
        "\xFF\xDB\x00\x43\x01"s + std::string(64, '\x01')}) {
    Mini frame, scan;
    frame.before_frame = segment;
    scan.before_scan = segment;
    CAPTURE(segment);
    CHECK(mini(frame) != "ok");
    CHECK(mini(scan) != "ok");
  }
  for (const char* sof : {"\xFF\xC1", "\xFF\xC2", "\xFF\xC3", "\xFF\xC9", "\xFF\xCA"}) {
    Mini other;
    other.sof = sof;
    CHECK(mini(other) != "ok");
  }
}

TEST_CASE("verify JPEG: the segments say one thing only") {
  struct Change {
    const char* what;
    std::string from, to;
  };
  const Change changes[] = {
      {"JFIF 1.2", "JFIF\0\x01\x01"s, "JFIF\0\x01\x02"s},
      {"density", "\x01\x01\0\0\x01\0\x01"s, "\x01\x01\0\0\x02\0\x01"s},
      {"thumbnail", "\0\x01\0\x01\0\0\xFF\xDB"s, "\0\x01\0\x01\x01\x01\xFF\xDB"s},
      {"quantiser 0", "\x00\x43\x00\x01"s, "\x00\x43\x00\x00"s},
      {"16 bit quantisers", "\x00\x43\x00\x01"s, "\x00\x43\x10\x01"s},
      {"quantiser number", "\x00\x43\x00\x01"s, "\x00\x43\x01\x01"s},
      {"precision", "\x00\x0B\x08"s, "\x00\x0B\x0C"s},
      {"frame size", "\x00\x0B\x08"s, "\x00\x0C\x08"s},
      {"component id", "\x01\x01\x11\x00\xFF"s, "\x01\x02\x11\x00\xFF"s},
      {"sampling", "\x01\x01\x11\x00\xFF"s, "\x01\x01\x22\x00\xFF"s},
      {"quantiser of a component", "\x01\x01\x11\x00\xFF"s, "\x01\x01\x11\x01\xFF"s},
      {"Huffman table number", "\xFF\xC4\x00\x14\x00"s, "\xFF\xC4\x00\x14\x02"s},
      {"Huffman class", "\xFF\xC4\x00\x14\x10"s, "\xFF\xC4\x00\x14\x20"s},
      {"Huffman table twice", "\xFF\xC4\x00\x14\x10"s, "\xFF\xC4\x00\x14\x00"s},
      {"Huffman table elsewhere", "\xFF\xC4\x00\x14\x10"s, "\xFF\xC4\x00\x14\x11"s},
      {"Huffman size", "\xFF\xC4\x00\x14\x10"s, "\xFF\xC4\x00\x12\x10"s},
      {"scan component", "\xFF\xDA\x00\x08\x01\x01"s, "\xFF\xDA\x00\x08\x01\x02"s},
      {"scan table", "\xFF\xDA\x00\x08\x01\x01\x00"s, "\xFF\xDA\x00\x08\x01\x01\x10"s},
      {"spectral begin", "\x00\x00\x3F\x00"s, "\x00\x01\x3F\x00"s},
      {"spectral end", "\x00\x00\x3F\x00"s, "\x00\x00\x3E\x00"s},
      {"approximation", "\x00\x00\x3F\x00"s, "\x00\x00\x3F\x01"s},
  };
  for (const Change& change : changes) {
    CAPTURE(change.what);
    CHECK(verdict(replaced(Mini().jpeg(), change.from, change.to), 8, 8, 1) != "ok");
  }
  CHECK(verdict(replaced(Mini().jpeg(), "\x00\x43\x00\x01"s, "\x00\x43\x00\xFF"s), 8, 8, 1) == "ok");
  // A table that no component uses could hold what it wants.
  Mini spare;
  spare.before_scan = Mini::table(1, {0, 1}, "\0"s);
  CHECK(mini(spare) != "ok");
}

TEST_CASE("verify JPEG: Huffman tables are ones that an encoder makes") {
  Mini table;
  const auto dc = [&](std::vector<unsigned> counts, const std::string& symbols) {
    table.dc_counts = std::move(counts);
    table.dc_symbols = symbols;
    return mini(table);
  };
  CHECK(dc({0, 3}, "\0\x01\x02"s) == "ok");
  CHECK(dc({0, 4}, "\0\x01\x02\x03"s) != "ok");  // one of ones alone
  CHECK(dc({0, 5}, "\0\x01\x02\x03\x04"s) != "ok");
  CHECK(dc({0, 3, 2}, "\0\x01\x02\x03\x04"s) != "ok");
  CHECK(dc({0, 3, 1}, "\0\x01\x02\x03"s) == "ok");
  CHECK(dc({0, 2}, "\0\0"s) != "ok");  // twice
  CHECK(dc({0, 2}, "\0\x0B"s) == "ok");
  CHECK(dc({0, 2}, "\0\x0C"s) != "ok");  // beyond 8-bit samples
  CHECK(dc({0, 2}, "\0"s) != "ok");
  CHECK(dc({0, 1}, "\0\x01"s) != "ok");
  CHECK(dc({}, "") != "ok");
  CHECK(dc({2}, "\0\x01"s) != "ok");
  const auto ac = [](const std::string& symbols) { return mini(with_ac(symbols, "0000")); };
  CHECK(ac("\0\xF0\xFA"s) == "ok");
  CHECK(ac("\0\xF0\x0B"s) != "ok");
  CHECK(ac("\0\x10"s) != "ok");
  CHECK(ac("\0\xE0"s) != "ok");
}

TEST_CASE("verify JPEG: codes longer than the quick table, up to 16 bits") {
  Mini deep;
  deep.ac_counts.assign(16, 1);
  deep.ac_symbols = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x11\x12\x13\x14\x15"s + "\0"s;
  deep.bits = "00" + "1111111111111110"s;
  CHECK(mini(deep) == "ok");
  deep.bits = "00" + "111111111110"s + "01" + "1111111111111110"s;
  CHECK(mini(deep) == "ok");
  deep.bits = "00" + "1111111111111111"s + "00";
  CHECK(mini(deep) != "ok");
}

TEST_CASE("verify JPEG: coefficients end with the 63rd") {
  // Codes: 00 = EOB, 01 = ZRL, 10 = a run of 15 and one bit. DC difference 0 is "00".
  const auto block = [](const std::string& bits) { return mini(with_ac("\0\xF0\xF1"s, "00" + bits)); };
  CHECK(block("00") == "ok");
  CHECK(block("01"
              "01"
              "101"
              "00") == "ok");  // the 48th
  CHECK(block("01"
              "01"
              "01"
              "00") == "ok");
  CHECK(block("101"
              "101"
              "101"
              "00") == "ok");
  CHECK(block("101"
              "101"
              "101"
              "101") != "ok");  // the 64th
  CHECK(block("01"
              "01"
              "01"
              "01"
              "00") != "ok");
  CHECK(block("01"
              "01"
              "01"
              "101") != "ok");
  const auto last = [](const std::string& bits) { return mini(with_ac("\0\xE1\xF1"s, "00" + bits)); };
  CHECK(last("101"
             "101"
             "101"
             "011") == "ok");  // exactly the 63rd; no EOB then
  CHECK(last("101"
             "101"
             "101"
             "011"
             "00") != "ok");
}

TEST_CASE("verify JPEG: DC stays within what 8-bit samples can have") {
  // Code 00 = no difference, 01 = category 11: 2047 or -2047.
  Mini dc;
  dc.width = 16;
  dc.dc_counts = {0, 2};
  dc.dc_symbols = "\0\x0B"s;
  const std::string up = "0111111111111", down = "0100000000000", eob = "00";
  dc.bits = up + eob + down + eob;
  CHECK(mini(dc) == "ok");
  dc.bits = up + eob + up + eob;
  CHECK(mini(dc) != "ok");
  dc.bits = down + eob + down + eob;
  CHECK(mini(dc) != "ok");
}

TEST_CASE("verify JPEG: no coefficient is larger than what 8-bit samples make") {
  // The quantisers of DC and of the first two others are exchanged.
  const auto with = [](const Mini& mini, const std::string& first) {
    return verdict(replaced(mini.jpeg(), "\x00\x43\x00\x01\x01\x01"s, "\x00\x43\x00"s + first), 8, 8, 1);
  };
  Mini dc;  // 1024 and -1024
  dc.dc_counts = {0, 2};
  dc.dc_symbols = "\0\x0B"s;
  for (const std::string bits : {"10000000000", "01111111111"}) {
    CAPTURE(bits);
    dc.bits = "01" + bits + "00";
    CHECK(with(dc, "\x02\xFF\xFF") == "ok");
    CHECK(with(dc, "\x03\x01\x01") != "ok");
  }
  for (const std::string bits : {"1000000000", "0111111111"}) {  // 512 and -512, second of the others
    CAPTURE(bits);
    const Mini ac = with_ac("\0\x1A"s,
                            "00"
                            "01" +
                                bits + "00");
    CHECK(with(ac, "\xFF\xFF\x04") == "ok");
    CHECK(with(ac, "\x01\x01\x05") != "ok");
  }
  // One large value on another does not leave the range unseen.
  dc.width = 16;
  dc.bits =
      "01"
      "10000000000"
      "00"
      "01"
      "10000000000"
      "00";
  CHECK(verdict(replaced(dc.jpeg(), "\x00\x43\x00\x01"s, "\x00\x43\x00\x02"s), 16, 8, 1) != "ok");
}

TEST_CASE("verify JPEG: FF is stuffed, and ones fill the last octet") {
  Mini stuffed;
  stuffed.dc_counts = {0, 2};
  stuffed.dc_symbols = "\0\x0B"s;
  stuffed.bits = "01" + std::string(11, '1') + "00";
  CHECK(stuffed.jpeg().find("\x7F\xF9") != std::string::npos);
  CHECK(mini(stuffed) == "ok");
  const Mini zeros = [] {
    Mini out;
    out.filling = '0';
    return out;
  }();
  CHECK(mini(zeros) != "ok");
  // The third octet of the data is FF: it is not without its zero, and no marker stands in its place.
  Mini inner = with_ac("\0\x0A"s,
                       "00"
                       "01"
                       "0000000000"
                       "01"
                       "1111111100"
                       "00");
  const std::string whole = inner.jpeg();
  REQUIRE(whole.find("\x10\x01\xFF\0"s) != std::string::npos);
  CHECK(verdict(whole, 8, 8, 1) == "ok");
  CHECK(verdict(replaced(whole, "\x10\x01\xFF\0"s, "\x10\x01\xFF"s), 8, 8, 1) != "ok");
  CHECK(verdict(replaced(whole, "\x10\x01\xFF\0"s, "\x10\x01\xFF\xD0"s), 8, 8, 1) != "ok");
  CHECK(verdict(replaced(whole, "\x10\x01\xFF\0"s, "\x10\x01\xFF\0\0"s), 8, 8, 1) != "ok");
}
