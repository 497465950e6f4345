// Small PDFs, made here. Objects are numbered from 1 in their order; 1 is the catalog, 2 the tree of pages.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::sample {

inline std::string pdf(const std::vector<std::string>& objects, const std::string& trailer = "") {
  std::string out = "%PDF-1.7\n", table;
  char line[32];
  for (std::size_t i = 0; i < objects.size(); ++i) {
    std::snprintf(line, sizeof line, "%010zu 00000 n \n", out.size());
    table += line;
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::size_t start = out.size();
  const std::string size = std::to_string(objects.size() + 1);
  return out + "xref\n0 " + size + "\n0000000000 65535 f \n" + table + "trailer\n<< /Size " + size +
         " /Root 1 0 R " + trailer + ">>\nstartxref\n" + std::to_string(start) + "\n%%EOF\n";
}

inline std::string stream(const std::string& octets) {
  return "<< /Length " + std::to_string(octets.size()) + " >>\nstream\n" + octets + "\nendstream";
}

// Fonts that are named and not brought: Latin letters, and the one of most Japanese documents, in Shift_JIS.
inline constexpr const char* kLatin =
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";
inline std::string mincho(const std::string& encoding) {
  return "<< /Type /Font /Subtype /Type0 /BaseFont /MS-Mincho /Encoding /" + encoding +
         " /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /MS-Mincho /CIDSystemInfo "
         "<< /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /DW 1000 /W [1 632 500] >>] >>";
}

// What is in a page's dictionary beside its content and fonts: /F0 Latin, /F1 Mincho, /F2 Mincho written
// downwards.
struct PageLook {
  std::string box = "0 0 200 100", more{};
};
inline std::string page_object(const PageLook& look, int content) {
  return "<< /Type /Page /Parent 2 0 R /MediaBox [" + look.box + "] " + look.more + " /Contents " +
         std::to_string(content) + " 0 R /Resources << /Font << /F0 " + kLatin + " /F1 " +
         mincho("90ms-RKSJ-H") + " /F2 " + mincho("90ms-RKSJ-V") + " >> >> >>";
}

inline constexpr const char* kCatalog = "<< /Type /Catalog /Pages 2 0 R >>";

// One page that shows `content`, then any further objects (from number 5).
inline std::string one_page(const std::string& content, const PageLook& look = {},
                            const std::vector<std::string>& more_objects = {},
                            const std::string& catalog = kCatalog, const std::string& trailer = "") {
  std::vector<std::string> objects{catalog, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page_object(look, 4),
                                   stream(content)};
  objects.insert(objects.end(), more_objects.begin(), more_objects.end());
  return pdf(objects, trailer);
}

// `count` pages of the same look, each with its number on it.
inline std::string many_pages(int count) {
  std::string kids;
  std::vector<std::string> objects{kCatalog, ""};
  for (int i = 0; i < count; ++i) {
    const int page = 3 + 2 * i;
    kids += std::to_string(page) + " 0 R ";
    objects.push_back(page_object({}, page + 1));
    objects.push_back(stream("BT /F0 12 Tf 20 50 Td (Page" + std::to_string(i + 1) + ") Tj ET"));
  }
  objects[1] = "<< /Type /Pages /Kids [" + kids + "] /Count " + std::to_string(count) + " >>";
  return pdf(objects);
}

}  // namespace kiyome::sample
