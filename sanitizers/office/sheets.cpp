#include "sanitizers/office/sheets.h"

#include <com/sun/star/awt/Size.hpp>
#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/container/XIndexAccess.hpp>
#include <com/sun/star/sheet/XCellRangeAddressable.hpp>
#include <com/sun/star/sheet/XHeaderFooterContent.hpp>
#include <com/sun/star/sheet/XPrintAreas.hpp>
#include <com/sun/star/text/XTextCursor.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "proto/base/limits.h"
#include "sanitizers/office/each.h"

namespace kiyome::sanitizer::office {
namespace {

using Component = uno::Reference<css::lang::XComponent>;
using css::beans::XPropertySet;

bool cut_if_absurd(const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  const auto range = as<css::sheet::XCellRangeAddressable>(used_area(sheet));
  const auto print = as<css::sheet::XPrintAreas>(sheet);
  if (!range.is() || !print.is()) return false;
  css::table::CellRangeAddress area = range->getRangeAddress();
  const std::int64_t rows = area.EndRow - area.StartRow + std::int64_t{1};
  const std::int64_t columns = area.EndColumn - area.StartColumn + std::int64_t{1};
  if (rows * columns <= limits::kSheetCells) return false;
  area.EndRow = std::min<sal_Int32>(area.EndRow, area.StartRow + limits::kSheetCutRows - 1);
  area.EndColumn = std::min<sal_Int32>(area.EndColumn, area.StartColumn + limits::kSheetCutColumns - 1);
  print->setPrintAreas(uno::Sequence<css::table::CellRangeAddress>(&area, 1));
  return true;
}

std::int32_t number(const uno::Reference<XPropertySet>& of, const char* name) {
  std::int32_t out = 0;  // of sal_Int16 too
  of->getPropertyValue(rtl::OUString::createFromAscii(name)) >>= out;
  return out;
}

bool is_unscaled(const uno::Reference<XPropertySet>& style) {
  return number(style, "PageScale") == 100 && number(style, "ScaleToPages") == 0 &&
         number(style, "ScaleToPagesX") == 0 && number(style, "ScaleToPagesY") == 0;
}

// In hundredths of a millimetre, like all of UNO.
std::int64_t printed_width(const uno::Reference<XPropertySet>& style) {
  return std::int64_t{number(style, "Width")} - number(style, "LeftMargin") - number(style, "RightMargin");
}

std::int64_t width_of(const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  const auto used = as<XPropertySet>(used_area(sheet));
  css::awt::Size size;
  return used.is() && (used->getPropertyValue(ustring("Size")) >>= size) ? size.Width : 0;
}

void fit_style(const uno::Any& one) {
  const auto style = as<XPropertySet>(one);
  set(style, "ScaleToPagesX", uno::Any(sal_Int16(1)));
  set(style, "ScaleToPagesY", uno::Any(sal_Int16(0)));
}

void turn(const uno::Reference<XPropertySet>& style) {
  const std::int32_t width = number(style, "Width"), height = number(style, "Height");
  if (width >= height) return;
  set(style, "IsLandscape", uno::Any(true));
  set(style, "Width", uno::Any(sal_Int32(height)));
  set(style, "Height", uno::Any(sal_Int32(width)));
}

// "Page 1" is LibreOffice's own word for it in a table that has no page style; without its Japanese package
// it knows no other.
void name_pages(const uno::Any& one) {
  const auto style = as<XPropertySet>(one);
  for (const char* const name : {"RightPageFooterContent", "LeftPageFooterContent"}) {
    const rtl::OUString property = rtl::OUString::createFromAscii(name);
    const auto footer = as<css::sheet::XHeaderFooterContent>(style->getPropertyValue(property));
    const auto text = footer.is() ? footer->getCenterText() : uno::Reference<css::text::XText>();
    if (!text.is() || !text->getString().startsWith("Page ")) continue;
    const auto cursor = text->createTextCursor();
    cursor->gotoStart(false);
    cursor->goRight(4, true);
    cursor->setString(ustring("ページ"));
    style->setPropertyValue(property, uno::Any(footer));
  }
}

}  // namespace

bool cut_absurd_sheets(const Component& document) {
  bool cut = false;
  try {
    each_sheet(document, [&](const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
      if (cut_if_absurd(sheet)) cut = true;
    });
  } catch (const uno::Exception&) {  // then its time is bounded
  }
  return cut;
}

void fit_to_width(const Component& document, Fit fit) {
  try {
    const auto styles = page_styles(document);
    if (!styles.is()) return;
    if (fit == Fit::all) {
      each_of(as<css::container::XIndexAccess>(styles), [](const uno::Any& one) { fit_style(one); });
      return;
    }
    std::map<rtl::OUString, bool> wide;  // of the styles of sheets without setup
    std::set<rtl::OUString> kept;
    each_sheet(document, [&](const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
      const auto print = as<css::sheet::XPrintAreas>(sheet);
      rtl::OUString name;
      if (!(as<XPropertySet>(sheet)->getPropertyValue(ustring("PageStyle")) >>= name)) return;
      const auto style = as<XPropertySet>(styles->getByName(name));
      if ((print.is() && print->getPrintAreas().hasElements()) || !is_unscaled(style)) {
        kept.insert(name);
      } else {
        wide[name] |= width_of(sheet) > printed_width(style);
      }
    });
    for (const auto& [name, is_wide] : wide) {
      if (kept.count(name) != 0 || !is_wide) continue;
      const auto style = as<XPropertySet>(styles->getByName(name));
      if (is(style, "IsLandscape", false)) turn(style);
      fit_style(uno::Any(style));
    }
  } catch (const uno::Exception&) {  // then it is cut
  }
}

void say_pages_in_japanese(const Component& document) {
  try {
    const auto styles = as<css::container::XIndexAccess>(page_styles(document));
    if (styles.is()) each_of(styles, name_pages);
  } catch (const uno::Exception&) {
  }
}

}  // namespace kiyome::sanitizer::office
