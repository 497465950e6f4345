// TIFF files, written by libtiff and then bent.
#include <tiffio.h>

#include <cstring>
#include <functional>

#include "tests/unit/sanitizers_image/shown.h"

using namespace kiyome::test;
using namespace std::string_literals;

namespace {

struct Memory {
  std::string octets;
  std::size_t at = 0;
};

Memory& self(thandle_t handle) { return *static_cast<Memory*>(handle); }

TIFF* open_for_writing(Memory& memory) {
  return TIFFClientOpen(
      "", "w", &memory,
      [](thandle_t handle, void* to, tmsize_t size) -> tmsize_t {
        Memory& file = self(handle);
        const std::size_t taken =
            file.octets.copy(static_cast<char*>(to), static_cast<std::size_t>(size), file.at);
        file.at += taken;
        return static_cast<tmsize_t>(taken);
      },
      [](thandle_t handle, void* from, tmsize_t size) -> tmsize_t {
        Memory& file = self(handle);
        const auto count = static_cast<std::size_t>(size);
        if (file.octets.size() < file.at + count) file.octets.resize(file.at + count);
        std::memcpy(file.octets.data() + file.at, from, count);
        file.at += count;
        return size;
      },
      [](thandle_t handle, toff_t offset, int from) -> toff_t {
        Memory& file = self(handle);
        return file.at = offset + (from == SEEK_END ? file.octets.size() : from == SEEK_CUR ? file.at : 0);
      },
      [](thandle_t) { return 0; }, [](thandle_t handle) -> toff_t { return self(handle).octets.size(); },
      nullptr, nullptr);
}

struct Page {
  std::uint32_t width = 8, height = 4;
  int bits = 8, samples = 1, photometric = PHOTOMETRIC_MINISBLACK, compression = COMPRESSION_NONE;
  float dpi_x = 0, dpi_y = 0;
  int orientation = 0;
  std::uint32_t kind = 0;
  int alpha = -1;
  bool tiled = false;
  int strip = 2;  // rows
  const char* artist = nullptr;
  // The octets of row `y`.
  std::function<std::string(std::uint32_t y)> row{};
};

std::string tiff_of(const std::vector<Page>& pages) {
  Memory memory;
  TIFF* const file = open_for_writing(memory);
  for (const Page& page : pages) {
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, page.width);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, page.height);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, page.bits);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, page.samples);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, page.photometric);
    TIFFSetField(file, TIFFTAG_COMPRESSION, page.compression);
    TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    if (page.dpi_x > 0) {
      TIFFSetField(file, TIFFTAG_XRESOLUTION, static_cast<double>(page.dpi_x));
      TIFFSetField(file, TIFFTAG_YRESOLUTION, static_cast<double>(page.dpi_y));
      TIFFSetField(file, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    }
    if (page.orientation != 0) TIFFSetField(file, TIFFTAG_ORIENTATION, page.orientation);
    if (page.kind != 0) TIFFSetField(file, TIFFTAG_SUBFILETYPE, page.kind);
    if (page.artist != nullptr) TIFFSetField(file, TIFFTAG_ARTIST, page.artist);
    if (page.alpha >= 0) {
      const auto kind = static_cast<std::uint16_t>(page.alpha);
      TIFFSetField(file, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    if (page.tiled) {
      TIFFSetField(file, TIFFTAG_TILEWIDTH, 16);
      TIFFSetField(file, TIFFTAG_TILELENGTH, 16);
      std::string tile = page.row(0);
      TIFFWriteTile(file, tile.data(), 0, 0, 0, 0);
    } else {
      TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, page.strip);
      for (std::uint32_t y = 0; y < page.height; ++y) {
        std::string row = page.row(y);
        TIFFWriteScanline(file, row.data(), y, 0);
      }
    }
    TIFFWriteDirectory(file);
  }
  TIFFClose(file);
  return memory.octets;
}

Page fax() {
  Page page;
  page.width = 16;
  page.bits = 1;
  page.photometric = PHOTOMETRIC_MINISWHITE;
  page.compression = COMPRESSION_CCITTFAX4;
  page.dpi_x = page.dpi_y = 200;
  page.row = [](std::uint32_t y) { return y % 2 == 0 ? "\xff\0"s : "\0\xff"s; };
  return page;
}

Page of(int photometric, int bits, const std::string& pixel) {
  Page page;
  page.photometric = photometric;
  page.bits = bits;
  page.samples = static_cast<int>(pixel.size()) * 8 / bits;
  page.row = [pixel](std::uint32_t) {
    std::string row;
    for (int i = 0; i < 8; ++i) row += pixel;
    return row;
  };
  return page;
}

}  // namespace

TEST_CASE("tiff: a fax of two pages") {
  const Shown shown = show(tiff_of({fax(), fax()}));
  REQUIRE(shown.pages.size() == 2);
  CHECK(shown.document->pages == 2);
  CHECK(shown.document->findings.empty());
  for (const ShownPage& page : shown.pages) {
    CHECK(page.page.format == kiyome::clean::PixelFormat::gray8);
    CHECK(page.page.width_millipoints == 5760);
    CHECK(page.at(0, 0) == 0);
    CHECK(page.at(15, 0) == 0xffffff);
    CHECK(page.at(0, 1) == 0xffffff);
    CHECK(page.at(15, 3) == 0);
  }
}

