// A document as the trusted side sees it: through the clean language's own encoder and reader.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "proto/clean/codec.h"
#include "sanitizers/pdf/run.h"

namespace kiyome::sample {

struct ShownPage {
  clean::Page page;
  std::string pixels;
  std::vector<clean::Word> words;

  bool has(clean::Finding finding) const {
    return std::count(page.findings.begin(), page.findings.end(), finding) == 1;
  }
  // How dark the darkest octet within a part of the page is; sides in fractions of the page.
  int darkest(double left, double top, double right, double bottom) const {
    const std::size_t octets = clean::octets_of_pixel(page.format);
    const std::size_t row = page.pixel_width * octets;
    int out = 255;
    for (auto y = static_cast<std::size_t>(top * page.pixel_height); y < bottom * page.pixel_height; ++y)
      for (auto x = static_cast<std::size_t>(left * page.pixel_width) * octets; x < right * row; ++x)
        out = std::min<int>(out, static_cast<unsigned char>(pixels[y * row + x]));
    return out;
  }
  std::string text() const {
    constexpr const char* kAfter[] = {"", "", " ", "\n", "\n\n"};
    std::string out;
    for (const clean::Word& word : words) out += word.text + kAfter[static_cast<int>(word.after)];
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }
};

struct Shown : clean::DocumentHandler {
  clean::Document head;
  std::vector<ShownPage> pages;
  std::optional<clean::Finding> refusal;

  void document(const clean::Document& document) override { head = document; }
  void page(const clean::Page& page) override { pages.push_back({page, {}, {}}); }
  void rows(std::string_view octets) override { pages.back().pixels += octets; }
  void words(const clean::Words& words) override { pages.back().words = words.words; }
  void converted(std::string_view) override { FAIL("a sanitizer of pages converts nothing"); }

  bool has(clean::Finding finding) const {
    return std::count(head.findings.begin(), head.findings.end(), finding) == 1;
  }
};

inline clean::JobOptions pixels_and_words() {
  clean::JobOptions out;
  out.pixels = out.words = true;
  return out;
}

inline Shown show(const std::string& octets, const clean::JobOptions& options = pixels_and_words()) {
  static const bool warm = (sanitizer::pdf::warm_up(), true);
  static_cast<void>(warm);
  Shown out;
  clean::DocumentReader reader(out);
  sanitizer::pdf::read_document(octets, options, [&](const clean::Message& message) {
    std::string frame;
    clean::encode(message, frame);
    const auto fed = reader.feed(frame);
    REQUIRE_MESSAGE(fed, (fed ? "" : fed.error().what));
  });
  REQUIRE(reader.complete());
  if (reader.refusal()) out.refusal = reader.refusal()->finding;
  return out;
}

}  // namespace kiyome::sample
