#include "service/workers/selftest.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <string_view>

#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/workers/pool.h"

namespace kiyome::workers {
namespace {

// Small, so that the acts against the limits are over soon.
constexpr Bounds kBounds{.wall_ms = 20000, .cpu_seconds = 1, .memory_bytes = 256u << 20};
constexpr std::uint32_t kReadyMs = 20000;
constexpr std::size_t kActsLeast = 25;  // fewer would be another program

struct Foretold {
  std::string stop;  // killed, refused, either, timeout, memory, answer
  std::string name;
};

std::vector<Foretold> read_list(std::string_view text) {
  std::vector<Foretold> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos)
      out.push_back({std::string(line.substr(0, space)), std::string(line.substr(space + 1))});
  }
  return out;
}

std::string signal_name(int number) {
  const char* const name = sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name : std::to_string(number);
}

bool killed_in_the_act(const JobResult& result) {
  return result.failure == clean::Finding::kSanitizerCrashed &&
         (result.signal == SIGSYS || result.signal == SIGSEGV || result.signal == SIGBUS ||
          result.signal == SIGXFSZ);
}

// What became of the act, and whether that is what `stop` foretold.
ActResult judge(const Foretold& act, const JobResult& result) {
  ActResult out{act.name, false, "ended in an unforeseen way"};
  if (result.unavailable) {
    out.detail = "no sanitizer";
  } else if (result.answer) {
    out.detail = result.answer->body.text;
    out.stopped = out.detail.starts_with("refused: ") && (act.stop == "refused" || act.stop == "either");
  } else if (killed_in_the_act(result)) {
    out.detail = "killed by " + signal_name(result.signal);
    out.stopped = act.stop == "killed" || act.stop == "either";
  } else if (result.failure == clean::Finding::kSanitizerTimeout) {
    out.detail = "out of time";
    out.stopped = act.stop == "timeout";
  } else if (result.failure == clean::Finding::kSanitizerMemory) {
    out.detail = "out of memory";
    out.stopped = act.stop == "memory";
  } else if (result.failure == clean::Finding::kSanitizerAnswer && result.exit_code == 0) {
    out.detail = "the answer was refused";
    out.stopped = act.stop == "answer";
  } else if (result.failure) {
    out.detail += ": exit " + std::to_string(result.exit_code) + ", signal " + std::to_string(result.signal);
  }
  return out;
}

// The one act whose success could not be told from inside.
bool unchanged(int input, std::string_view octets) { return read_whole(input) == octets; }

}  // namespace

std::vector<ActResult> run_selftest(const std::string& kind, Descriptor program) {
  Pool pool(kind, std::move(program));
  if (!pool.wait_ready(kReadyMs)) throw TemporaryFailure(kind + ": the sanitizer cannot be started");
  const auto run = [&pool](const Descriptor& input, std::string_view octets) {
    return pool.run(input.get(), octets.size(), {}, kBounds);
  };
  const JobResult told = run(sealed_input("list"), "list");
  const std::vector<Foretold> acts = read_list(told.answer ? told.answer->body.text : std::string());
  if (acts.size() < kActsLeast) throw TemporaryFailure(kind + ": the sanitizer does not tell its acts");

  std::vector<ActResult> out;
  for (std::size_t number = 0; number < acts.size(); ++number) {
    const std::string octets = std::to_string(number);
    const Descriptor input = sealed_input(octets);
    out.push_back(judge(acts[number], run(input, octets)));
    if (!unchanged(input.get(), octets)) {
      out.back().stopped = false;
      out.back().detail = "the original was altered";
    }
  }
  return out;
}

}  // namespace kiyome::workers
