// Elements of UNO's containers and documents, within kOfficeObjects, and properties that are yes or no.
#pragma once

#include <algorithm>
#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/container/XEnumeration.hpp>
#include <com/sun/star/container/XIndexAccess.hpp>
#include <com/sun/star/container/XNameAccess.hpp>
#include <com/sun/star/drawing/XDrawPageSupplier.hpp>
#include <com/sun/star/lang/XComponent.hpp>
#include <com/sun/star/lang/XServiceInfo.hpp>
#include <com/sun/star/sheet/XSheetCellCursor.hpp>
#include <com/sun/star/sheet/XSpreadsheet.hpp>
#include <com/sun/star/sheet/XSpreadsheetDocument.hpp>
#include <com/sun/star/sheet/XUsedAreaCursor.hpp>
#include <com/sun/star/style/XStyleFamiliesSupplier.hpp>
#include <com/sun/star/text/XEndnotesSupplier.hpp>
#include <com/sun/star/text/XFootnotesSupplier.hpp>
#include <com/sun/star/text/XTextDocument.hpp>
#include <com/sun/star/text/XTextFieldsSupplier.hpp>
#include <com/sun/star/text/XTextFramesSupplier.hpp>

#include "proto/base/limits.h"
#include "sanitizers/office/uno.h"

namespace kiyome::sanitizer::office {

// A property that is not there is neither.
inline bool is(const uno::Reference<css::beans::XPropertySet>& of, const char* name, bool wanted) {
  const rtl::OUString property = rtl::OUString::createFromAscii(name);
  if (!of.is() || !of->getPropertySetInfo()->hasPropertyByName(property)) return false;
  bool value = !wanted;
  return (of->getPropertyValue(property) >>= value) && value == wanted;
}

inline void set(const uno::Reference<css::beans::XPropertySet>& of, const char* name, const uno::Any& value) {
  if (of.is()) of->setPropertyValue(rtl::OUString::createFromAscii(name), value);
}

inline bool is_a(const uno::Any& one, const char* service) {
  const auto info = as<css::lang::XServiceInfo>(one);
  return info.is() && info->supportsService(rtl::OUString::createFromAscii(service));
}

// The shapes of a text or of a sheet, or nothing.
inline uno::Reference<css::container::XIndexAccess> shapes_of(const uno::Any& owner) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // there is no other way
  const auto supplier = as<css::drawing::XDrawPageSupplier>(owner);
  return as<css::container::XIndexAccess>(supplier.is() ? uno::Any(supplier->getDrawPage()) : uno::Any());
#pragma GCC diagnostic pop
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

template <class All, class Act>
void each_of(const All& all, Act act) {
  any_of(all, [&](const uno::Any& one) {
    act(one);
    return false;
  });
}

// The texts of a text document: its body, frames, footnotes and endnotes.
template <class Act>
void each_text(const uno::Reference<css::lang::XComponent>& document, Act act) {
  const auto body = as<css::text::XTextDocument>(document);
  if (body.is()) act(uno::Any(body->getText()));
  const auto frames = as<css::text::XTextFramesSupplier>(document);
  if (frames.is()) each_of(as<css::container::XIndexAccess>(frames->getTextFrames()), act);
  const auto footnotes = as<css::text::XFootnotesSupplier>(document);
  if (footnotes.is()) each_of(footnotes->getFootnotes(), act);
  const auto endnotes = as<css::text::XEndnotesSupplier>(document);
  if (endnotes.is()) each_of(endnotes->getEndnotes(), act);
}

template <class Act>
void each_field(const uno::Reference<css::lang::XComponent>& document, Act act) {
  const auto fields = as<css::text::XTextFieldsSupplier>(document);
  if (fields.is()) each_of(fields->getTextFields()->createEnumeration(), act);
}

template <class Act>
void each_sheet(const uno::Reference<css::lang::XComponent>& document, Act act) {
  const auto book = as<css::sheet::XSpreadsheetDocument>(document);
  if (!book.is()) return;
  each_of(as<css::container::XIndexAccess>(book->getSheets()), [&](const uno::Any& one) {
    const auto sheet = as<css::sheet::XSpreadsheet>(one);
    if (sheet.is()) act(sheet);
  });
}

// Over the cells from the first to the last that are used; nothing when the sheet does not tell.
inline uno::Reference<css::sheet::XSheetCellCursor> used_area(
    const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  const auto cursor = sheet->createCursor();
  const auto used = as<css::sheet::XUsedAreaCursor>(cursor);
  if (!used.is()) return {};
  used->gotoStartOfUsedArea(false);
  used->gotoEndOfUsedArea(true);
  return cursor;
}

// Those of pages, or nothing.
inline uno::Reference<css::container::XNameAccess> page_styles(
    const uno::Reference<css::lang::XComponent>& document) {
  const auto families = as<css::style::XStyleFamiliesSupplier>(document);
  return as<css::container::XNameAccess>(
      families.is() ? families->getStyleFamilies()->getByName(ustring("PageStyles")) : uno::Any());
}

}  // namespace kiyome::sanitizer::office
