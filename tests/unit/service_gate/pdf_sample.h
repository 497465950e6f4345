// Clean PDFs written by hand for the verifier's tests, in parts that a test can exchange one by one.
#pragma once

#include <zlib.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/compose/document/invisible_font.h"
#include "tests/unit/service_gate/jpeg_sample.h"

namespace kiyome::pdf_sample {

inline std::string deflated(std::string_view octets, int level = 9) {
  uLongf size = compressBound(octets.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(octets.data()),
            octets.size(), level);
  out.resize(size);
  return out;
}

// The content of a stream object. `dictionary` is what stands before /Length.
inline std::string stream(const std::string& dictionary, const std::string& octets) {
  return dictionary + " /Length " + std::to_string(octets.size()) + " >>\nstream\n" + octets + "\nendstream";
}
inline std::string image(unsigned width, unsigned height, const std::string& form,
                         const std::string& octets) {
  return stream("<< /Type /XObject /Subtype /Image /Width " + std::to_string(width) + " /Height " +
                    std::to_string(height) + " /ColorSpace " + form,
                octets);
}
inline std::string flate_image(unsigned width, unsigned height, const std::string& space, unsigned bits,
                               const std::string& rows) {
  return image(width, height, space + " /BitsPerComponent " + std::to_string(bits) + " /Filter /FlateDecode",
               deflated(rows));
}
inline std::string jpeg_image(unsigned width, unsigned height, const std::string& space,
                              const std::string& jpeg) {
  return image(width, height, space + " /BitsPerComponent 8 /Filter /DCTDecode", jpeg);
}

// Group 4.
inline std::string fax_image(unsigned width, unsigned height, const std::string& fax) {
  return image(width, height,
               "/DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns " +
                   std::to_string(width) + " /Rows " + std::to_string(height) + " >>",
               fax);
}
// 20 by 2 pixels: in both rows the fifth and the sixth are black.
inline const std::string kFax("\x37\xF8\x00\x80\x08", 5);

// `beyond` are the lines of bfchar, e.g. "<E000> <D842DFB7>\n".
inline std::string to_unicode(const std::vector<std::string>& beyond = {}) {
  std::string out =
      "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
      "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
      "/CMapName /Kiyome def\n/CMapType 2 def\n"
      "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n";
  std::vector<std::string> ranges;
  for (unsigned high = 0; high < 256; ++high) {
    if (high >= 0xD8 && high < 0xF9) continue;
    char line[32];
    std::snprintf(line, sizeof line, "<%02X00> <%02XFF> <%02X00>\n", high, high, high);
    ranges.push_back(line);
  }
  const auto blocks = [&](const std::vector<std::string>& lines, const std::string& name) {
    for (std::size_t i = 0; i < lines.size(); i += 100) {
      const std::size_t count = std::min<std::size_t>(100, lines.size() - i);
      out += std::to_string(count) + " begin" + name + "\n";
      for (std::size_t k = i; k < i + count; ++k) out += lines[k];
      out += "end" + name + "\n";
    }
  };
  blocks(ranges, "bfrange");
  blocks(beyond, "bfchar");
  return out + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
}

// Words as a content stream shows them, `lines` between BT and ET.
inline std::string text(const std::string& lines) { return "BT\n3 Tr\n/F0 1 Tf\n" + lines + "ET\n"; }
inline std::string drawn(unsigned number, const std::string& matrix = "595 0 0 842 0 0") {
  return "q\n" + matrix + " cm\n/Im" + std::to_string(number) + " Do\nQ\n";
}
inline const std::string kWord = "10 0 0 12.5 72 700.125 Tm\n<304200410020> Tj\n";

struct Page {
  std::vector<std::string> images;  // contents of objects that are new here
  std::string content;
  std::string media = "595 842";
  std::string resources;  // what stands between `<< ` and `>>`

  static Page blank() { return {}; }
  static Page words(const std::string& lines = kWord) {
    return {{}, text(lines), "595 842", "/Font << /F0 4 0 R >> "};
  }
  // One image with the number 9.
  static Page picture(const std::string& image_object) {
    return {{image_object}, drawn(0), "595 842", "/XObject << /Im0 9 0 R >> "};
  }
};

struct Pdf {
  std::vector<Page> pages;
  std::string information = "<< >>";
  std::string unicode = to_unicode();
  std::string catalog = "<< /Type /Catalog /Pages 2 0 R >>";
  std::map<int, std::string> fonts = {
      {4,
       "<< /Type /Font /Subtype /Type0 /BaseFont /Kiyome /Encoding /Identity-H /DescendantFonts [5 0 R] "
       "/ToUnicode 8 0 R >>"},
      {5,
       "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Kiyome /CIDSystemInfo << /Registry (Adobe) "
       "/Ordering (Identity) /Supplement 0 >> /FontDescriptor 6 0 R /DW 1000 /CIDToGIDMap /Identity >>"},
      {6,
       "<< /Type /FontDescriptor /FontName /Kiyome /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 "
       "/Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 /FontFile2 7 0 R >>"},
      {7, "<< /Length 304 /Length1 304 >>\nstream\n" +
              std::string(compose::kInvisibleFont.begin(), compose::kInvisibleFont.end()) + "\nendstream"},
  };
  std::string kids;  // written instead of the right ones
  std::string before_8, before_xref;

