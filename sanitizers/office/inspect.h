// Whether a document has what its pages do not show: hidden sheets, rows, slides, text, shapes, comments,
// notes.
#pragma once

#include "sanitizers/office/document.h"

namespace kiyome::sanitizer::office {

struct Hidden {
  bool content = false;   // reveal.h can show it
  bool comments = false;  // and speaker's notes: can be shown, too
  bool bubbles = false;   // comments on slides and drawings, which no page ever shows
  bool changes = false;   // text that is deleted but kept, and not displayed
};

// Best effort, within kOfficeObjects.
Hidden hidden_in(const uno::Reference<css::lang::XComponent>& document, Kind kind);

}  // namespace kiyome::sanitizer::office
