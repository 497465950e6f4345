#include "sanitizers/office/sheets.h"

#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/container/XIndexAccess.hpp>
#include <com/sun/star/container/XNameAccess.hpp>
#include <com/sun/star/style/XStyleFamiliesSupplier.hpp>

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::office {

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