TEST_CASE("tiff: pages beyond the wanted ones are left out and told") {
  auto options = asking_for_pixels();
  options.pages_max = 2;
  const Shown shown = show(tiff_of({fax(), fax(), fax()}), options);
  CHECK(shown.pages.size() == 2);
  CHECK(shown.document->pages == 3);
  CHECK(shown.found(Finding::kPagesCut));
  options.pages_max = 3;
  CHECK_FALSE(show(tiff_of({fax(), fax(), fax()}), options).found(Finding::kPagesCut));
}

TEST_CASE("tiff: pages before the first wanted one are left out and told") {
  auto options = asking_for_pixels();
  options.first_page = 2;
  const Shown shown = show(tiff_of({fax(), fax(), fax()}), options);
  CHECK(shown.pages.size() == 2);
  CHECK(shown.document->pages == 3);
  CHECK(shown.found(Finding::kPagesCut));
  options.first_page = 4;
  CHECK(show(tiff_of({fax(), fax(), fax()}), options).refusal == Finding::kConversionFailed);
}

TEST_CASE("tiff: previews are no pages, unless there is nothing else") {
  Page preview = fax();
  preview.kind = FILETYPE_REDUCEDIMAGE;
  CHECK(show(tiff_of({fax(), preview})).pages.size() == 1);
  CHECK(show(tiff_of({preview})).pages.size() == 1);
}

TEST_CASE("tiff: gray, RGB, CMYK, 16 bits, alpha") {
  CHECK(show(tiff_of({of(PHOTOMETRIC_MINISBLACK, 8, "\x30")})).pages[0].at(0, 0) == 0x303030);
  CHECK(show(tiff_of({of(PHOTOMETRIC_MINISWHITE, 8, "\x30")})).pages[0].at(0, 0) == 0xcfcfcf);
  CHECK(show(tiff_of({of(PHOTOMETRIC_RGB, 8, "\x12\x34\x56")})).pages[0].at(7, 3) == 0x123456);
  CHECK(show(tiff_of({of(PHOTOMETRIC_RGB, 16, "\0\x12\0\x34\0\x56"s)})).pages[0].at(7, 3) == 0x123456);
  CHECK(show(tiff_of({of(PHOTOMETRIC_SEPARATED, 8, "\xff\0\0\0"s)})).pages[0].at(0, 0) == 0x00ffff);
  Page apart = of(PHOTOMETRIC_RGB, 8, "\x10\x20\x30\0"s);
  apart.alpha = EXTRASAMPLE_UNASSALPHA;
  CHECK(show(tiff_of({apart})).pages[0].at(0, 0) == 0xffffff);
  Page multiplied = of(PHOTOMETRIC_RGB, 8, "\x10\x20\x30\x80"s);
  multiplied.alpha = EXTRASAMPLE_ASSOCALPHA;
  CHECK(show(tiff_of({multiplied})).pages[0].at(0, 0) == 0x8f9faf);
}

TEST_CASE("tiff: LZW, deflate, PackBits and JPEG within") {
  for (const int compression : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    Page page = of(PHOTOMETRIC_RGB, 8, "\x12\x34\x56");
    page.compression = compression;
    CHECK(show(tiff_of({page})).pages[0].at(7, 3) == 0x123456);
  }
  Page jpeg = of(PHOTOMETRIC_MINISBLACK, 8, "\x80");
  jpeg.compression = COMPRESSION_JPEG;
  jpeg.height = 2;
  CHECK(kiyome::test::apart(show(tiff_of({jpeg})).pages[0].at(3, 1), 0x808080) < 8);
}

TEST_CASE("tiff: tiles") {
  Page page;
  page.width = page.height = 16;
  page.samples = 3;
  page.photometric = PHOTOMETRIC_RGB;
  page.tiled = true;
  page.row = [](std::uint32_t) {
    std::string tile;
    for (int i = 0; i < 256; ++i) tile += "\xff\0\1"s;
    return tile;
  };
  CHECK(show(tiff_of({page})).pages[0].at(15, 15) == 0xff0001);
}

TEST_CASE("tiff: orientation and metadata") {
  Page page = fax();
  page.orientation = 6;
  page.artist = "me";
  const Shown shown = show(tiff_of({page}));
  REQUIRE(shown.pages.size() == 1);
  CHECK(shown.found(Finding::kMetadataRemoved));
  CHECK(shown.pages[0].page.pixel_width == 4);
  CHECK(shown.pages[0].page.pixel_height == 16);
  CHECK(shown.pages[0].at(3, 0) == 0);  // the first row is the last column
}

