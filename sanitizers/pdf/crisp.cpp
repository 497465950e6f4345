#include "sanitizers/pdf/crisp.h"

#include <cmath>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::pdf {
namespace {

constexpr int kText = 1, kPath = 2;        // FPDF_PAGEOBJ_*
constexpr int kLineTo = 0, kBezierTo = 1;  // FPDF_SEGMENT_*
constexpr double kLevel = 0.05;            // points; less is no slope

// Whether its lines are upright or level. Curves are not.
bool is_level(FpdfPageObject* path, int& left) {
  const int count = engine().FPDFPath_CountSegments(path);
  float x = 0, y = 0;
  for (int i = 0; i < count; ++i) {
    if (--left < 0) return false;
    FpdfSegment* const segment = engine().FPDFPath_GetPathSegment(path, i);
    const int kind = engine().FPDFPathSegment_GetType(segment);
    float next_x = 0, next_y = 0;
    if (!engine().FPDFPathSegment_GetPoint(segment, &next_x, &next_y)) return false;
    if (kind == kBezierTo) return false;
    if (kind == kLineTo && std::abs(next_x - x) > kLevel && std::abs(next_y - y) > kLevel) return false;
    x = next_x;
    y = next_y;
  }
  return true;
}

}  // namespace

bool has_only_level_lines(FpdfPage* page) {
  int left = limits::kPdfCrispObjects;
  const int count = engine().FPDFPage_CountObjects(page);
  bool any = false;
  for (int i = 0; i < count; ++i) {
    if (--left < 0) return false;
    FpdfPageObject* const object = engine().FPDFPage_GetObject(page, i);
    if (engine().FPDFPageObj_GetType(object) != kPath) continue;
    if (!is_level(object, left)) return false;
    any = true;
  }
  return any;
}

void lift_text(FpdfPage* page, const Frame& frame) {
  if (frame.spread_height == 0 || engine().FPDFPage_GetRotation(page) != 0) return;
  const double half = frame.spread_height / (2000.0 * frame.pixel_height);  // points
  const int count = engine().FPDFPage_CountObjects(page);
  for (int i = 0; i < count && i < limits::kPdfCrispObjects; ++i) {
    FpdfPageObject* const object = engine().FPDFPage_GetObject(page, i);
    if (engine().FPDFPageObj_GetType(object) == kText)
      engine().FPDFPageObj_Transform(object, 1, 0, 0, 1, 0, half);
  }
}

}  // namespace kiyome::sanitizer::pdf
