// Sizes on paper, kept pixels, orientation.
#include "sanitizers/image/paper.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/turn.h"

namespace limits = kiyome::limits;
using namespace kiyome::sanitizer::image;
using kiyome::clean::Finding;
using kiyome::clean::JobOptions;

namespace {

Plan planned(Shape shape, std::uint16_t dpi = 150) {
  JobOptions options;
  options.dpi = dpi;
  const auto out = plan(shape, options, false);
  REQUIRE(out);
  return *out;
}

double mm(std::uint32_t millipoints) { return millipoints / 72000.0 * 25.4; }

bool near(double a, double b) { return std::abs(a - b) < 0.6; }

Shape of(std::uint32_t width, std::uint32_t height, double dpi = 0) {
  Shape out;
  out.width = width;
  out.height = height;
  out.dpi_x = out.dpi_y = dpi;
  return out;
}

}  // namespace

TEST_CASE("paper: a scan of A4 at 300 dpi is A4 and keeps its pixels") {
  const Plan plan = planned(of(2480, 3508, 300));
  CHECK(near(mm(plan.width_millipoints), 210));
  CHECK(near(mm(plan.height_millipoints), 297));
  CHECK(plan.width == 2480);
  CHECK_FALSE(plan.reduced);
}

TEST_CASE("paper: a scan of A4 at 600 dpi is A4 and has 200 dpi afterwards") {
  const Plan plan = planned(of(4960, 7016, 600));
  CHECK(near(mm(plan.width_millipoints), 210));
  CHECK(plan.width == 1653);
  CHECK(plan.height == 2339);
  CHECK(plan.reduced);
}

TEST_CASE("paper: a photo that says 72 dpi, or comes from a camera, is fitted into A4") {
  for (const double dpi : {0.0, 72.0, 96.0, 5000.0, -1.0}) {
    const Plan plan = planned(of(4000, 3000, dpi));
    CHECK(near(mm(plan.width_millipoints), 280));
    CHECK(near(mm(plan.height_millipoints), 210));
    CHECK(plan.width == 2205);
  }
  Shape camera = of(4000, 3000, 300);
  camera.camera = true;
  CHECK(near(mm(planned(camera).width_millipoints), 280));
}

TEST_CASE("paper: a small screenshot has the size it has on a screen") {
  const Plan plan = planned(of(480, 96));
  CHECK(near(mm(plan.width_millipoints), 127));
  CHECK(plan.width == 480);
}

TEST_CASE("paper: a scanned plan keeps its size up to A0, a large picture without a density does not") {
  CHECK(near(mm(planned(of(9933, 14043, 300)).width_millipoints), 841));
  CHECK(near(mm(planned(of(9933, 14043)).height_millipoints), 297));
  const Plan plan = planned(of(9933, 14043, 300));
  CHECK(std::uint64_t{plan.width} * plan.height <= limits::kPagePixels);
  CHECK(plan.width > 5000);
}

TEST_CASE("paper: the picture of a whole web page is as wide as A4 and as long as it comes out") {
  const Plan plan = planned(of(1280, 12800));
  CHECK(near(mm(plan.width_millipoints), 210));
  CHECK(near(mm(plan.height_millipoints), 2100));
  CHECK(plan.width == 1280);
  CHECK(planned(of(1000, 150000)).height_millipoints <= limits::kPageMillipoints);
  CHECK(planned(of(1000, 150000)).height <= limits::kPageSide);
}

TEST_CASE("paper: a fax of 204 x 98 dpi gets square pixels") {
  Shape fax = of(1728, 1100);
  fax.dpi_x = 204;
  fax.dpi_y = 98;
  const Plan plan = planned(fax);
  CHECK(plan.width == 1728);
  CHECK(plan.height == 2290);
  CHECK_FALSE(plan.reduced);
}

