// Workbooks that would print on thousands of pages, or on millions.
#pragma once

#include "sanitizers/office/document.h"

namespace kiyome::sanitizer::office {

// A sheet whose used area is absurdly large prints only its upper left part; LibreOffice would look at each
// page of the rest. true when one was cut.
bool cut_absurd_sheets(const uno::Reference<css::lang::XComponent>& document);

// Every page style prints a sheet as wide as the paper, whatever the author set.
void fit_to_width(const uno::Reference<css::lang::XComponent>& document);

}  // namespace kiyome::sanitizer::office
