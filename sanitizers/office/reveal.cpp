#include "sanitizers/office/reveal.h"

#include <com/sun/star/beans/XPropertySet.hpp>
#include <com/sun/star/document/RedlineDisplayType.hpp>
#include <com/sun/star/document/XDocumentPropertiesSupplier.hpp>
#include <com/sun/star/drawing/XDrawPagesSupplier.hpp>
#include <com/sun/star/table/XColumnRowRange.hpp>
#include <com/sun/star/text/XText.hpp>
#include <com/sun/star/text/XTextContent.hpp>
#include <com/sun/star/text/XTextSectionsSupplier.hpp>
#include <vector>

#include "sanitizers/office/each.h"

namespace kiyome::sanitizer::office {
namespace {

using Component = uno::Reference<css::lang::XComponent>;
using css::beans::XPropertySet;
using css::container::XIndexAccess;

constexpr sal_Int32 kCommentColour = 0xfff2cc;

void show_shapes(const uno::Reference<XIndexAccess>& shapes) {
  each_of(shapes, [](const uno::Any& one) {
    const auto shape = as<XPropertySet>(one);
    if (is(shape, "Visible", false)) set(shape, "Visible", uno::Any(true));
  });
}

void show_sheet(const uno::Reference<css::sheet::XSpreadsheet>& sheet) {
  set(as<XPropertySet>(sheet), "IsVisible", uno::Any(true));
  const auto range = as<css::table::XColumnRowRange>(used_area(sheet));
  if (!range.is()) return;
  set(as<XPropertySet>(range->getRows()), "IsVisible", uno::Any(true));
  set(as<XPropertySet>(range->getColumns()), "IsVisible", uno::Any(true));
  show_shapes(shapes_of(uno::Any(sheet)));
}

void show_characters(const uno::Any& one) {
  const auto text = as<css::text::XText>(one);
  if (!text.is()) return;
  const auto cursor = text->createTextCursor();
  cursor->gotoStart(false);
  cursor->gotoEnd(true);
  set(as<XPropertySet>(cursor), "CharHidden", uno::Any(false));
}

// LibreOffice would write a text's comments into the margin only with a window: they stand where they belong,
// in brackets.
void write_comments(const Component& document) {
  std::vector<uno::Reference<css::text::XTextContent>>
      comments;  // the text is not changed while it is walked
  each_field(document, [&](const uno::Any& one) {
    if (is_a(one, "com.sun.star.text.textfield.Annotation"))
      comments.push_back(as<css::text::XTextContent>(one));
  });
  for (const auto& comment : comments) {
    const auto about = as<XPropertySet>(comment);
    const auto anchor = comment.is() ? comment->getAnchor() : uno::Reference<css::text::XTextRange>();
    rtl::OUString author, content;
    about->getPropertyValue(ustring("Author")) >>= author;
    about->getPropertyValue(ustring("Content")) >>= content;
    if (!anchor.is()) continue;
    const auto cursor = anchor->getText()->createTextCursorByRange(anchor->getEnd());
    cursor->setString(ustring("［コメント") +
                      (author.isEmpty() ? rtl::OUString() : ustring("（") + author + ustring("）")) +
                      ustring("：") + content + ustring("］"));
    set(as<XPropertySet>(cursor), "CharBackColor", uno::Any(kCommentColour));
  }
}

void show_in_text(const Component& document) {
  const auto sections = as<css::text::XTextSectionsSupplier>(document);
  if (sections.is())
    each_of(as<XIndexAccess>(sections->getTextSections()),
            [](const uno::Any& one) { set(as<XPropertySet>(one), "IsVisible", uno::Any(true)); });
  each_field(document, [](const uno::Any& one) {
    const auto field = as<XPropertySet>(one);
    if (is(field, "IsHidden", true)) set(field, "Condition", uno::Any(ustring("FALSE")));
  });
  show_shapes(shapes_of(uno::Any(document)));
  each_text(document, show_characters);  // tables lie within a text
}

}  // namespace

void show_hidden(const Component& document, Kind kind) {
  try {
    each_sheet(document, show_sheet);
    const auto pages = as<css::drawing::XDrawPagesSupplier>(document);
    if (kind != Kind::sheets && pages.is())
      each_of(as<XIndexAccess>(pages->getDrawPages()),
              [](const uno::Any& one) { show_shapes(as<XIndexAccess>(one)); });
    if (kind == Kind::text) show_in_text(document);
  } catch (const uno::Exception&) {
  }
}

void show_comments(const Component& document, Kind kind) {
  try {
    if (kind == Kind::text) write_comments(document);
    if (kind != Kind::sheets) return;
    each_of(as<XIndexAccess>(page_styles(document)),
            [](const uno::Any& one) { set(as<XPropertySet>(one), "PrintAnnotations", uno::Any(true)); });
  } catch (const uno::Exception&) {
  }
}

void accept_changes(const Component& document) {
  try {
    const auto settings = as<XPropertySet>(document);
    if (settings.is())
      set(settings, "RedlineDisplayType", uno::Any(css::document::RedlineDisplayType::INSERTED));
  } catch (const uno::Exception&) {
  }
}

void keep_dates(const Component& document) {
  try {
    const auto about = as<css::document::XDocumentPropertiesSupplier>(document);
    if (!about.is()) return;
    const css::util::DateTime saved = about->getDocumentProperties()->getModificationDate();
    if (saved.Year == 0) return;
    each_field(document, [&](const uno::Any& one) {
      const auto field = as<XPropertySet>(one);
      if (!is_a(one, "com.sun.star.text.textfield.DateTime") || !is(field, "IsFixed", false)) return;
      set(field, "IsFixed", uno::Any(true));
      set(field, "DateTimeValue", uno::Any(saved));
    });
  } catch (const uno::Exception&) {
  }
}

}  // namespace kiyome::sanitizer::office
