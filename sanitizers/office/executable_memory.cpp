// This program's own mprotect() stands before the C library's: LibreOffice's libraries call it, and what
// becomes writable and executable is noted.
#include "sanitizers/office/executable_memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "proto/base/limits.h"

namespace {

struct Piece {
  void* at = nullptr;
  std::size_t size = 0;
};
std::array<Piece, kiyome::limits::kOfficeCodePieces> pieces;
std::atomic<std::size_t> count = 0;  // threads of the engine's start may call, too

}  // namespace

extern "C" [[gnu::visibility("default")]] int mprotect(void* at, std::size_t size, int protection) noexcept {
  const long result = syscall(SYS_mprotect, at, size, protection);
  constexpr int kBoth = PROT_WRITE | PROT_EXEC;
  if (result == 0 && (protection & kBoth) == kBoth) {
    const std::size_t number = count++;
    if (number < pieces.size()) pieces[number] = {at, size};
  }
  return static_cast<int>(result);
}

namespace kiyome::sanitizer::office {

bool seal_executable_memory() {
  if (count > pieces.size()) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (syscall(SYS_mprotect, pieces[i].at, pieces[i].size, PROT_READ | PROT_EXEC) != 0) return false;
  return true;
}

}  // namespace kiyome::sanitizer::office
