// Memory, time, what other jobs left, what the service is told.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/host/confine.h"
#include "sanitizers/selftest/acts.h"

namespace kiyome::sanitizer::selftest {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMegabyte = 1u << 20;

[[maybe_unused]] Outcome take_much_memory() {
  std::vector<std::unique_ptr<char[]>> taken;
  for (std::size_t total = 0; total < 4096; total += 16) {
    taken.push_back(std::make_unique_for_overwrite<char[]>(16 * kMegabyte));
    for (std::size_t at = 0; at < 16 * kMegabyte; at += kPage) taken.back()[at] = 1;
  }
  return {true, "4 GB"};
}

[[maybe_unused]] Outcome reserve_addresses() {
  void* const at =
      mmap(nullptr, std::size_t{1} << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return of_call(at == MAP_FAILED ? -1 : 0, "a terabyte");
}

Outcome compute_forever() {
  volatile std::uint64_t count = 0;
  for (;;) count = count + 1;
}

// Not a loop in disguise: each call keeps its own page until the stack ends.
[[gnu::noinline]] int descend(int depth) {
  volatile char page[kPage];
  page[0] = static_cast<char>(depth);
  return depth == 1 << 24 ? page[0] : descend(depth + 1) + page[0];
}

void* anonymous_page(int protection) {
  return mmap(nullptr, kPage, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

Outcome map_executable() {
  return of_call(anonymous_page(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED ? -1 : 0, "mapped");
}

Outcome make_executable() {
  void* const page = anonymous_page(PROT_READ | PROT_WRITE);
  return of_call(page == MAP_FAILED ? -1 : mprotect(page, kPage, PROT_READ | PROT_EXEC), "executable");
}

Outcome map_file() {
  for (int fd = 0; fd < 16; ++fd) {
    if (mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED) return {true, "a file is mapped"};
  }
  return {false, "no file"};
}

Outcome lock_memory() {
  void* const page = anonymous_page(PROT_READ | PROT_WRITE);
  return of_call(syscall(SYS_mlock, page, kPage), "locked");
}

// The input is sealed: what is written here stays in this process. The service looks whether its copy has
// changed.
Outcome alter_input(const Surroundings& around) {
  if (around.input.empty()) return {false, "no input"};
  const auto address = reinterpret_cast<std::uintptr_t>(around.input.data()) & ~(kPage - 1);
  if (mprotect(reinterpret_cast<void*>(address), kPage, PROT_READ | PROT_WRITE) != 0) return of_call(-1, "");
  const_cast<char*>(around.input.data())[0] = '!';
  return {false, "only the own copy"};
}

// A mark that stands in memory only when a job has left it there: here it is kept bit by bit inverted.
constexpr std::size_t kMarkSize = 32;
constexpr unsigned char kInverted[kMarkSize + 1] =
    "\x8e\x93\xa4\xd1\x97\xc3\xb5\xe2\x9a\xf1\xd7\x88\xab\xcd\xef\x91"
    "\x83\x95\xa7\xb9\xcb\xdd\xef\xf1\x8f\x9d\xab\xb9\xc7\xd5\xe3\xf1";

// Freed, so that the next to ask would get the very same blocks; the last one stays, or the heap would
// shrink.
Outcome leave_mark() {
  std::vector<void*> blocks;
  for (std::size_t block = 0; block < 4096; ++block) {
    auto* const at = static_cast<unsigned char*>(std::malloc(kPage));
    if (at == nullptr) break;
    for (std::size_t i = 0; i < kPage; ++i) at[i] = static_cast<unsigned char>(~kInverted[i % kMarkSize]);
    asm volatile("" : : "r"(at) : "memory");  // the stores happen though nobody reads them
    blocks.push_back(at);
  }
  if (blocks.empty()) return {false, "no memory"};
  blocks.pop_back();
  for (void* const block : blocks) std::free(block);
  return {false, "left for the next act"};
}

bool holds_mark(const unsigned char* from, std::size_t size) {
  for (std::size_t at = 0; at + kMarkSize <= size; ++at) {
    std::size_t same = 0;
    while (same < kMarkSize && from[at + same] == static_cast<unsigned char>(~kInverted[same])) ++same;
    if (same == kMarkSize) return true;
  }
  return false;
}

// Fresh memory, never written here: whatever stands in it was somebody else's.
Outcome find_mark() {
  for (const std::size_t size : {kPage, 16 * kPage, 16 * kMegabyte}) {
    for (std::size_t block = 0; block < (size > kMegabyte ? 2U : 256U); ++block) {
      auto* at = static_cast<unsigned char*>(std::malloc(size));
      if (at == nullptr) break;
      asm volatile("" : "+r"(at) : : "memory");  // its content counts though nobody wrote it
      if (holds_mark(at, size)) return {true, "another job's data"};
    }
  }
  return {false, "nothing there"};
}

Outcome find_environment() {
  if (environ == nullptr || environ[0] == nullptr) return {false, "empty"};
  return {true, "there are variables"};
}

Outcome write_a_gigabyte(const std::string& octets) {
  for (std::size_t said = 0; said < std::size_t{1} << 30; said += octets.size()) {
    if (write(kAnswerPipe, octets.data(), octets.size()) < 0) _exit(0);
  }
  return {true, "1 GB"};
}

// Frames that are right, each by itself, and never come to an end.
Outcome say_too_much(const Surroundings& around) {
  std::string frames;
  clean::encode(clean::MailHeader{}, frames);
  for (std::uint32_t index = 0;; ++index) {
    clean::Part part;
    part.index = index;
    part.parent = index == 0 ? -1 : 0;
    part.role = clean::Role::attachment;
    part.span = {0, around.input.size()};
    part.name.assign(limits::kCleanName, 'a');
    clean::encode(part, frames);
    if (frames.size() < kMegabyte) continue;
    if (write(kAnswerPipe, frames.data(), frames.size()) < 0) _exit(0);
    if (index > 1u << 20) return {true, "1 GB"};
    frames.clear();
  }
}

Outcome say_garbage() { return write_a_gigabyte(std::string(kMegabyte, '\0')); }

constexpr Act kActs[] = {
#ifndef KIYOME_ASAN  // which needs terabytes of addresses
    {"take 4 GB of memory", Stop::memory, Twin::harmful,
     [](const Surroundings&) { return take_much_memory(); }},
    {"reserve a terabyte of addresses", Stop::refused, Twin::works,
     [](const Surroundings&) { return reserve_addresses(); }},
#endif
    {"overflow the stack", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       return Outcome{descend(0) != 0, "16 million calls deep"};
     }},
    {"compute forever", Stop::timeout, Twin::harmful, [](const Surroundings&) { return compute_forever(); }},
    {"map executable memory", Stop::killed, Twin::works,
     [](const Surroundings&) { return map_executable(); }},
    {"make memory executable", Stop::killed, Twin::works,
     [](const Surroundings&) { return make_executable(); }},
    {"map a file", Stop::killed, Twin::harmful, [](const Surroundings&) { return map_file(); }},
    {"lock memory", Stop::killed, Twin::works, [](const Surroundings&) { return lock_memory(); }},
    {"alter the original", Stop::either, Twin::harmful, &alter_input},
    {"leave a mark in memory", Stop::refused, Twin::harmful,
     [](const Surroundings&) { return leave_mark(); }},
    {"find another job's mark", Stop::refused, Twin::harmful,
     [](const Surroundings&) { return find_mark(); }},
    {"find environment variables", Stop::refused, Twin::works,
     [](const Surroundings&) { return find_environment(); }},
    {"answer without end", Stop::answer, Twin::harmful, &say_too_much},
    {"answer with garbage", Stop::answer, Twin::harmful, [](const Surroundings&) { return say_garbage(); }},
};

}  // namespace

std::span<const Act> memory_acts() { return kActs; }

}  // namespace kiyome::sanitizer::selftest
