#include "sanitizers/office/inspect.h"

#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/beans/XPropertyState.hpp>
#include <com/sun/star/container/XEnumerationAccess.hpp>
#include <com/sun/star/container/XIndexAccess.hpp>
#include <com/sun/star/document/XRedlinesSupplier.hpp>
#include <com/sun/star/drawing/XDrawPagesSupplier.hpp>
#include <com/sun/star/office/XAnnotationAccess.hpp>
#include <com/sun/star/presentation/XPresentationPage.hpp>
#include <com/sun/star/sheet/XCellRangeAddressable.hpp>
#include <com/sun/star/sheet/XCellRangesQuery.hpp>
#include <com/sun/star/sheet/XSheetAnnotationsSupplier.hpp>
#include <com/sun/star/sheet/XSheetCellRanges.hpp>
#include <com/sun/star/text/XText.hpp>
#include <com/sun/star/text/XTextSectionsSupplier.hpp>
#include <com/sun/star/text/XTextTable.hpp>

#include "sanitizers/office/each.h"

namespace kiyome::sanitizer::office {
namespace {

using Component = uno::Reference<css::lang::XComponent>;

using css::beans::XPropertySet;

bool hides_shapes(const uno::Reference<css::container::XIndexAccess>& shapes) {
  return any_of(shapes, [](const uno::Any& one) { return is(as<XPropertySet>(one), "Visible", false); });
}

// Rows and columns: the visible cells of the used area are not all of it.
bool hides_cells(const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  const auto used = used_area(sheet);
  const auto query = as<css::sheet::XCellRangesQuery>(used);
  const auto whole = as<css::sheet::XCellRangeAddressable>(used);
  if (!query.is() || !whole.is()) return false;
  const auto visible = query->queryVisibleCells()->getRangeAddresses();
  const auto all = whole->getRangeAddress();
  return visible.getLength() != 1 || visible[0].StartRow != all.StartRow || visible[0].EndRow != all.EndRow ||
         visible[0].StartColumn != all.StartColumn || visible[0].EndColumn != all.EndColumn;
}

void look_at_sheets(const Component& document, Hidden& hidden) {
  each_sheet(document, [&](const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
    const auto notes = as<css::sheet::XSheetAnnotationsSupplier>(sheet);
    hidden.comments |= notes.is() && notes->getAnnotations()->hasElements();
    if (hidden.content) return;
    hidden.content = is(as<XPropertySet>(sheet), "IsVisible", false) || hides_cells(sheet) ||
                     hides_shapes(shapes_of(uno::Any(sheet)));
  });
}

bool has_notes(const uno::Reference<css::presentation::XPresentationPage>& page) {
  return page.is() && any_of(as<css::container::XIndexAccess>(page->getNotesPage()), [](const uno::Any& one) {
           const auto text = as<css::text::XText>(one);
           return text.is() && is_a(one, "com.sun.star.presentation.NotesShape") &&
                  is(as<XPropertySet>(one), "IsEmptyPresentationObject", false) &&
                  !text->getString().isEmpty();
         });
}

void look_at_slides(const Component& document, Hidden& hidden) {
  const auto pages = as<css::drawing::XDrawPagesSupplier>(document);
  if (!pages.is()) return;
  each_of(as<css::container::XIndexAccess>(pages->getDrawPages()), [&](const uno::Any& one) {
    hidden.content |=
        is(as<XPropertySet>(one), "Visible", false) || hides_shapes(as<css::container::XIndexAccess>(one));
    hidden.comments |= has_notes(as<css::presentation::XPresentationPage>(one));
    const auto comments = as<css::office::XAnnotationAccess>(one);
    hidden.bubbles |= comments.is() && comments->createAnnotationEnumeration()->hasMoreElements();
  });
}

// Characters: LibreOffice's own search passes over what is hidden, so each paragraph is asked.
class HiddenCharacters {
 public:
  bool in(const uno::Any& one, unsigned depth = 0) {
    const auto text = as<css::text::XText>(one);
    const auto paragraphs = as<css::container::XEnumerationAccess>(text);
    if (!paragraphs.is() || depth > limits::kOfficeTables) return false;
    const auto all = paragraphs->createEnumeration();
    while (all.is() && all->hasMoreElements() && left_ > 0) {
      --left_;
      const uno::Any next = all->nextElement();
      const auto table = as<css::text::XTextTable>(next);
      if (table.is() ? in_table(table, depth) : in_paragraph(text, next)) return true;
    }
    return false;
  }

 private:
  bool in_table(const uno::Reference<css::text::XTextTable>& table, unsigned depth) {
    for (const rtl::OUString& name : table->getCellNames())
      if (in(uno::Any(table->getCellByName(name)), depth + 1)) return true;
    return false;
  }
  static bool in_paragraph(const uno::Reference<css::text::XText>& text, const uno::Any& paragraph) {
    const auto range = as<css::text::XTextRange>(paragraph);
    if (!range.is()) return false;
    const auto cursor = text->createTextCursorByRange(range);
    const rtl::OUString name = ustring("CharHidden");
    const auto state = as<css::beans::XPropertyState>(cursor);
    if (state.is() && state->getPropertyState(name) == css::beans::PropertyState_AMBIGUOUS_VALUE) return true;
    return is(as<XPropertySet>(cursor), "CharHidden", true);
  }
  std::size_t left_ = limits::kOfficeParagraphs;
};

// Of the body, the frames and the notes.
bool has_hidden_characters(const Component& document) {
  HiddenCharacters hidden;
  bool found = false;
  each_text(document, [&](const uno::Any& text) { found = found || hidden.in(text); });
  return found;
}

bool has_deletions(const Component& document) {
  const auto redlines = as<css::document::XRedlinesSupplier>(document);
  return redlines.is() && any_of(redlines->getRedlines()->createEnumeration(), [](const uno::Any& one) {
           const auto redline = as<XPropertySet>(one);
           rtl::OUString kind;
           return redline.is() && (redline->getPropertyValue(ustring("RedlineType")) >>= kind) &&
                  kind == ustring("Delete");
         });
}

void look_at_text(const Component& document, Hidden& hidden) {
  each_field(document, [&](const uno::Any& one) {
    hidden.comments |= is_a(one, "com.sun.star.text.textfield.Annotation");
    hidden.content |= is(as<XPropertySet>(one), "IsHidden", true);
  });
  const auto sections = as<css::text::XTextSectionsSupplier>(document);
  hidden.content |= (sections.is() && any_of(as<css::container::XIndexAccess>(sections->getTextSections()),
                                             [](const uno::Any& one) {
                                               return is(as<XPropertySet>(one), "IsVisible", false);
                                             })) ||
                    has_hidden_characters(document);
  hidden.content |= hides_shapes(shapes_of(uno::Any(document)));
  hidden.changes = is(as<XPropertySet>(document), "ShowChanges", false) && has_deletions(document);
}

}  // namespace

Hidden hidden_in(const Component& document, Kind kind) {
  Hidden hidden;
  try {
    if (kind == Kind::sheets) look_at_sheets(document, hidden);
    if (kind == Kind::slides || kind == Kind::drawing) look_at_slides(document, hidden);
    if (kind == Kind::text) look_at_text(document, hidden);
  } catch (const uno::Exception&) {  // nothing more is known, nothing more is said
  }
  return hidden;
}

}  // namespace kiyome::sanitizer::office
