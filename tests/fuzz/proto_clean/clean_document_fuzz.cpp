// Hostile answers about documents: whatever a conquered sanitizer says, the reader refuses it or hands on
// pages whose rows are exactly their pixels and words that lie within them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"

namespace {

using namespace kiyome;

void require(bool holds) {
  if (!holds) std::abort();
}

class Checking : public clean::DocumentHandler {
 public:
  void document(const clean::Document& document) override {
    require(!document_ && document.pages <= limits::kDocumentPages);
    document_ = true;
  }
  void page(const clean::Page& page) override {
    require(document_ && left_ == 0);
    page_ = page;
    left_ = std::uint64_t{page.pixel_width} * page.pixel_height * clean::octets_of_pixel(page.format);
    require(left_ > 0 && left_ <= 3 * limits::kPagePixels);
  }
  void rows(std::string_view octets) override {
    require(!octets.empty() && octets.size() <= left_);
    left_ -= octets.size();
  }
  void words(const clean::Words& words) override {
    require(left_ == 0);
    for (const clean::Word& word : words.words)
      require(std::uint64_t{word.x} + word.width <= page_.width_millipoints &&
              std::uint64_t{word.y} + word.height <= page_.height_millipoints && !word.text.empty());
  }
  void converted(std::string_view octets) override { require(document_ && !octets.empty()); }
  std::uint64_t left() const { return left_; }

 private:
  bool document_ = false;
  clean::Page page_;
  std::uint64_t left_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Checking handler;
  clean::DocumentReader reader(handler);
  const std::size_t step = size > 0 ? 1 + data[0] % 64 : 1;
  while (!rest.empty()) {
    if (!reader.feed(rest.substr(0, step))) return 0;
    rest.remove_prefix(std::min(step, rest.size()));
  }
  if (reader.complete() && !reader.refusal()) require(handler.left() == 0);
  return 0;
}
