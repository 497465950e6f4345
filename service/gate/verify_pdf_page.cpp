#include "service/gate/verify_pdf_page.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/gate/verify_reader.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr unsigned kCodeDigits = 4;
constexpr std::size_t kLine =
    kCodeDigits * limits::kCleanWord + 64;  // octets; the longest shows one whole word

class Content {
 public:
  Content(View stream, Inflater& inflater, PdfCodes& codes, Scope& scope, PageContent& found)
      : inflater_(inflater), codes_(codes), scope_(scope), found_(found) {
    inflater_.begin();
    inflater_.feed(stream);
  }

  Checked check() {
    next();
    while (line_ == "q\n" && more()) image();
    if (more() && !line_.empty()) text();
    if (more() && !line_.empty()) refuse("not the content of a page");
    if (more() && !inflater_.complete()) refuse("not one whole zlib stream");
    return bad_;
  }

 private:
  bool more() const { return !bad_; }
  void refuse(const char* reason) {
    if (more()) bad_ = fault(static_cast<std::size_t>(inflater_.taken()), reason);
  }

  // The next line with its LF; empty at the end.
  void next() {
    line_ = {};
    std::size_t end = held_.find('\n', at_);
    while (more() && end == std::string::npos) {
      held_.erase(0, at_);
      at_ = 0;
      if (held_.size() > kLine) return refuse("line of content too long");
      const View piece = inflater_.next();
      if (piece.empty()) {
        if (inflater_.broken() || !held_.empty()) refuse("content that ends early");
        return;
      }
      octets_ += piece.size();
      if (octets_ > limits::kPageContent || !scope_.spend(piece.size())) return refuse("content too long");
      const std::size_t before = held_.size();
      held_.append(piece);
      end = held_.find('\n', before);
    }
    if (!more()) return;
    line_ = View(held_).substr(at_, end + 1 - at_);
    at_ = end + 1;
  }
  void next_is(View line) {
    next();
    if (line_ != line) refuse("not the content of a page");
  }
  void close(const Reader& in) {
    if (in.bad() || !in.done()) refuse(in.bad() ? in.bad()->reason : in.reason());
  }

  void image() {
    next();
    Reader in(line_);
    in.about("not a rectangle on the page");
    const std::uint32_t width = in.thousandths(1, limits::kPageMillipoints);
    in.expect(" 0 0 ");
    const std::uint32_t height = in.thousandths(1, limits::kPageMillipoints);
    in.expect(" ");
    const std::uint32_t x = in.thousandths(0, limits::kPageMillipoints);
    in.expect(" ");
    const bool below = in.eat("-");
    const std::uint32_t y =
        below ? in.thousandths(1, limits::kPageOverhang - 1) : in.thousandths(0, limits::kPageMillipoints);
    in.expect(" cm\n");
    if (below && y > height) refuse("not a rectangle on the page");
    close(in);
    // The last column of pixels may reach beyond the right edge, too.
    const std::uint32_t right = x + width, overhang = limits::kPageOverhang - 1;
    reach(right > overhang ? right - overhang : 0, below ? height - y : y + height);
    if (found_.images == limits::kPageImages) refuse("too many images on a page");
    next_is("/Im" + std::to_string(found_.images++) + " Do\n");
    next_is("Q\n");
    next();
  }

  void text() {
    if (line_ != "BT\n") return refuse("not the content of a page");
    found_.words = true;
    next_is("3 Tr\n");
    next_is("/F0 1 Tf\n");
    next();
    std::size_t words = 0;
    do {
      if (words++ == limits::kPageWords) refuse("too many words on a page");
      place();
      next();
      shown();
      next();
    } while (more() && line_ != "ET\n");
    next();
  }

  // `S 0 0 T X Y Tm` or `0 -S T 0 X Y Tm`.
  void place() {
    constexpr std::uint32_t kMost = limits::kPageMillipoints;
    Reader in(line_);
    in.about("not the place of a word");
    if (in.eat("0 -")) {
      in.thousandths(1, kMost);
      in.expect(" ");
      in.thousandths(1, kMost);
      in.expect(" 0 ");
    } else {
      in.thousandths(1, kMost);
      in.expect(" 0 0 ");
      in.thousandths(1, kMost);
      in.expect(" ");
    }
    const std::uint32_t x = in.thousandths(0, kMost);
    in.expect(" ");
    const std::uint32_t y = in.thousandths(0, kMost);
    in.expect(" Tm\n");
    close(in);
    reach(x, y);
  }

  void shown() {
    Reader in(line_);
    in.about("not the codes of a word");
    in.expect("<");
    std::size_t count = 0;
    do {
      if (count++ == limits::kCleanWord) in.refuse();
      const unsigned code = in.upper_hex(kCodeDigits);
      if (!in.bad() && !codes_.shows(code)) in.refuse(in.at(), "code that means no clean character");
    } while (!in.bad() && !in.eat("> Tj\n"));
    close(in);
  }

  void reach(std::uint32_t x, std::uint32_t y) {
    found_.width = std::max(found_.width, x);
    found_.height = std::max(found_.height, y);
  }

  Inflater& inflater_;
  PdfCodes& codes_;
  Scope& scope_;
  PageContent& found_;
  std::string held_;  // inflated, from `at_` on not read yet
  std::size_t at_ = 0;
  View line_;  // of held_
  std::uint64_t octets_ = 0;
  Checked bad_;
};

}  // namespace

Checked check_page_content(View stream, Inflater& inflater, PdfCodes& codes, Scope& scope,
                           PageContent& content) {
  return Content(stream, inflater, codes, scope, content).check();
}

}  // namespace kiyome::gate
