// What the engine hands out, given back at the end of a scope. A page must end before its document, a text
// page and a form's view of a page before the page.
#pragma once

#include <memory>

#include "sanitizers/pdf/engine.h"

namespace kiyome::sanitizer::pdf {

template <class Thing, void (*Engine::*Close)(Thing*)>
struct Closer {
  void operator()(Thing* thing) const { (engine().*Close)(thing); }
};
template <class Thing, void (*Engine::*Close)(Thing*)>
using Handle = std::unique_ptr<Thing, Closer<Thing, Close>>;

using Document = Handle<FpdfDocument, &Engine::FPDF_CloseDocument>;
using Page = Handle<FpdfPage, &Engine::FPDF_ClosePage>;
using Bitmap = Handle<FpdfBitmap, &Engine::FPDFBitmap_Destroy>;
using TextPage = Handle<FpdfTextPage, &Engine::FPDFText_ClosePage>;
using Annotation = Handle<FpdfAnnotation, &Engine::FPDFPage_CloseAnnot>;
using Form = Handle<FpdfForm, &Engine::FPDFDOC_ExitFormFillEnvironment>;

}  // namespace kiyome::sanitizer::pdf
