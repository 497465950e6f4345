// A conquered sanitizer: the first word of its input says how it misbehaves.
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "proto/clean/codec.h"
#include "sanitizers/host/confine.h"
#include "sanitizers/host/serve.h"

namespace {

using namespace kiyome;
using sanitizer::Answer;

void say_parts(std::size_t input_size, Answer& answer) {
  answer.put(clean::MailHeader{});
  clean::Part whole;
  whole.role = clean::Role::body;
  whole.span = {0, input_size};
  answer.put(whole);
}
void say_parts(std::string_view input, Answer& answer) { say_parts(input.size(), answer); }

void say_all(std::string_view text, Answer& answer, std::size_t input_size) {
  say_parts(input_size, answer);
  answer.put(clean::BodyText{std::string(text), {}});
  answer.put(clean::End{});
  answer.flush();
}
void say_all(std::string_view input, Answer& answer) { say_all(input, answer, input.size()); }

void say_octets(std::string_view octets) {
  if (write(sanitizer::kAnswerPipe, octets.data(), octets.size()) < 0) _exit(0);
}

[[noreturn]] void crash() {
  volatile std::uintptr_t nowhere = 8;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
  _exit(0);
}

[[noreturn]] void hang() {
  volatile unsigned turns = 0;
  for (;;) turns = turns + 1;  // no call that sleeps is allowed
}

void burn_memory() {
  std::vector<std::string> taken;
  for (;;) taken.emplace_back(1u << 20, 'x');
}

const char* heap_begin = nullptr;

void look_where_the_heap_is() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.ends_with("[heap]")) heap_begin = reinterpret_cast<const char*>(std::stoull(line, nullptr, 16));
}

// Whether the mark stands anywhere in the heap or on the stack.
bool lies_about(std::string_view mark) {
  const auto holds = [&](const char* from, const char* end) {
    return std::string_view(from, static_cast<std::size_t>(end - from)).find(mark) != std::string_view::npos;
  };
  return holds(heap_begin, static_cast<const char*>(sbrk(0))) ||
         holds(static_cast<const char*>(__builtin_frame_address(0)), reinterpret_cast<const char*>(environ));
}

void run(std::string_view input, const clean::JobOptions& options, Answer& answer) {
  const std::string_view word = input.substr(0, input.find(' '));
  if (word == "good") return say_all(input, answer);
  if (word == "texts") {
    say_all(options.part_texts ? "with texts" : "without", answer);
  } else if (word == "garbage") {
    say_octets(std::string(100, 'x'));
  } else if (word == "half") {
    say_parts(input, answer);
    answer.flush();
    say_octets("\x10");
  } else if (word == "silent") {
    return;
  } else if (word == "no-end") {
    say_parts(input, answer);
    answer.put(clean::BodyText{});
  } else if (word == "hang") {
    hang();
  } else if (word == "crash") {
    crash();
  } else if (word == "crash-after-end") {
    say_all(input, answer);
    crash();
  } else if (word == "hang-after-end") {
    say_all(input, answer);
    hang();
  } else if (word == "afterword") {
    say_all(input, answer);
    answer.put(clean::Afterword{});
  } else if (word == "half-afterword") {
    say_all(input, answer);
    say_octets("\x03");
    crash();
  } else if (word == "more-after-end") {
    say_all(input, answer);
    answer.put(clean::BodyText{});
  } else if (word == "refusal") {
    answer.put(clean::Refusal{clean::Finding::kLimitDepth});
    answer.put(clean::End{});
  } else if (word == "wrong-size") {
    say_all(input.substr(1), answer);
  } else if (word == "memory") {
    burn_memory();
  } else if (word == "exception") {
    throw std::runtime_error("a bug");
  } else if (word == "find") {  // a mark that only this job's input tells, and that lies elsewhere
    say_all(lies_about(input.substr(word.size() + 1)) ? "found" : "none", answer, input.size());
  } else if (word == "find-own") {
    say_all(lies_about(options.name) ? "found" : "none", answer, input.size());
  } else if (word == "exit") {
    _exit(std::stoi(std::string(input.substr(word.size() + 1))));
  } else if (word == "long") {
    const std::string text(4u << 20, 'x');
    say_parts(input, answer);
    answer.put(clean::BodyText{text, {}});
    answer.put(clean::End{});
  } else {
    answer.put(clean::Refusal{clean::Finding::kSanitizerAnswer});
  }
}

}  // namespace

int main() { return sanitizer::serve({"hostile", look_where_the_heap_is, run}); }
