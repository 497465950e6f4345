// See large_pages.h. Trusts its own program headers.
#include "sanitizers/host/large_pages.h"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kiyome::sanitizer {
namespace {

constexpr std::uintptr_t kLarge = 2u << 20;  // what x86-64 calls a large page
constexpr std::uintptr_t kPage = 4096;

std::uintptr_t up(std::uintptr_t value, std::uintptr_t unit) { return (value + unit - 1) & ~(unit - 1); }
void* address(std::uintptr_t value) {
  return reinterpret_cast<void*>(value);
}  // NOLINT(performance-no-int-to-ptr)

bool kernel_gives_them() {
  const int file = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[64];
  const ssize_t size = read(file, text, sizeof text);
  close(file);
  return size > 0 &&
         std::string_view(text, static_cast<std::size_t>(size)).find("[never]") == std::string_view::npos;
}

// [begin, end) of one segment. The copy takes the place of the original in one step, so that this very code
// may lie in it: before and after there are the same octets.
void move(std::uintptr_t begin, std::uintptr_t end, int protection) {
  const std::uintptr_t size = up(end - begin, kLarge), tail = up(end, kPage);
  // Up to the next segment there is nothing, or else this segment stays where it is.
  if (tail < begin + size && mmap(address(tail), begin + size - tail, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != address(tail))
    return;
  void* const area = mmap(nullptr, size + kLarge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return;
  const auto from = reinterpret_cast<std::uintptr_t>(area);
  const std::uintptr_t copy = up(from, kLarge);
  if (madvise(address(copy), size, MADV_HUGEPAGE) == 0) {
    std::memcpy(address(copy), address(begin), end - begin);
    if (mprotect(address(copy), size, protection) == 0)
      mremap(address(copy), size, size, MREMAP_MAYMOVE | MREMAP_FIXED, address(begin));
  }
  munmap(area, size + kLarge);  // what is left of it
}

int move_segments(dl_phdr_info* program, std::size_t, void*) {
  for (unsigned i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = program->dlpi_phdr[i];
    const std::uintptr_t begin = program->dlpi_addr + part.p_vaddr;
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0 || part.p_align < kLarge ||
        begin % kLarge != 0 || part.p_memsz < kLarge / 2)
      continue;
    move(begin, begin + part.p_memsz, PROT_READ | ((part.p_flags & PF_X) != 0 ? PROT_EXEC : 0));
  }
  return 1;  // the program is the first; its libraries stay as they are
}

}  // namespace

void move_to_large_pages() {
  if (kernel_gives_them()) dl_iterate_phdr(move_segments, nullptr);
}

}  // namespace kiyome::sanitizer
