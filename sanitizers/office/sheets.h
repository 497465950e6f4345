// Workbooks that would print on thousands of pages.
#pragma once

#include "sanitizers/office/document.h"

namespace kiyome::sanitizer::office {

// Every page style prints a sheet as wide as the paper, whatever the author set.
void fit_to_width(const uno::Reference<css::lang::XComponent>& document);

}  // namespace kiyome::sanitizer::office
