#include "service/command/sanitize.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "proto/clean/codec.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/sockets.h"
#include "service/command/sanitize_file.h"
#include "service/document/sanitizers.h"
#include "service/supervisor/supervisor.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;
Config with_mode(Config config, const std::string& mode) {
  if (mode == "text") config.policy.attachments = Action::text;
  if (mode == "flatten") config.policy.attachments = Action::flatten;
  if (!mode.empty()) {
    config.policy.rules.clear();
    config.tenants.clear();
  }
  return config;
}

Config with_compact(Config config, bool compact) {
  config.documents.compact |= compact;
  return config;
}

// "3-10", "3-", "-10", "3".
Config with_pages(Config config, const std::string& pages) {
  if (pages.empty()) return config;
  const auto number = [&](std::string_view digits, std::uint32_t otherwise) {
    std::uint32_t out = otherwise;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (!digits.empty() && (error != std::errc() || end != digits.data() + digits.size() || out == 0 ||
                            out > limits::kDocumentPages))
      throw ConfigError("--pages: must be like 1-20, 5, 5- or -20");
    return out;
  };
  const std::string_view all = pages;
  const std::size_t dash = all.find('-');
  const std::uint32_t first = number(all.substr(0, dash), 1);
  const std::uint32_t last =
      dash == std::string::npos
          ? first
          : number(all.substr(dash + 1), static_cast<std::uint32_t>(limits::kDocumentPages));
  if (all == "-" || last < first) throw ConfigError("--pages: must be like 1-20, 5, 5- or -20");
  config.documents.first_page = first;
  config.documents.pages_max = std::min(config.documents.pages_max, last - first + 1);
  return config;
}

Descriptor open_sanitizer(document::Kind kind) {
  const std::string path = supervisor::find_programs().sanitizers + "/" + document::name_of(kind);
  Descriptor program(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!program) throw ConfigError("a sanitizer is missing: " + path);
  return program;
}

// What a person at a terminal sees while many files are worked on. Nothing when there is none.
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t total)
      : total_(total), shown_(::isatty(STDERR_FILENO) != 0 && total > 1) {}
  void clear() const {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  void show(std::size_t done) const {
    constexpr std::size_t kColumns = 30;
    if (!shown_ || done == total_) return;
    const std::size_t full = kColumns * done / total_;
    std::fprintf(stderr, "\r[%s%s] %zu/%zu", std::string(full, '#').c_str(),
                 std::string(kColumns - full, '.').c_str(), done, total_);
    std::fflush(stderr);
  }

 private:
  const std::size_t total_;
  const bool shown_;
};

class Sanitizing {
 public:
  Sanitizing(const SanitizeOptions& options, Config config)
      : options_(options),
        config_(with_compact(with_pages(with_mode(std::move(config), options.mode), options.pages),
                             options.compact)),
        sanitizers_(open_sanitizer),
        files_(sanitizers_, config_, passwords(), options.out) {}

  int run();

 private:
  std::vector<std::string> passwords() const {
    for (const std::string& each : options_.passwords)
      if (each.empty() || each.size() > limits::kJobPassword || !clean::is_clean_line(each))
        throw ConfigError("--password: must be one line of 1 to 128 octets in UTF-8");
    return options_.passwords;
  }
  void refuse_clashes() const;

  const SanitizeOptions& options_;
  Config config_;
  document::Sanitizers sanitizers_;
  FileSanitizer files_;
};

void Sanitizing::refuse_clashes() const {
  std::map<std::string, std::string> names;
  for (const std::string& path : options_.files) {
    const auto [it, fresh] = names.emplace(fs::path(path).filename().string(), path);
    if (!fresh) throw ConfigError(it->second + " and " + path + " would give one output name");
  }
}

int Sanitizing::run() {
  refuse_clashes();
  raise_descriptor_limit();
  fs::create_directories(options_.out);
  std::FILE* report = options_.report.empty() ? nullptr : std::fopen(options_.report.c_str(), "we");
  if (!options_.report.empty() && report == nullptr) throw_errno(options_.report);
  if (!sanitizers_.get(document::Kind::mail).wait_ready(limits::kZygoteStartMs))
    throw TemporaryFailure("no sanitizer could be started: see `kiyome selftest`");

  struct Shared {
    std::map<std::size_t, Outcome> finished;  // waiting for their turn in the report
    std::size_t told = 0;
    bool held = false;
  };
  Guarded<Shared> shared;
  const ProgressBar bar(options_.files.size());
  std::atomic<std::size_t> next{0};
  Guarded<std::string> trouble;
  const auto tell_in_order = [&](Shared& state) {
    for (auto it = state.finished.find(state.told); it != state.finished.end();
         it = state.finished.find(++state.told)) {
      bar.clear();
      std::puts(it->second.told.c_str());
      if (report != nullptr) std::fprintf(report, "%s\n", it->second.line.c_str());
      state.held = state.held || it->second.held;
      state.finished.erase(it);
    }
    bar.show(state.told);
  };
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < options_.files.size(); i = next++) {
        Outcome outcome = files_.sanitize(options_.files[i]);
        shared.with([&](Shared& state) {
          state.finished.emplace(i, std::move(outcome));
          tell_in_order(state);
        });
      }
    } catch (const std::exception& failure) {
      trouble.with([&](std::string& text) { text = failure.what(); });
      next = options_.files.size();
    }
  };
  std::vector<std::thread> threads;
  const unsigned count =
      options_.jobs > 0 ? options_.jobs : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (report != nullptr && std::fclose(report) != 0) throw_errno(options_.report);
  const std::string why = trouble.with([](std::string& text) { return text; });
  if (!why.empty()) throw TemporaryFailure(why);
  return shared.with([](Shared& state) { return state.held ? 1 : 0; });
}

}  // namespace

int sanitize(const SanitizeOptions& options, Config config) {
  return Sanitizing(options, std::move(config)).run();
}

}  // namespace kiyome::command
