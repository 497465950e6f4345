#include "sanitizers/office/document.h"

#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/document/MacroExecMode.hpp>
#include <com/sun/star/document/UpdateDocMode.hpp>
#include <com/sun/star/document/XTypeDetection.hpp>
#include <com/sun/star/drawing/XDrawPagesSupplier.hpp>
#include <com/sun/star/frame/XModel.hpp>
#include <com/sun/star/frame/XStorable.hpp>
#include <com/sun/star/lang/XMultiComponentFactory.hpp>
#include <com/sun/star/lang/XServiceInfo.hpp>
#include <com/sun/star/util/XCloseable.hpp>
#include <com/sun/star/view/XRenderable.hpp>
#include <rtl/ref.hxx>

#include <algorithm>
#include <optional>

#include "sanitizers/office/content/file_name.h"
#include "sanitizers/office/desktop.h"
#include "sanitizers/office/each.h"
#include "sanitizers/office/password_giver.h"

namespace kiyome::sanitizer::office {
namespace {

using Component = uno::Reference<css::lang::XComponent>;

Properties opening(const OfficeType& type, const Opening& how, const rtl::Reference<PasswordGiver>& giver) {
  Properties out = properties({
      property("Hidden", uno::Any(true)),
      property("ReadOnly", uno::Any(!how.changing)),
      property("MacroExecutionMode", uno::Any(css::document::MacroExecMode::NEVER_EXECUTE)),
      property("UpdateDocMode", uno::Any(css::document::UpdateDocMode::NO_UPDATE)),
  });
  const auto add = [&out](std::string_view name, const uno::Any& value) {
    out.realloc(out.getLength() + 1);
    out.getArray()[out.getLength() - 1] = property(name, value);
  };
  if (!type.filter.empty()) add("FilterName", uno::Any(ustring(type.filter)));
  if (how.filter_options.empty()) {
    add("InteractionHandler", uno::Any(uno::Reference<css::task::XInteractionHandler>(giver.get())));
  } else {
    add("FilterOptions", uno::Any(ustring(how.filter_options)));
  }
  return out;
}

// What LibreOffice takes the file for, where more than one filter could be right. Nothing of it is read
// before its kind is known to be one we want.
bool detect(const std::string& url, const OfficeType& type, Properties& arguments) {
  const auto detection =
      as<css::document::XTypeDetection>(context()->getServiceManager()->createInstanceWithContext(
          "com.sun.star.document.TypeDetection", context()));
  if (!detection.is()) return false;
  arguments.realloc(arguments.getLength() + 1);
  arguments.getArray()[arguments.getLength() - 1] = property("URL", uno::Any(ustring(url)));
  const rtl::OUString found = detection->queryTypeByDescriptor(arguments, true);
  return of_family(type, rtl::OUStringToOString(found, RTL_TEXTENCODING_UTF8).getStr());
}

const char* export_filter(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "writer_pdf_Export";
    case Kind::sheets:
      return "calc_pdf_Export";
    case Kind::slides:
      return "impress_pdf_Export";
    case Kind::drawing:
      return "draw_pdf_Export";
  }
  return "";
}

// The numbers of the slides that are shown, in order.
std::vector<std::uint32_t> shown_slides(const Component& document, bool with_hidden) {
  std::vector<std::uint32_t> out;
  const auto supplier = as<css::drawing::XDrawPagesSupplier>(document);
  if (!supplier.is()) return out;
  const auto slides = as<css::container::XIndexAccess>(supplier->getDrawPages());
  const sal_Int32 count = std::min<sal_Int32>(slides->getCount(), limits::kDocumentPages);
  for (sal_Int32 i = 0; i < count; ++i)
    if (with_hidden || !is(as<css::beans::XPropertySet>(slides->getByIndex(i)), "Visible", false))
      out.push_back(static_cast<std::uint32_t>(i) + 1);
  return out;
}

// As the filter takes it; empty is everything. Nothing when there is no such page. Hidden slides have
// numbers, too.
std::optional<std::string> page_range(const Component& document, Kind kind, const PdfForm& form) {
  std::uint32_t first = form.first, last = form.last;
  if (kind == Kind::slides) {
    const std::vector<std::uint32_t> shown = shown_slides(document, form.hidden_slides);
    if (first > shown.size()) return std::nullopt;
    if (form.whole) return "";  // with notes its pages are more than its slides
    first = shown[form.first - 1];
    last = shown[std::min<std::size_t>(form.last, shown.size()) - 1];
  }
  return std::to_string(first) + "-" + std::to_string(last);
}

std::uint32_t positive(sal_Int32 count) { return count > 0 ? static_cast<std::uint32_t>(count) : 0; }

}  // namespace