  std::string pdf() const {
    std::string out = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n";
    std::map<int, std::size_t> offsets;
    const auto object = [&](int number, const std::string& content) {
      offsets[number] = out.size();
      out += std::to_string(number) + " 0 obj\n" + content + "\nendobj\n";
    };
    for (const auto& [number, content] : fonts) object(number, content);
    int next = 9;
    std::string right_kids;
    for (const Page& page : pages) {
      for (const std::string& one : page.images) object(next++, one);
      const int content = next++;
      object(content, stream("<< /Filter /FlateDecode", deflated(page.content)));
      right_kids += (right_kids.empty() ? "" : " ") + std::to_string(next) + " 0 R";
      object(next++, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 " + page.media + "] /Resources << " +
                         page.resources + ">> /Contents " + std::to_string(content) + " 0 R >>");
    }
    out += before_8;
    object(8, stream("<< /Filter /FlateDecode", deflated(unicode)));
    object(2, "<< /Type /Pages /Count " + std::to_string(pages.size()) + " /Kids [" +
                  (kids.empty() ? right_kids : kids) + "] >>");
    object(1, catalog);
    object(3, information);
    out += before_xref;
    const std::size_t start = out.size();
    out += "xref\n0 " + std::to_string(next) + "\n0000000000 65535 f \n";
    for (const auto& [number, offset] : offsets) {
      char entry[40];
      std::snprintf(entry, sizeof entry, "%010zu 00000 n \n", offset);
      out += entry;
    }
    return out + "trailer\n<< /Size " + std::to_string(next) + " /Root 1 0 R /Info 3 0 R >>\nstartxref\n" +
           std::to_string(start) + "\n%%EOF\n";
  }
};

inline Pdf with_page(const Page& page) {
  Pdf out;
  out.pages = {page};
  return out;
}

// Every form of image, words, a character beyond the basic plane, an image of an earlier page, a title.
inline Pdf everything() {
  Pdf out;
  const std::string gray = flate_image(3, 2, "/DeviceGray", 8, std::string("\x00\x80\xFF\x10\x20\x30", 6));
  const std::string line = flate_image(9, 2, "/DeviceGray", 1, std::string("\xAA\x80\x55\x00", 4));
  const std::string four = flate_image(3, 1, "/DeviceGray", 4, "\x12\x30");
  const std::string colour = flate_image(2, 1, "/DeviceRGB", 8, "abcdef");
  const std::string small = flate_image(3, 1, "[/Indexed /DeviceRGB 2 <FFFFFF000000C0FFEE>]", 4, "\x21\x20");
  std::string colours;
  for (int i = 0; i < 256; ++i) colours += "C0FFEE";
  const std::string large =
      flate_image(3, 1, "[/Indexed /DeviceRGB 255 <" + colours + ">]", 8, "\xFE\xFF\x01");
  Page first;
  first.images = {gray, line, four};
  first.content = drawn(0) + drawn(1, "0.001 0 0 1.5 594.999 840.5") + drawn(2, "1 0 0 1 0 0") +
                  text(kWord + "0 -10 12 0 72 842 Tm\n<E000E001E000> Tj\n");
  first.resources = "/XObject << /Im0 9 0 R /Im1 10 0 R /Im2 11 0 R >> /Font << /F0 4 0 R >> ";
  Page second;
  second.images = {colour,
                   small,
                   large,
                   jpeg_image(17, 9, "/DeviceGray", jpeg_sample::kGray),
                   jpeg_image(17, 9, "/DeviceRGB", jpeg_sample::kHalved),
                   fax_image(20, 2, kFax)};
  second.content = drawn(0) + drawn(1) + drawn(2) + drawn(3) + drawn(4) + drawn(5) + drawn(6);
  second.resources =
      "/XObject << /Im0 14 0 R /Im1 9 0 R /Im2 15 0 R /Im3 16 0 R /Im4 17 0 R /Im5 18 0 R /Im6 19 0 R >> ";
  out.pages = {first, second, Page::blank()};
  out.unicode = to_unicode({"<E000> <D842DFB7>\n", "<E001> <D83DDE00>\n"});
  out.information = "<< /Title <FEFF8ACB6C4266F80020D842DFB7> >>";
  return out;
}

}  // namespace kiyome::pdf_sample
