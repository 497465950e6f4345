#include "service/command/resend.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <set>

#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::command {
namespace {

Poco::JSON::Object::Ptr object_of(const std::string& line) {
  Poco::JSON::Parser parser;
  return parser.parse(line).extract<Poco::JSON::Object::Ptr>();
}

class Cleaner {
 public:
  explicit Cleaner(const Config& config) : socket_(config.data_dir + "/run/cleaner.admin.sock") {}

  // Throws TemporaryFailure with what it says.
  void ask(const std::string& command, const std::string& id,
           const std::function<void(const std::string&)>& line) const {
    const passwd* user = ::getpwuid(::getuid());
    const std::string error = ask_admin(
        socket_,
        fmt::format(R"({{"command":{},"id":{},"reason":"resend","actor":{}}})", log::json_string(command),
                    log::json_string(id), log::json_string(user == nullptr ? "operator" : user->pw_name)),
        line);
    if (!error.empty()) throw TemporaryFailure(error);
  }
  int recipients(const std::string& command, const std::string& id) const {
    int out = 0;
    ask(command, id,
        [&](const std::string& line) { out += object_of(line)->optValue<int>("recipients", 0); });
    return out;
  }

 private:
  std::string socket_;
};

std::set<std::string> on_their_way(const Cleaner& cleaner, std::int64_t since_ms) {
  std::set<std::string> out;
  cleaner.ask("queue.list", "", [&](const std::string& line) {
    const auto row = object_of(line);
    const auto received = unix_ms_of(row->optValue<std::string>("received_at", ""));
    if (row->optValue<std::string>("state", "") == "sending" && received && *received >= since_ms)
      out.insert(row->optValue<std::string>("id", ""));
  });
  return out;
}

}  // namespace

int resend(const Config& config, const ResendOptions& options) {
  if (options.id.empty() == options.since.empty())
    throw ConfigError("queue resend: an ID or --since, not both");
  const Cleaner cleaner(config);
  std::set<std::string> items{options.id};
  if (!options.since.empty()) {
    const auto since = unix_ms_of(options.since);
    if (!since) throw ConfigError("--since: 2026-11-21 or 2026-11-21T12:34:56+09:00");
    items = on_their_way(cleaner, *since);
  }
  int code = 0;
  std::size_t sent = 0;
  for (const std::string& id : items) {
    try {
      if (cleaner.recipients("lost", id) == 0) continue;  // it is still to be sent, or done
      cleaner.recipients("release", id);
      ++sent;
    } catch (const TemporaryFailure& trouble) {  // it is held then, and stands in the list
      std::fputs(fmt::format("kiyome: {}: {}\n", id, trouble.what()).c_str(), stderr);
      code = 1;
    }
  }
  std::puts(fmt::format("もう一度送ります: {0} 件 / sent once more: {0}", sent).c_str());
  return code;
}

}  // namespace kiyome::command
