// A document's pages, as they come from a sandbox, into files of our own writing. Each takes one answer and
// gives its files when the answer is complete. Owned by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/clean/codec.h"
#include "service/compose/compose.h"
#include "service/document/content.h"
#include "service/document/pictures.h"

namespace kiyome::document {

// The files outgrow their room: leaves a sink and, through Pool::run, ends the job.
struct TooLarge {};

class PageSink : public clean::DocumentHandler {
 public:
  // What the document and its pages note, each once.
  const std::vector<clean::Finding>& findings() const { return findings_; }
  std::uint32_t pages() const { return pages_; }
  std::uint32_t claimed() const { return claimed_; }     // how many the document says it has; 0 if nothing
  double milliseconds() const { return milliseconds_; }  // spent on writing
  // After the complete answer. `name` is what the files are to be called by, without our extension.
  virtual std::vector<compose::CleanFile> finish(const std::string& name) = 0;
  // A line of our own after the last page, where files are words.
  virtual void line(std::string_view) {}

  void document(const clean::Document& document) override;
  void page(const clean::Page& page) override;
  void rows(std::string_view) override {}
  void words(const clean::Words&) override {}
  void converted(std::string_view) override {}

 protected:
  void note(const std::vector<clean::Finding>& findings);
  double milliseconds_ = 0;

 private:
  std::vector<clean::Finding> findings_;
  std::uint32_t pages_ = 0, claimed_ = 0;
};

// Passes an answer on to a sink, and looks at it: tells of each page as it comes, has a picture of it made,
// and tells whether the words bear a personal number.
class WatchedPages final : public clean::DocumentHandler {
 public:
  // `sink`, `pictures` and what `page` reaches must outlive it. `page` may be empty.
  WatchedPages(PageSink& sink, PictureMaker& pictures, std::function<void()> page, bool personal_numbers)
      : sink_(sink), pictures_(pictures), page_(std::move(page)), personal_numbers_(personal_numbers) {}
  bool found_number() const { return found_number_; }

  void document(const clean::Document& document) override { sink_.document(document); }
  void page(const clean::Page& page) override;
  void rows(std::string_view octets) override {
    sink_.rows(octets);
    pictures_.rows(octets);
  }
  void words(const clean::Words& words) override;
  void converted(std::string_view octets) override { sink_.converted(octets); }

 private:
  PageSink& sink_;
  PictureMaker& pictures_;
  std::function<void()> page_;
  const bool personal_numbers_;
  bool found_number_ = false;
};

struct PdfForm {
  bool words = true;
  std::string title;
  bool compact = false;  // in black and white
};
// `room`: octets that their files may have together; beyond they throw TooLarge.
std::unique_ptr<PageSink> pdf_pages(const PdfForm& form, std::uint64_t room);  // one clean PDF
std::unique_ptr<PageSink> text_pages(std::uint64_t room);     // one clean text; none when there are no words
std::unique_ptr<PageSink> picture_pages(std::uint64_t room);  // a clean PNG a page
// The document's other form, for the next sandbox.
std::unique_ptr<PageSink> other_form(Content& into);

}  // namespace kiyome::document
