// The form fields of a document, to be drawn with what stands in them. Nothing that a form would do is done:
// no script, no timer, no action, and nothing it asks for is answered.
#pragma once

#include "sanitizers/pdf/handles.h"

namespace kiyome::sanitizer::pdf {

class FormFields {
 public:
  explicit FormFields(FpdfDocument* document);
  FormFields(const FormFields&) = delete;
  FormFields& operator=(const FormFields&) = delete;

  FpdfForm* get() const { return form_.get(); }  // null when the document has no form

 private:
  FpdfFormInfo info_{};  // the engine keeps a pointer to it
  Form form_;
};

}  // namespace kiyome::sanitizer::pdf
