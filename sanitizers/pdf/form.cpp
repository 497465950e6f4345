#include "sanitizers/pdf/form.h"

namespace kiyome::sanitizer::pdf {
namespace {

// The functions that the interface calls without asking whether they are there.
void invalidate(FpdfFormInfo*, FpdfPage*, double, double, double, double) {}
void set_cursor(FpdfFormInfo*, int) {}
int set_timer(FpdfFormInfo*, int, void (*)(int)) { return 0; }
void kill_timer(FpdfFormInfo*, int) {}
FpdfFormInfo::SystemTime local_time(FpdfFormInfo*) { return {}; }
void on_change(FpdfFormInfo*) {}
FpdfPage* get_page(FpdfFormInfo*, FpdfDocument*, int) { return nullptr; }
FpdfPage* get_current_page(FpdfFormInfo*, FpdfDocument*) { return nullptr; }
int get_rotation(FpdfFormInfo*, FpdfPage*) { return 0; }
void named_action(FpdfFormInfo*, const char*) {}
void uri_action(FpdfFormInfo*, const char*) {}
void go_to_action(FpdfFormInfo*, int, int, float*, int) {}

}  // namespace

FormFields::FormFields(FpdfDocument* document) {
  if (engine().FPDF_GetFormType(document) == 0) return;
  info_.version = 1;
  info_.invalidate = invalidate;
  info_.set_cursor = set_cursor;
  info_.set_timer = set_timer;
  info_.kill_timer = kill_timer;
  info_.get_local_time = local_time;
  info_.on_change = on_change;
  info_.get_page = get_page;
  info_.get_current_page = get_current_page;
  info_.get_rotation = get_rotation;
  info_.execute_named_action = named_action;
  info_.do_uri_action = uri_action;
  info_.do_go_to_action = go_to_action;
  form_.reset(engine().FPDFDOC_InitFormFillEnvironment(document, &info_));
  if (form_ != nullptr) engine().FPDF_RemoveFormFieldHighlight(form_.get());
}

}  // namespace kiyome::sanitizer::pdf
