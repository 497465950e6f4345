#include "service/command/sanitize.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/cleaner/clean_item.h"
#include "service/cleaner/report.h"
#include "service/gate/verify.h"
#include "service/supervisor/supervisor.h"
#include "service/workers/pool.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;
using clean::Finding;

struct Outcome {
  std::string line;  // of the report
  std::string told;  // to a person
  bool held = false;
};

double milliseconds_since(Steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
}

Config with_mode(Config config, const std::string& mode) {
  if (mode == "text") config.policy.attachments = Action::text;
  if (mode == "flatten") config.policy.attachments = Action::flatten;
  if (!mode.empty()) config.policy.rules.clear();
  return config;
}

std::string read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno(path);
  return read_whole(file.get());
}

// Whole or not at all: a reader never sees half a file, and an old file of that name is replaced.
void write_file(const fs::path& path, std::string_view octets) {
  const std::string fresh = path.string() + ".part";
  Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file || !write_all(file.get(), octets, Steady::now()) || ::fsync(file.get()) != 0 ||
      ::rename(fresh.c_str(), path.c_str()) != 0)
    throw_errno(path.string());
}

class Sanitizing {
 public:
  Sanitizing(const SanitizeOptions& options, Config config)
      : options_(options),
        config_(with_mode(std::move(config), options.mode)),
        pool_("mail", open_sanitizer()) {}

  int run();

 private:
  static Descriptor open_sanitizer() {
    const std::string path = supervisor::find_programs().sanitizers + "/mail";
    Descriptor program(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!program) throw ConfigError("the mail sanitizer is missing: " + path);
    return program;
  }

  void refuse_clashes() const;
  Outcome one(const std::string& path);
  Outcome finish(const std::string& path, const std::string& octets, const workers::JobResult& result,
                 Steady::time_point began);
  Outcome held(const std::string& path, const std::string& octets, const std::string& type,
               const std::vector<Finding>& reasons, const std::string& parts,
               const workers::JobResult& result, Steady::time_point began) const;

  const SanitizeOptions& options_;
  Config config_;
  workers::Pool pool_;
};

// A name that says it is a mail is believed (a mail may look like anything); else the content decides.
bool is_mail_name(const std::string& path) { return path.ends_with(".eml") || path.ends_with(".EML"); }

// What the sanitizer says of a file that is no mail.
bool is_one_file(const clean::MailAnswer& answer) {
  return answer.header == clean::MailHeader{} && answer.parts.size() == 1 &&
         answer.parts[0].role == clean::Role::attachment && answer.parts[0].declared_type.empty();
}

store::Envelope envelope_of(const clean::MailAnswer& answer, std::int64_t received_ms) {
  store::Envelope envelope;
  envelope.id = new_item_id();
  envelope.received_ms = received_ms;
  envelope.client_address = "127.0.0.1";
  envelope.client_helo = "localhost";
  envelope.protocol = "ESMTP";
  if (!answer.header.from.empty()) envelope.sender = answer.header.from.front().address;
  for (const clean::Address& each : answer.header.to)
    if (envelope.recipients.empty() && !each.address.empty())
      envelope.recipients.push_back({0, each.address, 0, {}});
  if (envelope.recipients.empty()) envelope.recipients.push_back({});
  return envelope;
}

Outcome Sanitizing::held(const std::string& path, const std::string& octets, const std::string& type,
                         const std::vector<Finding>& reasons, const std::string& parts,
                         const workers::JobResult& result, Steady::time_point began) const {
  Outcome out;
  out.held = true;
  out.line = fmt::format(
      R"({{"input":{},"sha256":"{}","type":{},"verdict":"held","reasons":{},"outputs":[],"parts":{},"ms":{{"total":{:.2f},"parse":{:.2f},"render":0,"compose":0}}}})",
      log::json_string(path), cleaner::hex(sha256(octets)), log::json_string(type),
      cleaner::reasons_json(reasons), parts, milliseconds_since(began), result.milliseconds);
  out.told = path + ": held";
  for (const Finding reason : reasons) out.told.append(" ").append(clean::slug(reason));
  return out;
}

