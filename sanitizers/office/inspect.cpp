#include "sanitizers/office/inspect.h"

#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/container/XIndexAccess.hpp>
#include <com/sun/star/drawing/XDrawPagesSupplier.hpp>
#include <com/sun/star/lang/XServiceInfo.hpp>
#include <com/sun/star/office/XAnnotationAccess.hpp>
#include <com/sun/star/presentation/XPresentationPage.hpp>
#include <com/sun/star/sheet/XCellRangeAddressable.hpp>
#include <com/sun/star/sheet/XCellRangesQuery.hpp>
#include <com/sun/star/sheet/XSheetAnnotationsSupplier.hpp>
#include <com/sun/star/sheet/XSheetCellRanges.hpp>
#include <com/sun/star/sheet/XSpreadsheet.hpp>
#include <com/sun/star/sheet/XSpreadsheetDocument.hpp>
#include <com/sun/star/sheet/XUsedAreaCursor.hpp>
#include <com/sun/star/text/XText.hpp>
#include <com/sun/star/text/XTextFieldsSupplier.hpp>
#include <com/sun/star/text/XTextSectionsSupplier.hpp>
#include <com/sun/star/util/XPropertyReplace.hpp>
#include <com/sun/star/util/XSearchable.hpp>

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::office {
namespace {

using Component = uno::Reference<css::lang::XComponent>;

bool is_false(const uno::Reference<css::beans::XPropertySet>& of, const char* name) {
  bool value = true;
  return of.is() && (of->getPropertyValue(rtl::OUString::createFromAscii(name)) >>= value) && !value;
}

// Calls `look` for each element until it says yes, within the bound.
template <class Look>
bool any_of(const uno::Reference<css::container::XIndexAccess>& all, Look look) {
  if (!all.is()) return false;
  const sal_Int32 count = std::min<sal_Int32>(all->getCount(), limits::kOfficeObjects);
  for (sal_Int32 i = 0; i < count; ++i)
    if (look(all->getByIndex(i))) return true;
  return false;
}

template <class Look>
bool any_of(const uno::Reference<css::container::XEnumeration>& all, Look look) {
  for (std::size_t n = 0; all.is() && n < limits::kOfficeObjects && all->hasMoreElements(); ++n)
    if (look(all->nextElement())) return true;
  return false;
}

// Rows and columns: the visible cells of the used area are not all of it.
bool hides_cells(const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  const auto cursor = sheet->createCursor();
  const auto used = as<css::sheet::XUsedAreaCursor>(cursor);
  const auto query = as<css::sheet::XCellRangesQuery>(cursor);
  const auto whole = as<css::sheet::XCellRangeAddressable>(cursor);
  if (!used.is() || !query.is() || !whole.is()) return false;
  used->gotoStartOfUsedArea(false);
  used->gotoEndOfUsedArea(true);
  const auto visible = query->queryVisibleCells()->getRangeAddresses();
  const auto all = whole->getRangeAddress();
  return visible.getLength() != 1 || visible[0].StartRow != all.StartRow || visible[0].EndRow != all.EndRow ||
         visible[0].StartColumn != all.StartColumn || visible[0].EndColumn != all.EndColumn;
}

bool hides_in_sheets(const Component& document) {
  const auto book = as<css::sheet::XSpreadsheetDocument>(document);
  return book.is() && any_of(as<css::container::XIndexAccess>(book->getSheets()), [](const uno::Any& one) {
           const auto sheet = as<css::sheet::XSpreadsheet>(one);
           if (!sheet.is()) return false;
           if (is_false(as<css::beans::XPropertySet>(sheet), "IsVisible")) return true;
           const auto notes = as<css::sheet::XSheetAnnotationsSupplier>(sheet);
           return (notes.is() && notes->getAnnotations()->hasElements()) || hides_cells(sheet);
         });
}

bool has_notes(const uno::Reference<css::presentation::XPresentationPage>& page) {
  return page.is() && any_of(as<css::container::XIndexAccess>(page->getNotesPage()), [](const uno::Any& one) {
           const auto shape = as<css::lang::XServiceInfo>(one);
           const auto text = as<css::text::XText>(one);
           return shape.is() && text.is() && shape->supportsService("com.sun.star.presentation.NotesShape") &&
                  is_false(as<css::beans::XPropertySet>(one), "IsEmptyPresentationObject") &&
                  !text->getString().isEmpty();
         });
}

bool hides_in_slides(const Component& document) {
  const auto pages = as<css::drawing::XDrawPagesSupplier>(document);
  return pages.is() &&
         any_of(as<css::container::XIndexAccess>(pages->getDrawPages()), [](const uno::Any& one) {
           if (is_false(as<css::beans::XPropertySet>(one), "Visible")) return true;
           const auto comments = as<css::office::XAnnotationAccess>(one);
           if (comments.is() && comments->createAnnotationEnumeration()->hasMoreElements()) return true;
           return has_notes(as<css::presentation::XPresentationPage>(one));
         });
}

bool has_hidden_characters(const Component& document) {
  const auto searchable = as<css::util::XSearchable>(document);
  if (!searchable.is()) return false;
  const auto search = searchable->createSearchDescriptor();
  const auto attributes = as<css::util::XPropertyReplace>(search);
  if (!attributes.is()) return false;
  attributes->setSearchAttributes(properties({property("CharHidden", uno::Any(true))}));
  return searchable->findFirst(search).is();
}

bool hides_in_text(const Component& document) {
  const auto fields = as<css::text::XTextFieldsSupplier>(document);
  if (fields.is() && any_of(fields->getTextFields()->createEnumeration(), [](const uno::Any& one) {
        const auto info = as<css::lang::XServiceInfo>(one);
        return info.is() && info->supportsService("com.sun.star.text.textfield.Annotation");
      }))
    return true;
  const auto sections = as<css::text::XTextSectionsSupplier>(document);
  if (sections.is() &&
      any_of(as<css::container::XIndexAccess>(sections->getTextSections()),
             [](const uno::Any& one) { return is_false(as<css::beans::XPropertySet>(one), "IsVisible"); }))
    return true;
  return has_hidden_characters(document);
}

}  // namespace

bool holds_hidden(const Component& document, Kind kind) {
  try {
    switch (kind) {
      case Kind::sheets:
        return hides_in_sheets(document);
      case Kind::slides:
        return hides_in_slides(document);
      case Kind::text:
        return hides_in_text(document);
      case Kind::drawing:
        return false;
    }
  } catch (const uno::Exception&) {  // nothing is known, nothing is said
  }
  return false;
}

}  // namespace kiyome::sanitizer::office
