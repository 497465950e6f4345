// A clean PDF as compose/PDF.md lays it down, octet by octet from front to back: each object where the order
// wants it, then a cross-reference that says the same. Trusts nothing; keeps some octets an object.
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "service/base/digest.h"
#include "service/gate/verify_characters.h"
#include "service/gate/verify_document.h"
#include "service/gate/verify_inflate.h"
#include "service/gate/verify_pdf_codes.h"
#include "service/gate/verify_pdf_font.h"
#include "service/gate/verify_pdf_image.h"
#include "service/gate/verify_pdf_page.h"
#include "service/gate/verify_reader.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr View kFont =
    "<< /Type /Font /Subtype /Type0 /BaseFont /Kiyome /Encoding /Identity-H /DescendantFonts [5 0 R] "
    "/ToUnicode 8 0 R >>";
constexpr View kCidFont =
    "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Kiyome /CIDSystemInfo << /Registry (Adobe) /Ordering "
    "(Identity) /Supplement 0 >> /FontDescriptor 6 0 R /DW 1000 /CIDToGIDMap /Identity >>";
constexpr View kDescriptor =
    "<< /Type /FontDescriptor /FontName /Kiyome /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 /Ascent "
    "800 /Descent -200 /CapHeight 800 /StemV 80 /FontFile2 7 0 R >>";
constexpr View kFlate = "<< /Filter /FlateDecode";
constexpr std::uint64_t kLargestFile = 9'999'999'999;  // ten digits of an offset

enum Fixed : std::uint32_t {
  kCatalog = 1,
  kPages,
  kInfo,
  kType0,
  kCid,
  kFontDescriptor,
  kFontFile,
  kUnicode,
  kFirstFree
};

