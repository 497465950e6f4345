// A sanitizer of profile office without LibreOffice: its engine is ready at once, and its jobs do on a real
// stage what an engine does. What is forbidden there is the selftest's.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "sanitizers/host/serve.h"
#include "sanitizers/selftest/say.h"

namespace {

using namespace kiyome;
using sanitizer::Answer;
using sanitizer::selftest::say;

const char* opened(const char* path, int flags) { return open(path, flags, 0600) >= 0 ? "yes" : "no"; }

bool runs_a_thread() {
  pthread_t thread;
  return pthread_create(
             &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr) == 0 &&
         pthread_join(thread, nullptr) == 0;
}

std::string answer_to(std::string_view word) {
  if (word == "thread") return runs_a_thread() ? "yes" : "no";
  if (word == "read the stage") return opened("/etc/fonts/fonts.conf", O_RDONLY);
  if (word == "write the stage") return opened("/etc/fonts/fonts.conf", O_WRONLY);
  if (word == "read own files") return opened("/own/secret", O_RDONLY);
  if (word == "list the root") return opened("/", O_RDONLY | O_DIRECTORY);
  if (word == "write scratch") return opened("/tmp/mark", O_RDWR | O_CREAT | O_EXCL);
  if (word == "find scratch") return opened("/tmp/mark", O_RDONLY);
  if (word == "engine's folder") return opened("/tmp/engine/file", O_RDWR | O_CREAT);
  if (word == "fill scratch") {
    const int file = open("/tmp/large", O_RDWR | O_CREAT, 0600);
    const std::string octets(64u << 20, 'x');
    for (int n = 0; n < 32; ++n)
      if (write(file, octets.data(), octets.size()) != static_cast<ssize_t>(octets.size())) return "no";
    return "yes";
  }
  for (const char* path :
       {"/etc/passwd", "/proc/self/maps", "/dev/null", "/home", "/root", "/var/lib", "/usr/bin"})
    if (word == path) return opened(path, O_RDONLY);
  return "no such word";
}

}  // namespace

int main() {
  sanitizer::Engine engine;
  engine.stage.needed = {"/etc/fonts", "/usr/share/fonts"};
  engine.stage.optional = {"/usr/share/not-there"};
  engine.stage.own = {{"/own/secret", "for the start only"}};
  engine.start = [](const std::function<void()>& serve) {
    mkdir("/tmp/engine", 0700);
    runs_a_thread();  // as LibreOffice has, before it is ready: the C library's own start of the first one
    serve();
  };
  sanitizer::Sanitizer staged{"staged",
                              {},
                              [](std::string_view input, const clean::JobOptions&, Answer& answer) {
                                say(answer, input, answer_to(input));
                              },
                              sanitizer::Profile::office};
  staged.engine = &engine;
  staged.jobs_max = 40;
  return sanitizer::serve(staged);
}
