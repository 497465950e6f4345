// A sanitizer that cannot start: its magic database is broken, say.
#include <unistd.h>

#include "sanitizers/host/serve.h"

int main() {
  using namespace kiyome;
  return sanitizer::serve(
      {"stillborn", [] { _exit(3); }, [](std::string_view, const clean::JobOptions&, sanitizer::Answer&) {}});
}