TEST_CASE("tiff: a fax of 204 x 98 dpi gets square pixels") {
  Page page = fax();
  page.dpi_x = 204;
  page.dpi_y = 102;
  const Shown shown = show(tiff_of({page}));
  CHECK(shown.pages[0].page.pixel_height == 8);
  CHECK(shown.pages[0].at(0, 1) == 0);
  CHECK(shown.pages[0].at(0, 2) == 0xffffff);
}

TEST_CASE("tiff: a broken page is blank or white in part, when all are broken the file is refused") {
  Page page = of(PHOTOMETRIC_RGB, 8, "\x12\x34\x56");
  page.compression = COMPRESSION_ADOBE_DEFLATE;
  const std::string file = tiff_of({page, page});
  const std::size_t strip = file.find("\x78");
  REQUIRE(strip != std::string::npos);
  std::string partly = file;
  partly.replace(strip, 4, "\xff\xff\xff\xff");
  const Shown shown = show(partly);
  REQUIRE(shown.pages.size() == 2);
  CHECK(shown.pages[0].found(Finding::kPageDamaged));
  CHECK(shown.pages[0].at(0, 0) == 0xffffff);
  CHECK(shown.pages[0].at(0, 2) == 0x123456);
  CHECK_FALSE(shown.pages[1].found(Finding::kPageDamaged));
  std::string wholly = file;
  for (std::size_t at = 0; (at = wholly.find("\x78\x9c", at)) != std::string::npos; ++at)
    wholly.replace(at, 2, "\xff\xff");
  CHECK(show(wholly).refusal == Finding::kDamagedPart);
  CHECK(show(file.substr(0, 20)).refusal == Finding::kDamagedPart);
}

TEST_CASE("tiff: a fax whose octets break off is told, in each of the encodings") {
  Page page = fax();
  page.height = 64;
  page.strip = 64;
  page.row = [](std::uint32_t y) { return y % 2 == 0 ? "\x0f\x35"s : "\x53\xf0"s; };
  for (const int compression : {COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_CCITTRLE}) {
    page.compression = compression;
    std::string file = tiff_of({page});
    CHECK_FALSE(show(file).pages[0].found(Finding::kPageDamaged));
    const std::string count = le(TIFFTAG_STRIPBYTECOUNTS, 2) + le(TIFF_LONG, 2) + le(1, 4);
    const std::string narrow = le(TIFFTAG_STRIPBYTECOUNTS, 2) + le(TIFF_SHORT, 2) + le(1, 4);
    std::size_t at = file.find(count);
    if (at == std::string::npos) at = file.find(narrow);
    REQUIRE(at != std::string::npos);
    const unsigned size = static_cast<unsigned char>(file[at + 8]) |
                          static_cast<unsigned>(static_cast<unsigned char>(file[at + 9])) << 8;
    file.replace(at + 8, 2, le(size / 2, 2));
    const Shown half = show(file);
    REQUIRE(half.pages.size() == 1);
    CHECK(half.pages[0].found(Finding::kPageDamaged));
  }
}

TEST_CASE("tiff: pages behind a broken directory are missed, and told to be") {
  std::string file = tiff_of({fax(), fax()});
  CHECK_FALSE(show(file).found(Finding::kPageDamaged));
  const std::size_t directory = static_cast<unsigned char>(file[4]) | static_cast<unsigned char>(file[5])
                                                                          << 8;
  const std::size_t entries = static_cast<unsigned char>(file[directory]);
  file.replace(directory + 2 + entries * 12, 4, le(file.size() + 1000, 4));
  const Shown shown = show(file);
  CHECK(shown.pages.size() == 1);
  CHECK(shown.found(Finding::kPageDamaged));
}

TEST_CASE("tiff: a flood of declared pixels is refused, and directories in a circle end") {
  std::string file = tiff_of({fax()});
  const std::string width = le(TIFFTAG_IMAGEWIDTH, 2) + le(TIFF_SHORT, 2) + le(1, 4);
  std::size_t at = file.find(width);
  REQUIRE(at != std::string::npos);
  file.replace(at, 24,
               le(TIFFTAG_IMAGEWIDTH, 2) + le(TIFF_LONG, 2) + le(1, 4) + le(100000, 4) +
                   le(TIFFTAG_IMAGELENGTH, 2) + le(TIFF_LONG, 2) + le(1, 4) + le(100000, 4));
  CHECK(show(file).refusal == Finding::kLimitPixels);

  std::string circle = tiff_of({fax()});
  const std::size_t directory = static_cast<unsigned char>(circle[4]) | static_cast<unsigned char>(circle[5])
                                                                            << 8;
  const std::size_t entries = static_cast<unsigned char>(circle[directory]);
  circle.replace(directory + 2 + entries * 12, 4, le(directory, 4));
  CHECK(show(circle).pages.size() == 1);
}

TEST_CASE("tiff: a ZIP at its end is told") {
  CHECK(show(tiff_of({fax()}) + small_zip()).found(Finding::kPolyglot));
  CHECK_FALSE(show(tiff_of({fax()}) + "PK\5\6").found(Finding::kPolyglot));
}
