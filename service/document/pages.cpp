#include "service/document/pages.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/compose/characters.h"
#include "service/compose/document/pdf_writer.h"
#include "service/compose/document/png_writer.h"
#include "service/compose/document/words_text.h"
#include "service/document/my_number.h"

namespace kiyome::document {
namespace {

using compose::CleanFile;

// Adds the time of its life.
class Timed {
 public:
  explicit Timed(double& milliseconds) : milliseconds_(milliseconds) {}
  ~Timed() { milliseconds_ += milliseconds_since(begin_); }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  double& milliseconds_;
  const Steady::time_point begin_ = Steady::now();
};

// Keeps them in memory, as far as there is room.
class BoundedSink final : public compose::OctetSink {
 public:
  explicit BoundedSink(std::uint64_t room) : room_(room) {}
  void write(std::string_view octets) override {
    if (octets.size() > room_ - octets_.size()) throw TooLarge{};
    octets_.append(octets);
  }
  std::string take() { return std::move(octets_); }

 private:
  std::uint64_t room_;
  std::string octets_;
};

class PdfPages : public PageSink {
 public:
  PdfPages(const PdfForm& form, std::uint64_t room)
      : sink_(room), writer_(sink_, {form.words, form.title, form.compact}) {}

  void page(const clean::Page& page) override {
    end_page();
    PageSink::page(page);
    writer_.page(page);
    open_ = true;
  }
  void rows(std::string_view octets) override { writer_.rows(octets); }
  void words(const clean::Words& words) override { writer_.words(words); }

  std::vector<CleanFile> finish(const std::string& name) override {
    end_page();
    const Timed timed(milliseconds_);
    std::vector<CleanFile> out;
    if (pages() == 0) return out;
    writer_.finish();
    note(writer_.findings());
    out.push_back({name, "application/pdf", sink_.take(), pages()});
    return out;
  }

 private:
  void end_page() {
    const Timed timed(milliseconds_);
    if (open_) writer_.end_page();
    open_ = false;
  }

  BoundedSink sink_;
  compose::PdfWriter writer_;
  bool open_ = false;
};

// A page's words become text at once: as words they take many times the memory.
class TextPages : public PageSink {
 public:
  explicit TextPages(std::uint64_t room) : room_(std::min(room, limits::kDocumentText)) {}

  void words(const clean::Words& words) override {
    const Timed timed(milliseconds_);
    std::vector<clean::Finding> findings;
    const std::string page = compose::words_as_text({words}, findings);
    note(findings);
    append(page);
  }
  void line(std::string_view text) override {
    if (!text_.empty()) append(std::string(text) + "\n");
  }

  std::vector<CleanFile> finish(const std::string& name) override {
    std::vector<CleanFile> out;
    if (!text_.empty()) out.push_back({name, "text/plain", std::move(text_), pages()});
    return out;
  }

 private:
  void append(const std::string& page) {
    if (page.empty()) return;
    if (page.size() + 1 > room_ - text_.size()) throw TooLarge{};
    if (!text_.empty()) text_ += '\n';  // an empty line between pages
    text_ += page;
  }

  const std::uint64_t room_;
  std::string text_;
};

class PicturePages : public PageSink {
 public:
  explicit PicturePages(std::uint64_t room) : room_(room) {}

  void page(const clean::Page& page) override {
    end_page();
    PageSink::page(page);
    page_ = page;
    pixels_.clear();
  }
  void rows(std::string_view octets) override { pixels_ += octets; }

  std::vector<CleanFile> finish(const std::string& name) override {
    end_page();
    std::vector<CleanFile> out;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const std::string number = pictures_.size() == 1 ? "" : "-" + std::to_string(i + 1);
      out.push_back({name + number, "image/png", std::move(pictures_[i]), 1});
    }
    return out;
  }

 private:
  void end_page() {
    const Timed timed(milliseconds_);
    if (!page_) return;
    pictures_.push_back(compose::clean_png(*page_, pixels_));
    page_.reset();
    if (pictures_.back().size() > room_) throw TooLarge{};
    room_ -= pictures_.back().size();
  }

  std::uint64_t room_;
  std::optional<clean::Page> page_;
  std::string pixels_;
  std::vector<std::string> pictures_;
};

class OtherForm : public PageSink {
 public:
  explicit OtherForm(Content& into) : into_(into) {}
  void converted(std::string_view octets) override { into_.append(octets); }
  std::vector<CleanFile> finish(const std::string&) override {
    into_.seal();
    return {};
  }

 private:
  Content& into_;
};

}  // namespace

void PageSink::note(const std::vector<clean::Finding>& findings) {
  for (const clean::Finding finding : findings) compose::add_finding(findings_, finding);
}

void PageSink::document(const clean::Document& document) {
  claimed_ = document.pages;
  note(document.findings);
}

void PageSink::page(const clean::Page& page) {
  ++pages_;
  note(page.findings);
}

void WatchedPages::page(const clean::Page& page) {
  sink_.page(page);
  pictures_.page(page);
  if (page_) page_();
}

void WatchedPages::words(const clean::Words& words) {
  sink_.words(words);
  if (!personal_numbers_ || found_number_) return;
  std::string text;
  for (const clean::Word& word : words.words) {
    text += word.text;
    if (word.after != clean::After::nothing) text += ' ';
  }
  found_number_ = has_my_number(text);
}

std::unique_ptr<PageSink> pdf_pages(const PdfForm& form, std::uint64_t room) {
  return std::make_unique<PdfPages>(form, room);
}
std::unique_ptr<PageSink> text_pages(std::uint64_t room) { return std::make_unique<TextPages>(room); }
std::unique_ptr<PageSink> picture_pages(std::uint64_t room) { return std::make_unique<PicturePages>(room); }
std::unique_ptr<PageSink> other_form(Content& into) { return std::make_unique<OtherForm>(into); }

}  // namespace kiyome::document
