// Any octets as a PDF: the whole answer is one that the trusted side accepts. PDFium itself has no coverage
// here and may die of what it is given; in service it dies in its sandbox. Start from small real documents.
#include <cstdint>
#include <string>

#include "proto/base/check.h"
#include "proto/clean/codec.h"
#include "sanitizers/pdf/run.h"

using namespace kiyome;

namespace {

struct Ignore : clean::DocumentHandler {
  void document(const clean::Document&) override {}
  void page(const clean::Page&) override {}
  void rows(std::string_view) override {}
  void words(const clean::Words&) override {}
  void converted(std::string_view) override { KIYOME_CHECK(false); }
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  sanitizer::pdf::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  clean::JobOptions options;
  options.words = true;
  options.pixels = size % 4 == 0;  // drawing is the slow part and the engine's own
  options.dpi = 72;
  options.pages_max = 3;
  options.passwords = {"sesame"};
  Ignore ignore;
  clean::DocumentReader reader(ignore);
  sanitizer::pdf::read_document({reinterpret_cast<const char*>(data), size}, options,
                                [&reader](const clean::Message& message) {
                                  std::string frame;
                                  clean::encode(message, frame);
                                  KIYOME_CHECK(reader.feed(frame).has_value());
                                });
  KIYOME_CHECK(reader.complete());
  return 0;
}
