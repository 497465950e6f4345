// The archive sanitizer's program: started by the worker driver, confined, one forked child per archive.
#include "sanitizers/archive/archive.h"
#include "sanitizers/host/serve.h"

namespace {

void run(std::string_view octets, const kiyome::clean::JobOptions& options,
         kiyome::sanitizer::Answer& answer) {
  kiyome::sanitizer::archive::read_archive(
      octets, options, [&](const kiyome::clean::Message& message) { answer.put(message); });
}

}  // namespace

int main() { return kiyome::sanitizer::serve({"archive", kiyome::sanitizer::archive::warm_up, run}); }