TEST_CASE("paper: a turned picture has turned paper") {
  Shape shape = of(2480, 3508, 300);
  shape.orientation = 6;
  const Plan plan = planned(shape);
  CHECK(near(mm(plan.width_millipoints), 297));
  CHECK(plan.width == 2480);
}

TEST_CASE("paper: sides and pixels have bounds") {
  const JobOptions options;
  CHECK(plan(of(limits::kImageSide, 1), options, false));
  CHECK(plan(of(limits::kImageSide + 1, 1), options, false).error() == Finding::kLimitPixels);
  CHECK(plan(of(16384, 16384), options, false));
  CHECK(plan(of(16384, 16385), options, false).error() == Finding::kLimitPixels);
  CHECK(plan(of(11000, 10000), options, true));
  CHECK(plan(of(11000, 10001), options, true).error() == Finding::kLimitPixels);
  CHECK(plan(of(65500, 65500), options, false).error() == Finding::kLimitPixels);
  CHECK(plan(of(0, 1), options, false).error() == Finding::kDamagedPart);
}

TEST_CASE("reducer: the average of what a pixel covers") {
  Reducer reducer(4, 2, 1, 2, 1);
  const std::uint8_t rows[] = {0, 100, 200, 255, 100, 0, 255, 200};
  reducer.row(rows);
  reducer.row(rows + 4);
  const Pixels out = reducer.take();
  CHECK(out.octets == std::vector<std::uint8_t>{50, 228});
}

TEST_CASE("reducer: pixels that are cut count in part, and white stays white") {
  Reducer reducer(3, 3, 3, 2, 2);
  const std::vector<std::uint8_t> white(9, 255);
  for (int i = 0; i < 3; ++i) reducer.row(white.data());
  CHECK(reducer.take().octets == std::vector<std::uint8_t>(12, 255));
  Reducer across(3, 1, 1, 2, 1);
  const std::uint8_t row[] = {0, 90, 255};
  across.row(row);
  CHECK(across.take().octets == std::vector<std::uint8_t>{30, 200});
}

TEST_CASE("reducer: makes rows where there are too few") {
  Reducer reducer(1, 2, 1, 1, 4);
  const std::uint8_t rows[] = {10, 20};
  reducer.row(rows);
  reducer.row(rows + 1);
  CHECK(reducer.take().octets == std::vector<std::uint8_t>{10, 10, 20, 20});
}

TEST_CASE("reducer: rows that never come are white, rows too many are ignored") {
  Reducer reducer(1, 2, 1, 1, 2);
  const std::uint8_t black = 0;
  reducer.row(&black);
  CHECK(reducer.take().octets == std::vector<std::uint8_t>{0, 255});
  Reducer full(1, 1, 1, 1, 1);
  full.row(&black);
  full.row(&black);
  CHECK(full.take().octets == std::vector<std::uint8_t>{0});
}

TEST_CASE("turn: the eight orientations") {
  // 1 2 3
  // 4 5 6
  const Pixels stored{3, 2, 1, {1, 2, 3, 4, 5, 6}};
  struct Case {
    unsigned orientation;
    std::uint32_t width;
    std::vector<std::uint8_t> shown;
  };
  const Case cases[] = {
      {1, 3, {1, 2, 3, 4, 5, 6}}, {2, 3, {3, 2, 1, 6, 5, 4}}, {3, 3, {6, 5, 4, 3, 2, 1}},
      {4, 3, {4, 5, 6, 1, 2, 3}}, {5, 2, {1, 4, 2, 5, 3, 6}}, {6, 2, {4, 1, 5, 2, 6, 3}},
      {7, 2, {6, 3, 5, 2, 4, 1}}, {8, 2, {3, 6, 2, 5, 1, 4}}, {9, 3, {1, 2, 3, 4, 5, 6}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.orientation);
    const Pixels shown = turned(stored, one.orientation);
    CHECK(shown.width == one.width);
    CHECK(shown.octets == one.shown);
  }
}
