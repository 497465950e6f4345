// The image sanitizer's program: started by the worker driver, confined, one forked child per picture.
#include "sanitizers/host/serve.h"
#include "sanitizers/image/read.h"

namespace {

void run(std::string_view octets, const kiyome::clean::JobOptions& options,
         kiyome::sanitizer::Answer& answer) {
  kiyome::sanitizer::image::read_picture(octets, options,
                                         [&](const kiyome::clean::Message& message) { answer.put(message); });
}

}  // namespace

int main() { return kiyome::sanitizer::serve({"image", kiyome::sanitizer::image::warm_up, run}); }
