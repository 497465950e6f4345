#include "service/document/pages.h"

#include <algorithm>

#include "service/base/clock.h"
#include "service/compose/document/pdf_writer.h"
#include "service/compose/document/png_writer.h"
#include "service/compose/document/words_text.h"

namespace kiyome::document {
namespace {

using compose::CleanFile;

// Adds the time of its life.
class Timed {
 public:
  explicit Timed(double& milliseconds) : milliseconds_(milliseconds) {}
  ~Timed() { milliseconds_ += std::chrono::duration<double, std::milli>(Steady::now() - begin_).count(); }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  double& milliseconds_;
  const Steady::time_point begin_ = Steady::now();
};

class PdfPages : public PageSink {
 public:
  explicit PdfPages(const PdfForm& form) : writer_(sink_, {form.words, form.title}) {}

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
    writer_.finish();
    note(writer_.findings());
    std::vector<CleanFile> out;
    out.push_back({name, "application/pdf", sink_.take(), pages()});
    return out;
  }

 private:
  void end_page() {
    const Timed timed(milliseconds_);
    if (open_) writer_.end_page();
    open_ = false;
  }

  compose::StringSink sink_;
  compose::PdfWriter writer_;
  bool open_ = false;
};

class TextPages : public PageSink {
 public:
  void words(const clean::Words& words) override {
    if (!words.words.empty()) pages_of_words_.push_back(words);
  }

  std::vector<CleanFile> finish(const std::string& name) override {
    const Timed timed(milliseconds_);
    std::vector<CleanFile> out;
    if (pages_of_words_.empty()) return out;
    std::vector<clean::Finding> findings;
    out.push_back({name, "text/plain", compose::words_as_text(pages_of_words_, findings), pages()});
    note(findings);
    return out;
  }

 private:
  std::vector<clean::Words> pages_of_words_;
};

class PicturePages : public PageSink {
 public:
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
    if (page_) pictures_.push_back(compose::clean_png(*page_, pixels_));
    page_.reset();
  }

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
  for (const clean::Finding finding : findings)
    if (std::find(findings_.begin(), findings_.end(), finding) == findings_.end())
      findings_.push_back(finding);
}

void PageSink::document(const clean::Document& document) { note(document.findings); }

void PageSink::page(const clean::Page& page) {
  ++pages_;
  note(page.findings);
}

std::unique_ptr<PageSink> pdf_pages(const PdfForm& form) { return std::make_unique<PdfPages>(form); }
std::unique_ptr<PageSink> text_pages() { return std::make_unique<TextPages>(); }
std::unique_ptr<PageSink> picture_pages() { return std::make_unique<PicturePages>(); }
std::unique_ptr<PageSink> other_form(Content& into) { return std::make_unique<OtherForm>(into); }

}  // namespace kiyome::document
