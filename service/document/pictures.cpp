#include "service/document/pictures.h"

#include <algorithm>
#include <iterator>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/compose/document/png_writer.h"

namespace kiyome::document {

namespace {

// Letters and lines on white, no photo: more than half of it is white or black.
bool is_paper(std::string_view gray) {
  constexpr int kNear = 8;
  const auto plain = std::count_if(gray.begin(), gray.end(), [](char level) {
    const int value = static_cast<unsigned char>(level);
    return value < kNear || value > 255 - kNear;
  });
  return static_cast<std::size_t>(plain) > gray.size() / 2;
}

// The soft edges of letters look the same with 16 levels, and take little more than half the octets.
void use_few_levels(std::string& gray) {
  constexpr unsigned kSteps = 15;
  for (char& level : gray)
    level = static_cast<char>((static_cast<unsigned char>(level) * kSteps + 127) / 255 * (255 / kSteps));
}

}  // namespace

void PictureMaker::page(const clean::Page& page) {
  end_page();
  if (wish_.pages_max == 0 || cut_) return;
  if (before_ + made_.size() >= wish_.pages_max)
    cut_ = true;
  else
    open_.emplace(page, wish_.side);
}

void PictureMaker::rows(std::string_view octets) {
  if (!open_) return;
  const auto began = Steady::now();
  open_->rows(octets);
  milliseconds_ += milliseconds_since(began);
}

void PictureMaker::end_page() {
  if (!open_) return;
  const auto began = Steady::now();
  if (open_->complete()) {
    std::string pixels = open_->take_pixels();
    if (open_->page().format == clean::PixelFormat::gray8 && is_paper(pixels)) use_few_levels(pixels);
    std::string picture = compose::clean_png(open_->page(), pixels, compose::PngEffort::quick);
    if (picture.size() > limits::kPictureOctets || picture.size() > wish_.octets_max - octets_) {
      cut_ = true;
    } else {
      octets_ += picture.size();
      made_.push_back(std::move(picture));
    }
  }
  open_.reset();
  milliseconds_ += milliseconds_since(began);
}

void PictureMaker::finish(Pictures& into) {
  end_page();
  std::move(made_.begin(), made_.end(), std::back_inserter(into.pages));
  made_.clear();
  into.octets = octets_;
  into.cut = cut_;
}

}  // namespace kiyome::document
