#include "sanitizers/pdf/run.h"

#include <algorithm>
#include <utility>

#include "proto/base/limits.h"
#include "sanitizers/pdf/form.h"
#include "sanitizers/pdf/notes.h"
#include "sanitizers/pdf/open.h"
#include "sanitizers/pdf/words.h"

namespace kiyome::sanitizer::pdf {
namespace {

using clean::Finding;

void refuse(Finding finding, const Say& say) {
  say(clean::Refusal{finding});
  say(clean::End{});
}

void note(std::vector<Finding>& notes, Finding finding) {
  if (std::find(notes.begin(), notes.end(), finding) == notes.end()) notes.push_back(finding);
}

// How many pages there are, where the document only claims a number: the last of them that is there, from
// page `first` (the first is 0) and below `most`.
int pages_that_are_there(FpdfDocument* document, int first, int most) {
  int there = 0, missing = 0;
  for (int i = first; i < most && missing < limits::kPdfMissingPages; ++i) {
    FpdfSize size{};
    if (engine().FPDF_GetPageSizeByIndexF(document, i, &size) == 0) {
      ++missing;
    } else {
      missing = 0;
      there = i + 1;
    }
  }
  return there;
}

// The bound is of the whole answer; a part of it is for words.
constexpr std::uint64_t kMostOctets = limits::kDocumentOctets / 16 * 15;

class Reading {
 public:
  Reading(FpdfDocument* document, const clean::JobOptions& options, const Say& say)
      : document_(document), options_(options), say_(say), form_(document) {}

  // false: too many pixels, nothing more is to be said of the document.
  bool say_page(int index) {
    Page page(engine().FPDF_LoadPage(document_, index));
    if (page == nullptr) {
      say_blank({Finding::kPageDamaged});
      return true;
    }
    frame_ = frame_of(engine().FPDF_GetPageWidthF(page.get()), engine().FPDF_GetPageHeightF(page.get()),
                      options_.dpi);
    PageNotes notes = notes_on_page(page.get());
    FpdfForm* const form = form_.get();
    if (form != nullptr) engine().FORM_OnAfterLoadPage(page.get(), form);
    const bool said = say_pixels(page.get(), std::move(notes.findings));
    if (form != nullptr) engine().FORM_OnBeforeClosePage(page.get(), form);
    if (!said || !options_.words) return said;
    // The engine reads only the page's own text: what annotations show is made a part of it.
    constexpr int kForDisplay = 0, kFlattened = 1;
    if (notes.shows_annotations && engine().FPDFPage_Flatten(page.get(), kForDisplay) == kFlattened) {
      page.reset();
      page.reset(engine().FPDF_LoadPage(document_, index));
    }
    clean::Words words;
    if (page != nullptr) words.words = put_together(read_glyphs(page.get(), frame_), frame_);
    say_(std::move(words));
    return true;
  }

 private:
  bool say_pixels(FpdfPage* page, std::vector<Finding> notes) {
    if (!options_.pixels) {
      say_blank(std::move(notes));
      return true;
    }
    if (frame_.reduced) note(notes, Finding::kReducedResolution);
    canvas_.draw(page, form_.get(), frame_);
    const clean::PixelFormat format = canvas_.format();
    octets_ += std::uint64_t{frame_.pixel_width} * frame_.pixel_height * clean::octets_of_pixel(format);
    if (octets_ > kMostOctets) return false;
    say_(clean::Page{frame_.width_millipoints, frame_.height_millipoints, frame_.pixel_width,
                     frame_.pixel_height, format, std::move(notes), frame_.spread_width,
                     frame_.spread_height});
    canvas_.say_rows(format, say_);
    return true;
  }

  // A page of the last one's size as one white pixel.
  void say_blank(std::vector<Finding> notes) {
    say_(clean::Page{frame_.width_millipoints, frame_.height_millipoints, 1, 1, clean::PixelFormat::gray8,
                     std::move(notes)});
    say_(clean::Rows{"\xff"});
  }

  FpdfDocument* document_;
  const clean::JobOptions& options_;
  const Say& say_;
  FormFields form_;
  Canvas canvas_;
  Frame frame_ = frame_of(0, 0, limits::kDpiMin);
  std::uint64_t octets_ = 0;
};

}  // namespace

void read_document(std::string_view octets, const clean::JobOptions& options, const Say& say) {
  const Opened opened = open_document(octets, options.passwords);
  FpdfDocument* const document = opened.document.get();
  if (document == nullptr) return refuse(opened.refusal, say);
  const int claimed = engine().FPDF_GetPageCount(document);
  const auto first = static_cast<int>(options.first_page) - 1;  // from 0
  // From 0 too: the one behind the last that is shown.
  const int most =
      first + static_cast<int>(options.pages_max == 0 ? limits::kDocumentPages
                                                      : std::min(options.pages_max, limits::kDocumentPages));
  const int pages = pages_that_are_there(document, first, std::min(claimed, most));
  if (pages == 0)
    return refuse(first > 0 && first >= claimed ? Finding::kConversionFailed : Finding::kDamagedPart, say);

  clean::Document head;
  head.findings = notes_on_document(octets, document);
  head.title = title_of(document);
  if (opened.password_used) note(head.findings, Finding::kPasswordUsed);
  if (claimed > most || first > 0) note(head.findings, Finding::kPagesCut);
  if (pages < std::min(claimed, most)) note(head.findings, Finding::kPageDamaged);
  // Beyond the first `most` pages the document's claim is all there is.
  head.pages = static_cast<std::uint32_t>(
      pages < most ? pages : std::min(claimed, static_cast<int>(limits::kDocumentPages)));
  say(std::move(head));

  Reading reading(document, options, say);
  for (int i = first; i < pages; ++i)
    if (!reading.say_page(i)) return refuse(Finding::kLimitPixels, say);
  say(clean::End{});
}

}  // namespace kiyome::sanitizer::pdf
