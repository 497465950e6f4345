// What policy shows although the document would not, and what is shown as it was: within LibreOffice, before
// the pages are counted. Best effort: what cannot be changed stays as it is.
#pragma once

#include "sanitizers/office/document.h"

namespace kiyome::sanitizer::office {

// Sheets, rows, columns, shapes, sections, characters. Slides are shown by write_pdf().
void show_hidden(const uno::Reference<css::lang::XComponent>& document, Kind kind);

// Of a text: in brackets where they belong. Of sheets: each sheet's follow it on pages of their own.
void show_comments(const uno::Reference<css::lang::XComponent>& document, Kind kind);

// Of a text: as if its reader had accepted all.
void accept_changes(const uno::Reference<css::lang::XComponent>& document);

// Dates and times that a text would tell anew on each opening: of the day when it was last saved.
void keep_dates(const uno::Reference<css::lang::XComponent>& document);

}  // namespace kiyome::sanitizer::office
