// Warm-up: what every job would otherwise do again, done once before the first fork.
#include <string>

#include "proto/base/limits.h"
#include "sanitizers/pdf/fonts.h"
#include "sanitizers/pdf/open.h"
#include "sanitizers/pdf/run.h"

namespace kiyome::sanitizer::pdf {
namespace {

// A page in the fonts that Japanese documents most often name without bringing them.
std::string page_in_common_fonts() {
  constexpr const char* kNames[] = {"MS-Mincho", "MS-PMincho", "MS-Gothic", "MS-PGothic"};
  std::string fonts, objects, content;
  int object = 5;
  for (const char* const name : kNames) {
    const std::string own = std::to_string(object++), within = std::to_string(object++);
    fonts += "/F" + own + " " + own + " 0 R ";
    content += "BT /F" + own + " 10 Tf 20 20 Td <82a08abf> Tj ET\n";
    objects += own + " 0 obj << /Type /Font /Subtype /Type0 /BaseFont /" + name +
               " /Encoding /90ms-RKSJ-H /DescendantFonts [" + within + " 0 R] >> endobj\n" + within +
               " 0 obj << /Type /Font /Subtype /CIDFontType2 /BaseFont /" + name +
               " /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >> endobj\n";
  }
  return "%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
         "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
         "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << /Font "
         "<< " +
         fonts + ">> >> >> endobj\n4 0 obj << /Length " + std::to_string(content.size()) + " >> stream\n" +
         content + "endstream endobj\n" + objects + "trailer << /Root 1 0 R >>\n";
}

// PDFium forgets a font when its last document ends; this one lasts as long as the process, in every job.
struct Kept {
  Kept() {
    document = open_document(octets, {}).document;
    if (document != nullptr) page.reset(engine().FPDF_LoadPage(document.get(), 0));
    if (page != nullptr) Canvas().draw(page.get(), nullptr, frame_of(99, 99, limits::kDpiMin));
  }
  std::string octets = page_in_common_fonts();
  Document document;
  Page page;
};

}  // namespace

void warm_up() {
  load_engine();
  give_fonts();
  static const Kept kept;
}

}  // namespace kiyome::sanitizer::pdf