Opened open_document(const std::string& path, const OfficeType& type, const Opening& how) {
  const std::string url = file_url(path);
  Opened out;
  std::size_t next = 0;
  for (;;) {
    const rtl::Reference<PasswordGiver> giver(new PasswordGiver(how.passwords, next));
    try {
      Properties arguments = opening(type, how, giver);
      if (!type.filter.empty() || detect(url, type, arguments))
        out.document = desktop()->loadComponentFromURL(ustring(url), "_blank", 0, arguments);
    } catch (const uno::Exception&) {
      out.document.clear();
    }
    out.password_used = out.password_used || giver->asked();
    // Some filters ask once only: they are given the next password in another try.
    if (out.document.is() || giver->next() == next || giver->next() >= how.passwords.size()) break;
    next = giver->next();
  }
  if (out.document.is()) {
    out.outcome = Opened::Outcome::good;
  } else if (out.password_used) {
    out.outcome = Opened::Outcome::encrypted;
  }
  return out;
}

Kind kind_of(const Component& document) {
  const auto info = as<css::lang::XServiceInfo>(document);
  if (!info.is()) return Kind::text;
  if (info->supportsService("com.sun.star.sheet.SpreadsheetDocument")) return Kind::sheets;
  if (info->supportsService("com.sun.star.presentation.PresentationDocument")) return Kind::slides;
  if (info->supportsService("com.sun.star.drawing.DrawingDocument")) return Kind::drawing;
  return Kind::text;
}

std::uint32_t page_count(const Component& document, Kind kind, bool hidden_slides) {
  try {
    if (kind == Kind::slides) return static_cast<std::uint32_t>(shown_slides(document, hidden_slides).size());
    if (kind == Kind::drawing) {
      const auto pages = as<css::drawing::XDrawPagesSupplier>(document);
      return pages.is() ? positive(pages->getDrawPages()->getCount()) : 0;
    }
    if (kind == Kind::text) {
      const auto model = as<css::frame::XModel>(document);
      if (!model.is()) return 0;
      const auto view = as<css::beans::XPropertySet>(model->getCurrentController());
      sal_Int32 count = 0;
      return view.is() && (view->getPropertyValue("PageCount") >>= count) ? positive(count) : 0;
    }
    const auto renderable = as<css::view::XRenderable>(document);
    return renderable.is() ? positive(renderable->getRendererCount(uno::Any(document), {})) : 0;
  } catch (const uno::Exception&) {
    return 0;
  }
}

bool write_pdf(const Component& document, Kind kind, const std::string& path, const PdfForm& form) {
  try {
    const std::optional<std::string> range = page_range(document, kind, form);
    if (!range) return false;
    const Properties how = properties({
        property("PageRange", uno::Any(ustring(*range))),
        property("ExportBookmarks", uno::Any(false)),
        property("ExportFormFields", uno::Any(false)),  // drawn, not to be filled in
        property("ExportNotes", uno::Any(false)),
        property("ExportNotesInMargin", uno::Any(false)),
        property("ExportNotesPages", uno::Any(form.notes && form.whole)),
        property("ExportHiddenSlides", uno::Any(form.hidden_slides)),
        property("UseTaggedPDF", uno::Any(false)),
        property("UseLosslessCompression", uno::Any(false)),
        property("Quality", uno::Any(sal_Int32(90))),
        property("ReduceImageResolution", uno::Any(true)),
        property("MaxImageResolution", uno::Any(sal_Int32(300))),
    });
    const Properties arguments = properties({property("FilterName", uno::Any(ustring(export_filter(kind)))),
                                             property("FilterData", uno::Any(how))});
    const auto storable = as<css::frame::XStorable>(document);
    if (!storable.is()) return false;
    storable->storeToURL(ustring("file://" + path), arguments);
    return true;
  } catch (const uno::Exception&) {
    return false;
  }
}

bool write_as(const Component& document, std::string_view filter, const std::string& path,
              std::string_view password) {
  try {
    Properties arguments = properties({property("FilterName", uno::Any(ustring(filter)))});
    if (!password.empty())
      arguments = properties({arguments[0], property("Password", uno::Any(ustring(password)))});
    as<css::frame::XStorable>(document)->storeToURL(ustring("file://" + path), arguments);
    return true;
  } catch (const uno::Exception&) {
    return false;
  }
}

void close_document(const Component& document) {
  try {
    const auto closeable = as<css::util::XCloseable>(document);
    if (closeable.is()) closeable->close(true);
  } catch (const uno::Exception&) {  // it ends with the process
  }
}

}  // namespace kiyome::sanitizer::office
