// The selftest sanitizer of profile office: on a stage like LibreOffice's, with an engine that is ready at
// once.
#include <pthread.h>
#include <sys/stat.h>

#include "sanitizers/selftest/program.h"

using namespace kiyome;

namespace {

// As LibreOffice has, before it is ready: the C library's own start of the first thread.
void run_a_thread() {
  pthread_t thread{};
  if (pthread_create(
          &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr) == 0)
    pthread_join(thread, nullptr);
}

}  // namespace

int main() {
  sanitizer::Engine engine;
  engine.stage.needed = {"/usr/lib/locale/C.utf8"};  // part of every Debian
  engine.stage.own = {{sanitizer::selftest::kForTheStart, "for the start only"}};
  engine.start = [](const std::function<void()>& serve) {
    mkdir("/tmp/engine", 0700);
    run_a_thread();
    serve();
  };
  sanitizer::Sanitizer office{
      "selftest-office",
      {},
      [](std::string_view input, const clean::JobOptions&, sanitizer::Answer& answer) {
        sanitizer::selftest::try_one(sanitizer::selftest::acts_on_stage(), input, answer);
      },
      sanitizer::Profile::office};
  office.engine = &engine;
  return sanitizer::serve(office);
}
