// A page's content stream in a clean PDF (compose/PDF.md): images, then invisible words, nothing else. Trusts
// nothing. Linear; holds one line of the inflated stream at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/gate/verify_document.h"
#include "service/gate/verify_inflate.h"
#include "service/gate/verify_pdf_codes.h"

namespace kiyome::gate {

// What the page object must fit to.
struct PageContent {
  std::uint32_t images = 0;
  bool words = false;
  std::uint32_t width = 0, height = 0;  // thousandths of a point that the page has at least
};

// A fault's offset counts octets of `stream`, whose inflated octets are taken from `scope`.
Checked check_page_content(std::string_view stream, Inflater& inflater, PdfCodes& codes, Scope& scope,
                           PageContent& content);

}  // namespace kiyome::gate
