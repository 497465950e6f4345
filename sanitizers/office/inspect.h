// What a document holds that its pages do not show: hidden sheets, slides, rows, columns, text; comments;
// notes.
#pragma once

#include "sanitizers/office/document.h"

namespace kiyome::sanitizer::office {

// Best effort: what cannot be asked counts as not there.
bool holds_hidden(const uno::Reference<css::lang::XComponent>& document, Kind kind);

}  // namespace kiyome::sanitizer::office
