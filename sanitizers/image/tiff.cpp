// TIFF by libtiff, from memory only: every page of the chain. A page that cannot be read is blank and said to
// be damaged; when no page can be read, so is the file.
#include <tiffio.h>

#include <algorithm>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/image/decoders.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/tail.h"
#include "sanitizers/image/tiff_file.h"
#include "sanitizers/image/tiff_rows.h"

namespace kiyome::sanitizer::image {
namespace {

using Pages = std::vector<TiffFile::Page>;

// Previews and masks are no pages, unless there is nothing else: then the largest of them.
Pages shown_pages(Pages all) {
  const auto area = [](const TiffFile::Page& page) {
    return std::uint64_t{page.shape.width} * page.shape.height;
  };
  Pages out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [](const auto& page) { return !page.reduced; });
  if (out.empty() && !all.empty())
    out.push_back(*std::max_element(all.begin(), all.end(),
                                    [&](const auto& a, const auto& b) { return area(a) < area(b); }));
  return out;
}

// Every page within the limits, before any is read. A page of no size will turn out to be damaged.
Outcome<void> check(const Pages& pages, const clean::JobOptions& options) {
  for (const TiffFile::Page& page : pages) {
    const auto planned = plan(page.shape, options, false);
    if (!planned && planned.error() != clean::Finding::kDamagedPart) return refused(planned.error());
  }
  return {};
}

Outcome<Sheet> read_page(TiffFile& file, const TiffFile::Page& page, const clean::JobOptions& options) {
  struct tiff* const tiff = file.visit(page);
  if (tiff == nullptr) return refused(clean::Finding::kDamagedPart);
  std::uint16_t compression = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if (TIFFIsCODECConfigured(compression) == 0) return refused(clean::Finding::kUnsupportedType);
  TiffRows rows(tiff);
  const auto planned = plan(page.shape, options, !rows.possible());
  if (!planned) return refused(planned.error());
  const std::uint32_t width = page.shape.width, height = page.shape.height;
  const unsigned channels = rows.possible() ? rows.channels() : 3;
  Reducer reducer(width, height, channels, planned->width, planned->height);
  bool damaged = false;
  if (rows.possible()) {
    const std::uint32_t known = rows.read(width, height, reducer);
    if (known == 0) return refused(clean::Finding::kDamagedPart);
    damaged = known < height;
  } else if (const auto read = read_tiff_whole(tiff, width, height, reducer); !read) {
    return refused(read.error());
  }
  return make_sheet(reducer.take(), *planned, page.shape.orientation, damaged || file.failed());
}

Sheet blank_page(const TiffFile::Page& page, const clean::JobOptions& options) {
  const Plan planned = plan(page.shape, options, false).value_or(Plan{});
  return make_sheet({1, 1, 1, {255}}, planned, 1, true);
}

clean::Document document(std::size_t pages, bool cut, const TiffFile& file) {
  clean::Document out{static_cast<std::uint32_t>(pages), "", {}};
  if (cut || file.too_many()) out.findings.push_back(clean::Finding::kPagesCut);
  // Pages are missing, and nobody knows how many.
  if (file.broken_off()) out.findings.push_back(clean::Finding::kPageDamaged);
  note_other_type(file.octets, out.findings);
  if (file.metadata()) out.findings.push_back(clean::Finding::kMetadataRemoved);
  return out;
}

}  // namespace

Outcome<void> read_tiff(std::string_view octets, const clean::JobOptions& options, const Say& say) {
  TiffFile file(octets);
  const Pages pages = shown_pages(file.pages());
  if (pages.empty()) return refused(clean::Finding::kDamagedPart);
  const std::size_t first = options.first_page - 1;
  if (first >= pages.size()) return refused(clean::Finding::kConversionFailed);
  const std::size_t most = options.pages_max == 0 ? limits::kDocumentPages : options.pages_max;
  const auto from = pages.begin() + static_cast<std::ptrdiff_t>(first);
  const Pages kept(from, from + static_cast<std::ptrdiff_t>(std::min(most, pages.size() - first)));
  if (const auto within = check(kept, options); !within) return within;

  std::size_t blank = 0;  // damaged pages before the first that can be read
  bool said = false;
  clean::Finding why = clean::Finding::kDamagedPart;
  for (const TiffFile::Page& page : kept) {
    auto sheet = read_page(file, page, options);
    if (!sheet && !said) {
      why = sheet.error();
      ++blank;
      continue;
    }
    if (!said) {
      say(document(pages.size(), kept.size() < pages.size(), file));
      for (std::size_t i = 0; i < blank; ++i) say_sheet(blank_page(kept[i], options), options, say);
      said = true;
    }
    say_sheet(sheet ? *sheet : blank_page(page, options), options, say);
  }
  if (!said) return refused(why);
  return {};
}

}  // namespace kiyome::sanitizer::image
