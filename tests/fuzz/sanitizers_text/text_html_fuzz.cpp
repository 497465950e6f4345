// Any octets as HTML: clean text, image marks in pairs that name images in order, bounded growth.
#include <cstdint>

#include "sanitizers/text/text.h"
#include "tests/fuzz/sanitizers_text/clean_check.h"

namespace text = kiyome::sanitizer::text;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const text::Html html = text::from_html(octets);
  const std::string& shown = html.text.utf8;
  kiyome::fuzz::check_clean(shown, text::kImageMark);
  KIYOME_CHECK(shown.size() <= octets.size() * 64 + 1024);
  std::size_t at = 0;
  while ((at = shown.find(text::kImageMark, at)) != std::string::npos) {
    const std::size_t end = shown.find(text::kImageMark, at + 1);
    KIYOME_CHECK(end != std::string::npos && end > at + 1);
    std::size_t number = 0;
    for (const char c : shown.substr(at + 1, end - at - 1)) {
      KIYOME_CHECK(c >= '0' && c <= '9');
      number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    KIYOME_CHECK(number < html.images.size() && !html.images[number].spacer);
    at = end + 1;
  }
  for (const text::Image& image : html.images) {
    kiyome::fuzz::check_clean(image.alt);
    kiyome::fuzz::check_clean(image.cid);
  }
  text::html_charset(octets);
  return 0;
}
