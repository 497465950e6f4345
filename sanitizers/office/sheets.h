// Workbooks that would print on thousands of pages, or on millions.
#pragma once

#include "sanitizers/office/document.h"

namespace kiyome::sanitizer::office {

// A sheet whose used area is absurdly large prints only its upper left part; LibreOffice would look at each
// page of the rest. true when one was cut.
bool cut_absurd_sheets(const uno::Reference<css::lang::XComponent>& document);

// Sheets print as wide as the paper: all of them, whatever the author set; or those only whose author has set
// neither print area nor scale, and these on the paper's long side if they are wider than it is.
enum class Fit : std::uint8_t { all, without_setup };
void fit_to_width(const uno::Reference<css::lang::XComponent>& document, Fit fit);

// The footer that LibreOffice gives to a table of values, in Japanese.
void say_pages_in_japanese(const uno::Reference<css::lang::XComponent>& document);

}  // namespace kiyome::sanitizer::office