Outcome Sanitizing::finish(const std::string& path, const std::string& octets,
                           const workers::JobResult& result, Steady::time_point began) {
  if (!result.answer)
    return held(path, octets, "application/octet-stream",
                {result.failure.value_or(Finding::kSanitizerCrashed)}, "[]", result, began);
  const clean::MailAnswer& answer = *result.answer;
  if (answer.refusal)
    return held(path, octets, "message/rfc822", {answer.refusal->finding}, "[]", result, began);
  const auto composing = Steady::now();
  const store::Envelope envelope = envelope_of(answer, unix_ms_now());
  cleaner::Request request;
  request.envelope = &envelope;
  request.bytes = octets.size();
  request.answer = &answer;
  const cleaner::Group group = cleaner::clean_item(request, config_).front();
  const bool is_mail = is_mail_name(path) || !is_one_file(answer);
  const std::string type = is_mail ? "message/rfc822" : answer.parts.front().detected_type;
  const std::string parts = cleaner::parts_json(answer, group);
  std::vector<Finding> holds = cleaner::item_holds(answer);
  if (!is_mail) holds = {Finding::kUnsupportedType};
  if (!holds.empty() || group.verdict != Verdict::clean)
    return held(path, octets, type, holds.empty() ? group.reasons : holds, parts, result, began);
  if (const auto violation = gate::verify_mail(group.mail.octets)) {
    log::error("own output refused",
               {{"offset", std::int64_t(violation->offset)}, {"why", violation->reason}});
    return held(path, octets, type, {Finding::kVerifyRefused}, parts, result, began);
  }
  const fs::path target = fs::path(options_.out) / (fs::path(path).filename().string() + ".eml");
  write_file(target, group.mail.octets);
  Outcome out;
  out.line = fmt::format(
      R"({{"input":{},"sha256":"{}","type":"message/rfc822","verdict":"clean","reasons":{},"outputs":[{{"path":{},"sha256":"{}","bytes":{},"type":"message/rfc822","pages":0}}],"parts":{},"ms":{{"total":{:.2f},"parse":{:.2f},"render":0,"compose":{:.2f}}}}})",
      log::json_string(path), cleaner::hex(sha256(octets)), cleaner::reasons_json(group.reasons),
      log::json_string(target.string()), cleaner::hex(sha256(group.mail.octets)), group.mail.octets.size(),
      parts, milliseconds_since(began), result.milliseconds, milliseconds_since(composing));
  out.told = path + ": clean " + target.string();
  return out;
}

Outcome Sanitizing::one(const std::string& path) {
  const auto began = Steady::now();
  const std::string octets = read_file(path);
  workers::Bounds bounds;
  bounds.wall_ms = config_.cleaner.mail_seconds * 1000;
  bounds.cpu_seconds = limits::kMailJobCpuSeconds;
  bounds.memory_bytes = limits::kMailJobMemory + 2 * octets.size();
  clean::JobOptions job;
  job.part_texts = config_.policy.attachments == Action::text;
  job.any_file = !is_mail_name(path);
  const Descriptor input = workers::sealed_input(octets);
  workers::JobResult result;
  for (unsigned attempt = 0; attempt < limits::kJobAttempts; ++attempt) {
    result = pool_.run(input.get(), octets.size(), job, bounds);
    if (result.answer || !workers::worth_another_try(result)) break;
  }
  if (result.unavailable) throw TemporaryFailure("no sanitizer could be started: see `kiyome selftest`");
  return finish(path, octets, result, began);
}

void Sanitizing::refuse_clashes() const {
  std::map<std::string, std::string> names;
  for (const std::string& path : options_.files) {
    const auto [it, fresh] = names.emplace(fs::path(path).filename().string(), path);
    if (!fresh) throw ConfigError(it->second + " and " + path + " would give one output name");
  }
}

int Sanitizing::run() {
  refuse_clashes();
  fs::create_directories(options_.out);
  std::FILE* report = options_.report.empty() ? nullptr : std::fopen(options_.report.c_str(), "we");
  if (!options_.report.empty() && report == nullptr) throw_errno(options_.report);
  if (!pool_.wait_ready(10000))
    throw TemporaryFailure("no sanitizer could be started: see `kiyome selftest`");

  struct Shared {
    std::map<std::size_t, Outcome> finished;  // waiting for their turn in the report
    std::size_t told = 0;
    bool held = false;
  };
  Guarded<Shared> shared;
  std::atomic<std::size_t> next{0};
  Guarded<std::string> trouble;
  const auto tell_in_order = [&](Shared& state) {
    for (auto it = state.finished.find(state.told); it != state.finished.end();
         it = state.finished.find(++state.told)) {
      std::puts(it->second.told.c_str());
      if (report != nullptr) std::fprintf(report, "%s\n", it->second.line.c_str());
      state.held = state.held || it->second.held;
      state.finished.erase(it);
    }
  };
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < options_.files.size(); i = next++) {
        Outcome outcome = one(options_.files[i]);
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
  const unsigned count = std::max(1U, std::thread::hardware_concurrency());
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
