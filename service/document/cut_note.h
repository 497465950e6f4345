// The last page of a document of which pages were left out: whoever opens the file sees that there is more.
// The page is a PDF of ours that names no file and no sender; a sandbox draws it like any other.
#pragma once

#include <cstdint>
#include <string>

#include "proto/clean/codec.h"
#include "service/document/pages.h"

namespace kiyome::document {

struct CutNote {
  std::uint32_t first = 1;   // the first page that is there
  std::uint32_t shown = 0;   // how many are
  std::uint32_t total = 0;   // of the document, as it says itself; 0 = it does not
  std::string text() const;  // Japanese and English, a line each
  std::string pdf() const;   // one A4 page that says so
};

// The page as it comes back. A second one is passed over, and so is what it claims to have found.
class OnePage final : public clean::DocumentHandler {
 public:
  void document(const clean::Document&) override {}
  void page(const clean::Page& page) override;
  void rows(std::string_view octets) override;
  void words(const clean::Words& words) override;
  void converted(std::string_view) override {}
  void into(PageSink& sink) const;

 private:
  unsigned count_ = 0;
  clean::Page page_;
  std::string rows_;
  clean::Words words_;
};

}  // namespace kiyome::document