// As UTF-8, whether it is one or not: check_characters() knows.
void append_character(std::string& text, std::uint32_t c) {
  const auto put = [&](std::uint32_t octet) { text += static_cast<char>(octet); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

class Pdf {
 public:
  Pdf(View octets, Scope& scope) : octets_(octets), in_(octets), scope_(scope), objects_(kFirstFree) {}

  Checked check() {
    if (octets_.size() > kLargestFile)
      return fault(static_cast<std::size_t>(kLargestFile), "too large a PDF");
    in_.about("not the begin of a clean PDF");
    in_.expect("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
    fonts();
    while (!in_.bad() && !unicode_is_next()) page();
    to_unicode();
    page_tree();
    catalog();
    information();
    cross_reference();
    return in_.bad();
  }

 private:
  enum class Kind : std::uint8_t { other, image, page };
  struct Object {
    std::uint64_t offset : 34 = 0;
    std::uint64_t pixels : 26 = 0;  // of an image
    Kind kind : 4 = Kind::other;
  };
  static_assert(sizeof(Object) == 8 && kLargestFile < 1ull << 34 && limits::kPagePixels < 1ull << 26);

  void begin(std::uint64_t number) {
    if (number >= objects_.size()) objects_.emplace_back();
    objects_[static_cast<std::size_t>(number)].offset = in_.at();
    in_.expect(std::to_string(number));
    in_.expect(" 0 obj\n");
  }
  void end() { in_.expect("\nendobj\n"); }
  void end_stream() {
    in_.expect("\nendstream");
    end();
  }
  // The number that the next page's objects go on with.
  std::uint64_t next_number() const { return objects_.size(); }

  void constant(std::uint64_t number, View content) {
    begin(number);
    in_.expect(content);
    end();
  }

  void fonts() {
    in_.about("not our font");
    constant(kType0, kFont);
    constant(kCid, kCidFont);
    constant(kFontDescriptor, kDescriptor);
    begin(kFontFile);
    const std::string size = std::to_string(kInvisibleFontOctets);
    in_.expect("<< /Length " + size + " /Length1 " + size + " >>\nstream\n");
    const std::size_t at = in_.at();
    const View font = in_.take(kInvisibleFontOctets);
    if (!in_.bad() && sha256(font) != kInvisibleFontSha256) in_.refuse(at, "not our font file");
    end_stream();
  }

  bool unicode_is_next() { return pages_ != 0 && in_.rest().starts_with("8 0 obj\n"); }

  // Images that are new here, the content, the page.
  void page() {
    if (pages_++ == limits::kDocumentPages) return in_.refuse(in_.at(), "too many pages");
    const std::uint64_t first_image = next_number();
    in_.about("neither an image nor a page");
    begin(first_image);
    while (in_.rest().starts_with("<< /Type")) {
      in_.expect(kImageBegin);
      if (next_number() - first_image > limits::kPageImages)
        return in_.refuse(in_.at(), "too many images on a page");
      objects_.back().kind = Kind::image;
      const std::size_t sides = in_.at();
      check_image(in_, inflater_, scope_);
      if (!in_.bad()) objects_.back().pixels = pixels_at(sides);
      end_stream();
      if (in_.bad()) return;
      in_.about("neither an image nor a page");
      begin(next_number());
    }
    const std::uint64_t content_number = next_number() - 1;
    PageContent content;
    in_.expect(kFlate);
    const View stream = read_stream(in_);
    if (in_.bad()) return;
    const std::size_t at = in_.at() - stream.size();
    if (const Checked bad = check_page_content(stream, inflater_, codes_, scope_, content))
      in_.refuse(at + bad->offset, bad->reason);
    end_stream();
    page_object(first_image, content_number, content);
  }

  // `W /Height H`, which check_image() has proved.
  std::uint64_t pixels_at(std::size_t offset) const {
    Reader sides(octets_.substr(offset));
    const std::uint64_t width = sides.number(1, limits::kPageSide);
    sides.expect(" /Height ");
    return width * sides.number(1, limits::kPageSide);
  }

  void page_object(std::uint64_t first_image, std::uint64_t content_number, const PageContent& content) {
    in_.about("not the page of its content");
    begin(next_number());
    objects_.back().kind = Kind::page;
    in_.expect("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ");
    const std::size_t at = in_.at();
    const std::uint32_t width = in_.thousandths(1, limits::kPageMillipoints);
    in_.expect(" ");
    const std::uint32_t height = in_.thousandths(1, limits::kPageMillipoints);
    if (content.width > width || content.height > height) in_.refuse(at, "content beyond the page");
    in_.expect("] /Resources << ");
    if (content.images != 0)
      images(first_image, content_number, content.images);
    else if (first_image != content_number)
      in_.refuse();  // an image that no page shows
    if (content.words) in_.expect("/Font << /F0 4 0 R >> ");
    in_.expect(">> /Contents " + std::to_string(content_number) + " 0 R >>");
    end();
  }

  // Each names an image up to here, and all that stand with this page are named.
  void images(std::uint64_t first, std::uint64_t behind_last, std::uint32_t count) {
    std::vector<bool> named(static_cast<std::size_t>(behind_last - first));
    std::uint64_t pixels = 0;
    in_.expect("/XObject << ");
    for (std::uint32_t i = 0; i < count && !in_.bad(); ++i) {
      in_.expect("/Im" + std::to_string(i) + " ");
      const std::size_t at = in_.at();
      const std::uint64_t number = in_.number(kFirstFree, behind_last - 1);
      if (in_.bad()) return;
      const Object& image = objects_[static_cast<std::size_t>(number)];
      if (image.kind != Kind::image) in_.refuse(at, "not the number of an image");
      pixels += image.pixels;
      if (pixels > limits::kPageShown) in_.refuse(at, "more pixels than one page may show");
      if (number >= first) named[static_cast<std::size_t>(number - first)] = true;
      in_.expect(" 0 R ");
    }
    for (const bool one : named)
      if (!one) in_.refuse();
    in_.expect(">> ");
  }

  void to_unicode() {
    in_.about("not our ToUnicode");
    begin(kUnicode);
    in_.expect(kFlate);
    const View stream = read_stream(in_);
    if (in_.bad()) return;
    const std::size_t at = in_.at() - stream.size();
    std::string text;
    inflater_.begin();
    inflater_.feed(stream);
    for (View piece = inflater_.next(); !piece.empty(); piece = inflater_.next()) {
      text.append(piece);
      if (text.size() > limits::kToUnicode) return in_.refuse(at, "ToUnicode too long");
    }
    if (!inflater_.complete()) in_.refuse(at, "not one whole zlib stream");
    // No octet of the stream is the one at fault.
    if (const Checked bad = codes_.check_to_unicode(text)) in_.refuse(at, bad->reason);
    end_stream();
  }

  void page_tree() {
    in_.about("not the tree of these pages");
    begin(kPages);
    in_.expect("<< /Type /Pages /Count " + std::to_string(pages_) + " /Kids [");
    bool first = true;
    for (std::size_t number = kFirstFree; number < objects_.size() && !in_.bad(); ++number) {
      if (objects_[number].kind != Kind::page) continue;
      if (!first) in_.expect(" ");
      in_.expect(std::to_string(number) + " 0 R");
      first = false;
    }
    in_.expect("] >>");
    end();
  }

  void catalog() {
    in_.about("not our catalog");
    constant(kCatalog, "<< /Type /Catalog /Pages 2 0 R >>");
  }

  void information() {
    in_.about("not our information dictionary");
    begin(kInfo);
    in_.expect("<< ");
    if (in_.eat("/Title <FEFF")) title();
    in_.expect(">>");
    end();
  }

  void title() {
    const std::size_t at = in_.at();
    std::string text;
    while (!in_.bad() && !in_.eat("> ")) {
      std::uint32_t c = in_.upper_hex(4);
      if ((c & 0xFC00) == 0xD800) {
        const unsigned low = in_.upper_hex(4);
        if ((low & 0xFC00) != 0xDC00) in_.refuse();
        c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
      }
      append_character(text, c);
      if (text.size() > limits::kCleanTitle) in_.refuse();
    }
    if (in_.bad()) return;
    bool wide_backslash = false;
    if (text.empty()) in_.refuse(at, "empty title");
    if (const Checked bad = check_characters(text, Tab::refused, wide_backslash)) in_.refuse(at, bad->reason);
  }

  void cross_reference() {
    const std::string size = std::to_string(objects_.size());
    const std::size_t at = in_.at();
    in_.about("not the cross-reference of these objects");
    in_.expect("xref\n0 " + size + "\n0000000000 65535 f \n");
    for (std::size_t number = 1; number < objects_.size() && !in_.bad(); ++number) {
      std::array<char, 40> entry{};
      std::snprintf(entry.data(), entry.size(), "%010llu 00000 n \n",
                    static_cast<unsigned long long>(objects_[number].offset));
      in_.expect(entry.data());
    }
    in_.about("not our trailer");
    in_.expect("trailer\n<< /Size " + size + " /Root 1 0 R /Info 3 0 R >>\nstartxref\n" + std::to_string(at) +
               "\n%%EOF\n");
    if (!in_.bad() && !in_.done()) in_.refuse(in_.at(), "octets behind the end");
  }

  View octets_;
  Reader in_;
  Scope& scope_;
  std::vector<Object> objects_;  // by number; 0 is none
  std::uint32_t pages_ = 0;
  PdfCodes codes_;
  Inflater inflater_;
};

}  // namespace

Checked check_pdf(View octets, Scope& scope) { return Pdf(octets, scope).check(); }

}  // namespace kiyome::gate
