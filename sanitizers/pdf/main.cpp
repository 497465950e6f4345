// The PDF sanitizer's program: started by the worker driver, confined, one forked child per document.
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "proto/clean/exit_codes.h"
#include "sanitizers/host/serve.h"
#include "sanitizers/pdf/run.h"

// PDFium ends its process by abort() when memory runs out; its checks end in a trap. The abort() of libc
// needs system calls that a job has no right to, so the end would look like an attack.
extern "C" __attribute__((noreturn)) void abort() noexcept { _exit(kiyome::clean::kExitMemory); }

namespace {

void warm_up() {
  try {
    kiyome::sanitizer::pdf::warm_up();
  } catch (const std::exception& missing) {
    dprintf(STDERR_FILENO, "kiyome sanitizer pdf: %s\n", missing.what());
    _exit(kiyome::clean::kExitUnconfined);
  }
}

void run(std::string_view octets, const kiyome::clean::JobOptions& options,
         kiyome::sanitizer::Answer& answer) {
  kiyome::sanitizer::pdf::read_document(
      octets, options, [&answer](const kiyome::clean::Message& message) { answer.put(message); });
}

}  // namespace

int main() { return kiyome::sanitizer::serve({"pdf", warm_up, run, kiyome::sanitizer::Profile::library}); }
