#include "sanitizers/office/sheets.h"

#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/container/XIndexAccess.hpp>
#include <com/sun/star/container/XNameAccess.hpp>
#include <com/sun/star/sheet/XCellRangeAddressable.hpp>
#include <com/sun/star/sheet/XPrintAreas.hpp>
#include <com/sun/star/sheet/XSpreadsheet.hpp>
#include <com/sun/star/sheet/XSpreadsheetDocument.hpp>
#include <com/sun/star/sheet/XUsedAreaCursor.hpp>
#include <com/sun/star/style/XStyleFamiliesSupplier.hpp>

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::office {
namespace {

bool cut_if_absurd(const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  const auto cursor = sheet->createCursor();
  const auto used = as<css::sheet::XUsedAreaCursor>(cursor);
  const auto range = as<css::sheet::XCellRangeAddressable>(cursor);
  const auto print = as<css::sheet::XPrintAreas>(sheet);
  if (!used.is() || !range.is() || !print.is()) return false;
  used->gotoStartOfUsedArea(false);
  used->gotoEndOfUsedArea(true);
  css::table::CellRangeAddress area = range->getRangeAddress();
  const std::int64_t rows = area.EndRow - area.StartRow + std::int64_t{1};
  const std::int64_t columns = area.EndColumn - area.StartColumn + std::int64_t{1};
  if (rows * columns <= limits::kSheetCells) return false;
  area.EndRow = std::min<sal_Int32>(area.EndRow, area.StartRow + limits::kSheetCutRows - 1);
  area.EndColumn = std::min<sal_Int32>(area.EndColumn, area.StartColumn + limits::kSheetCutColumns - 1);
  print->setPrintAreas(uno::Sequence<css::table::CellRangeAddress>(&area, 1));
  return true;
}

}  // namespace

bool cut_absurd_sheets(const uno::Reference<css::lang::XComponent>& document) {
  bool cut = false;
  try {
    const auto book = as<css::sheet::XSpreadsheetDocument>(document);
    const auto sheets = book.is() ? as<css::container::XIndexAccess>(book->getSheets())
                                  : uno::Reference<css::container::XIndexAccess>();
    const sal_Int32 count = sheets.is() ? std::min<sal_Int32>(sheets->getCount(), limits::kOfficeObjects) : 0;
    for (sal_Int32 i = 0; i < count; ++i) {
      const auto sheet = as<css::sheet::XSpreadsheet>(sheets->getByIndex(i));
      if (sheet.is() && cut_if_absurd(sheet)) cut = true;
    }
  } catch (const uno::Exception&) {  // then its time is bounded
  }
  return cut;
}

void fit_to_width(const uno::Reference<css::lang::XComponent>& document) {
  try {
    const auto families = as<css::style::XStyleFamiliesSupplier>(document);
    if (!families.is()) return;
    const auto styles =
        as<css::container::XIndexAccess>(families->getStyleFamilies()->getByName(ustring("PageStyles")));
    if (!styles.is()) return;
    const sal_Int32 count = std::min<sal_Int32>(styles->getCount(), limits::kOfficeObjects);
    for (sal_Int32 i = 0; i < count; ++i) {
      const auto style = as<css::beans::XPropertySet>(styles->getByIndex(i));
      if (!style.is()) continue;
      style->setPropertyValue(ustring("ScaleToPagesX"), uno::Any(sal_Int16(1)));
      style->setPropertyValue(ustring("ScaleToPagesY"), uno::Any(sal_Int16(0)));
    }
  } catch (const uno::Exception&) {  // then it is cut
  }
}

}  // namespace kiyome::sanitizer::office
