#include "service/command/audit.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/trail/export.h"

namespace kiyome::command {
namespace {

constexpr const char* kRoles[] = {"cleaner", "edge", "gate", "console"};
// What one request to a role's socket carries of what others keep: the newest, and of those before them one
// of so many that they fit. The newest of all vouches for every entry before it.
constexpr std::size_t kNewestSaid = 1000, kOlderSaid = 800;

std::string socket_of(const Config& config, const std::string& role) {
  return config.data_dir + "/run/" + role + ".admin.sock";
}

std::vector<std::string> roles_here(const Config& config, const AuditOptions& options) {
  if (!options.role.empty()) return {options.role};
  std::vector<std::string> out;
  for (const char* role : kRoles)
    if (std::filesystem::exists(socket_of(config, role))) out.emplace_back(role);
  if (out.empty())
    throw TemporaryFailure("サービスが動いていません / the service does not run: " + socket_of(config, "*"));
  return out;
}

std::int64_t since_of(const AuditOptions& options) {
  if (options.since.empty()) return 0;
  const std::optional<std::int64_t> since = unix_ms_of(options.since);
  if (!since) throw ConfigError("--since: 2026-11-21 または / or 2026-11-21T12:34:56+09:00");
  return *since;
}

void must(const std::string& role, const std::string& error) {
  if (!error.empty()) throw TemporaryFailure(role + ": " + error);
}

void add(std::vector<audit::Checkpoint>& out, const std::string& line, const std::string& where) {
  const auto one = audit::checkpoint_of_json(line);
  if (!one) throw ConfigError(where + ": 確認点ではありません / not a checkpoint: " + line.substr(0, 100));
  out.push_back(*one);
}

// Those that stand with somebody else than the trail's owner.
std::vector<audit::Checkpoint> kept_elsewhere(const Config& config, const AuditOptions& options) {
  std::vector<audit::Checkpoint> out;
  for (const std::string& path : options.checkpoints) {
    std::ifstream in(path);
    if (!in) throw ConfigError(path + ": 読めません / cannot be read");
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) add(out, line, path);
  }
  for (const char* role : kRoles) {
    if (!std::filesystem::exists(socket_of(config, role))) continue;
    const std::string own = fmt::format(R"("trail":"{}")", role);
    const std::string error = ask_admin(socket_of(config, role), R"({"command":"audit.checkpoints"})",
                                        [&](const std::string& line) {
                                          if (line.find(own) == std::string::npos) add(out, line, role);
                                        });
    must(role, error);
  }
  return out;
}

std::vector<audit::Checkpoint> said_to(audit::Trail trail, const std::vector<audit::Checkpoint>& all) {
  std::vector<audit::Checkpoint> of, out;
  for (const audit::Checkpoint& each : all)
    if (each.trail == trail) of.push_back(each);
  std::sort(of.begin(), of.end(), [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  const std::size_t older = of.size() > kNewestSaid ? of.size() - kNewestSaid : 0;
  const std::size_t step = older / kOlderSaid + 1;
  for (std::size_t i = 0; i < of.size(); i += i < older ? std::min(step, older - i) : 1) out.push_back(of[i]);
  return out;
}

std::string request_of(const std::string& role, const std::vector<audit::Checkpoint>& elsewhere) {
  std::string out = R"({"command":"audit.verify","elsewhere":[)";
  bool first = true;
  for (const audit::Checkpoint& each : said_to(*audit::trail_of(role), elsewhere)) {
    out += (first ? "" : ",") + audit::checkpoint_json(each);
    first = false;
  }
  return out + "]}";
}

struct Told {
  std::vector<std::string> lines;  // finding_json()
  bool intact = true;
  std::uint64_t entries = 0;
};

void tell(const std::string& line, bool json, Told& told) {
  const auto one = Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
  const bool intact = one->optValue("intact", false);
  told.intact = told.intact && intact;
  told.entries += one->optValue<std::uint64_t>("entries", 0);
  told.lines.push_back(line);
  if (json) return;
  const std::string trail = one->optValue<std::string>("trail", "");
  const auto number = [&](const char* name) { return one->optValue<std::uint64_t>(name, 0); };
  if (intact)
    std::puts(
        fmt::format(
            "{:<8} 改ざんなし / intact: {} 件 / entries, 確認点 / checkpoints {} (他領域 / other zone {})",
            trail, number("entries"), number("checkpoints"), number("witnessed"))
            .c_str());
  else
    std::puts(fmt::format("{:<8} 異常 / NOT INTACT: 最初の異常 / first bad entry {}: {}", trail,
                          number("first_bad"), one->optValue<std::string>("fault", ""))
                  .c_str());
}

}  // namespace

int audit_verify(const Config& config, const AuditOptions& options) {
  const std::vector<audit::Checkpoint> elsewhere = kept_elsewhere(config, options);
  Told told;
  for (const std::string& path : options.files) {
    std::vector<trail::Examined> found;
    if (trail::is_database(path)) {
      found = trail::examine_database(path, elsewhere);
    } else {
      std::ifstream in(path);
      if (!in) throw ConfigError(path + ": 読めません / cannot be read");
      found = trail::examine_export(in, elsewhere);
    }
    for (const trail::Examined& each : found) tell(trail::finding_json(each), options.json, told);
  }
  if (options.files.empty())
    for (const std::string& role : roles_here(config, options))
      must(role, ask_admin(socket_of(config, role), request_of(role, elsewhere),
                           [&](const std::string& line) { tell(line, options.json, told); }));
  if (options.json) {
    std::string all;
    for (const std::string& line : told.lines) all += (all.empty() ? "" : ",") + line;
    std::puts(
        fmt::format(R"({{"entries":{},"intact":{},"trails":[{}]}})", told.entries, told.intact, all).c_str());
  }
  return told.intact ? 0 : 1;
}

int audit_export(const Config& config, const AuditOptions& options) {
  const std::string request = fmt::format(R"({{"command":"audit.export","since":{}}})", since_of(options));
  for (const std::string& role : roles_here(config, options))
    must(role, ask_admin(socket_of(config, role), request,
                         [](const std::string& line) { std::puts(line.c_str()); }));
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw TemporaryFailure("書き出せません / cannot write");
  return 0;
}

int audit_checkpoints(const Config& config, const AuditOptions& options) {
  for (const std::string& role : roles_here(config, options))
    must(role,
         ask_admin(socket_of(config, role), R"({"command":"audit.checkpoints"})",
                   [&](const std::string& line) {
                     if (options.json) {
                       std::puts(line.c_str());
                       return;
                     }
                     const auto one = Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
                     const auto text = [&](const char* name) { return one->optValue<std::string>(name, ""); };
                     std::puts(fmt::format("{:<8} {:<8} {:<5} {:>10}  {}  {}", text("owner"), text("trail"),
                                           text("kind"), one->optValue<std::uint64_t>("sequence", 0),
                                           text("at"), text("head"))
                                   .c_str());
                   }));
  return 0;
}

int audit_checkpoint(const Config& config, const AuditOptions& options) {
  for (const std::string& role : roles_here(config, options))
    must(role, ask_admin(socket_of(config, role), R"({"command":"audit.checkpoint"})",
                         [](const std::string& line) { std::puts(line.c_str()); }));
  return 0;
}

}  // namespace kiyome::command
