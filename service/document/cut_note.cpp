#include "service/document/cut_note.h"

#include <vector>

#include "service/compose/document/pdf_number.h"

namespace kiyome::document {
namespace {

struct Line {
  std::string japanese, english;
};

Line rest_of(const CutNote& note) {
  const std::uint32_t last = note.first + note.shown - 1;
  if (note.total <= note.shown)  // it does not know, or cells of a sheet were cut
    return {"この先は省かれました。", "The rest was left out."};
  const std::string rest = std::to_string(note.total - note.shown);
  const std::string from = std::to_string(note.first), to = std::to_string(last);
  if (note.first == 1)
    return {"この先 " + rest + " ページは省かれました。",
            rest + (rest == "1" ? " further page was" : " further pages were") + " left out."};
  const bool one = note.shown == 1;
  return {from + (one ? "" : "〜" + to) + " ページ目のほか " + rest + " ページは省かれました。",
          "All but page" + (one ? " " + from : "s " + from + " to " + to) + " were left out (" + rest +
              (rest == "1" ? " page)." : " pages).")};
}

std::string line_of(std::string_view text) {
  std::string out = "<";
  compose::append_utf16(out, text);
  return out + "> Tj";
}

std::string pdf_of(const std::vector<std::string>& objects) {
  std::string out = "%PDF-1.4\n";
  std::vector<std::size_t> offsets;
  for (const std::string& object : objects) {
    offsets.push_back(out.size());
    out += std::to_string(offsets.size()) + " 0 obj\n" + object + "\nendobj\n";
  }
  const std::size_t table = out.size();
  const std::string count = std::to_string(objects.size() + 1);
  out += "xref\n0 " + count + "\n0000000000 65535 f \n";
  for (const std::size_t offset : offsets) {
    const std::string digits = std::to_string(offset);
    out += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
  }
  return out + "trailer\n<< /Size " + count + " /Root 1 0 R >>\nstartxref\n" + std::to_string(table) +
         "\n%%EOF\n";
}

}  // namespace

std::string CutNote::text() const {
  const Line line = rest_of(*this);
  return "※ " + line.japanese + "\n(Kiyome) " + line.english;
}

std::string CutNote::pdf() const {
  const Line line = rest_of(*this);
  // A frame, so that nobody takes it for a page of the sender's.
  const std::string content = "1 w 48 730 499 64 re S BT /F0 14 Tf 60 768 Td " +
                              line_of("※ " + line.japanese) + " /F0 11 Tf 0 -24 Td " +
                              line_of("(Kiyome) " + line.english) + " ET";
  return pdf_of({
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F0 5 0 R "
      ">> >> >>",
      "<< /Length " + std::to_string(content.size()) + " >>\nstream\n" + content + "\nendstream",
      // A gothic face of the machine: fonts that a Japanese PDF need not bring.
      "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5 /Encoding /UniJIS-UCS2-H /DescendantFonts "
      "[6 0 R] >>",
      "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 /CIDSystemInfo << /Registry (Adobe) "
      "/Ordering (Japan1) /Supplement 2 >> /FontDescriptor 7 0 R /DW 1000 /W [1 94 500] >>",
      "<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle "
      "0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
  });
}

void OnePage::page(const clean::Page& page) {
  if (++count_ != 1) return;
  page_ = page;
  page_.findings.clear();
}

void OnePage::rows(std::string_view octets) {
  if (count_ == 1) rows_ += octets;
}

void OnePage::words(const clean::Words& words) {
  if (count_ == 1) words_ = words;
}

void OnePage::into(PageSink& sink) const {
  if (count_ == 0) return;
  sink.page(page_);
  sink.rows(rows_);
  sink.words(words_);
}

}  // namespace kiyome::document
