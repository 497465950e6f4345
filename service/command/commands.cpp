#include "service/command/commands.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/command/store.h"
#include "service/compose/words.h"
#include "service/delivery/stream.h"
#include "service/document/mail_reading.h"
#include "service/gate/verify.h"
#include "service/policy/policy.h"
#include "service/supervisor/supervisor.h"
#include "service/workers/pool.h"
#include "service/workers/selftest.h"
#include "service/zone/certificate.h"

namespace kiyome::command {
namespace {

std::string admin_socket(const Config& config, const char* role) {
  return config.data_dir + "/run/" + role + ".admin.sock";
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? std::to_string(::getuid()) : entry->pw_name;
}

std::string request_json(const AskOptions& options) {
  return fmt::format(R"({{"command":{},"id":{},"reason":{},"part":{},"notice":{},"actor":{}}})",
                     log::json_string(options.command), log::json_string(options.id),
                     log::json_string(options.reason), log::json_string(options.part), options.notice,
                     log::json_string(user_name()));
}
std::string request_json(const std::string& command, const std::string& id) {
  AskOptions options;
  options.command = command;
  options.id = id;
  return request_json(options);
}

std::string whole_file(const std::string& path) {
  std::optional<std::string> octets = read_file(path);
  if (!octets) throw_errno(path);
  return std::move(*octets);
}

std::string shown(const Poco::JSON::Object::Ptr& object, const char* key) {
  return log::shown(object->optValue<std::string>(key, ""));
}

void print_row(const std::string& line) {
  Poco::JSON::Parser parser;
  const auto object = parser.parse(line).extract<Poco::JSON::Object::Ptr>();
  if (!object->has("state")) {
    std::puts(line.c_str());
    return;
  }
  std::string reasons;
  const auto array = object->getArray("reasons");
  for (std::size_t i = 0; array && i < array->size(); ++i)
    reasons += (reasons.empty() ? "" : ",") + array->getElement<std::string>(static_cast<unsigned>(i));
  if (object->has("name") && !object->has("recipient")) {  // of the watched folder
    std::puts(fmt::format("{:<36}  {:<9}  {}  {}  {} B  {}", shown(object, "id"), shown(object, "state"),
                          shown(object, "received_at"), shown(object, "name"),
                          object->optValue<std::int64_t>("bytes", 0), reasons)
                  .c_str());
    return;
  }
  std::puts(fmt::format("{}  {:<9}  {}  {} -> {}  {} B  {}", shown(object, "id"), shown(object, "state"),
                        shown(object, "received_at"), shown(object, "sender"), shown(object, "recipient"),
                        object->optValue<std::int64_t>("bytes", 0), reasons)
                .c_str());
}

bool complain(const std::string& error) {
  if (!error.empty()) std::fprintf(stderr, "kiyome: %s\n", error.c_str());
  return !error.empty();
}

// What a valid configuration of the quarantine review still leaves to think of.
void check_console(const Config& config) {
  const ConsoleConfig& console = config.console;
  if (console.http.listen.empty()) {
    if (!console.originals_to.empty() || config.gate_takes_originals)
      std::puts(
          "注意: 確認画面がないので原本は解放できません / originals cannot be released: there is no "
          "[console]");
    return;
  }
  const auto& asked = config.auth.second_factor;
  for (const char* role : {"reviewer", "auditor", "administrator"})
    if (std::find(asked.begin(), asked.end(), role) == asked.end())
      std::puts(
          fmt::format("注意: {0} に二要素認証を求めません / no second factor is asked of {0}", role).c_str());
  if (!console.originals_to.empty() && config.scan.clamd.empty())
    std::puts(
        "注意: scan.clamd がないので原本は解放できません / originals cannot be released: there is no "
        "scan.clamd");
  for (const HostPort& at : console.http.listen)
    if (config.tls_certificate.empty() && at.host != "127.0.0.1" && at.host != "::1" &&
        at.host != "localhost")
      std::puts(fmt::format("注意: {0} は TLS なしです / {0} is without TLS", at.text()).c_str());
}

// The closed side's of two hosts: items and decisions are on the other one.
bool is_gate_alone(const Config& config) {
  return !std::filesystem::exists(admin_socket(config, "cleaner")) &&
         std::filesystem::exists(admin_socket(config, "gate"));
}

// The gate has a queue, too: what it has still to deliver.
AskOptions of_this_host(const Config& config, const AskOptions& given) {
  AskOptions out = given;
  if (given.role != "cleaner" || !is_gate_alone(config)) return out;
  if (given.command != "queue.list")
    throw PermanentFailure(
        "インターネット側のホストで実行してください / this host runs the gate alone: ask on the Internet "
        "side's");
  out.role = "gate";
  out.command = "list";
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& each : lines) out += (out.empty() ? "" : "\n") + each;
  return out;
}

// Throws ConfigError for what can never work. `roles`: those that this host is to run; empty: not known.
zone::Inspection look_at_transfer(const Config& config, const std::set<std::string>& roles) {
  TransferConfig transfer = config.transfer;
  zone::read_files(transfer);
  zone::Inspection out = zone::inspect(transfer, config.path, unix_ms_now());
  if (!out.mistakes.empty()) throw ConfigError(joined(out.mistakes));
  if (transfer.mode == TransferMode::local) return out;
  if (roles.contains("cleaner") && roles.contains("gate"))
    throw ConfigError(
        config.path +
        ": transfer.mode: cleaner and gate are on two hosts in this mode: say which with --role");
  if ((roles.contains("cleaner") && out.side != zone::Side::internet) ||
      (roles.contains("gate") && out.side != zone::Side::closed))
    throw ConfigError(config.path +
                      ": transfer.certificate: is the other side's: the cleaner needs one of the "
                      "Internet side, the gate one of the closed side");
  return out;
}

// Mail that is in the database now would be delivered from the files a second time.
void expect_not_moved(const Config& config) {
  if (config.store.shared() || !std::filesystem::exists(moved_mark(config))) return;
  throw ConfigError(config.path + ": store.url: このデータは PostgreSQL へ移行済みです（" +
                    moved_mark(config) + "） / is \"sqlite\", but this data has moved to PostgreSQL");
}

int check_transfer(const Config& config) {
  const zone::Inspection transfer = look_at_transfer(config, {});
  for (const std::string& each : transfer.notes) std::puts(("注意: " + each).c_str());
  if (!transfer.ended.empty()) throw ConfigError(joined(transfer.ended));
  if (transfer.side)
    std::puts(*transfer.side == zone::Side::internet
                  ? "2 台構成: このホストはインターネット側です。 / Two hosts: this one is the Internet side."
                  : "2 台構成: このホストは閉域側です。 / Two hosts: this one is the closed side.");
  else
    std::puts(
        "注意: 1 台だけの構成は「通信経路の分割」になりません。 / One host alone is not a split of the "
        "paths.");
  return 0;
}

}  // namespace

int serve(const Config& config, const std::set<std::string>& roles) {
  compose::check_words(config);
  expect_not_moved(config);
  const zone::Inspection transfer = look_at_transfer(config, roles);
  log::start("supervisor", config.log_level);
  // No reason not to take mail in: it waits here.
  for (const std::string& each : transfer.ended) log::error("zone certificate", {{"why", each}});
  return supervisor::supervise(config, roles);
}

int check(const Config& config) {
  compose::check_words(config);
  expect_not_moved(config);
  for (const SmtpClientConfig* client : {&config.returns, &config.deliver})
    if (client->tls == TlsMode::required) delivery::TlsClient{*client};  // says when its CA cannot be used
  std::puts((config.path.empty() ? "built-in defaults: ok" : config.path + ": ok").c_str());
  for (const std::string& absent : absent_folders(config))
    std::puts(("注意: 今は使えないフォルダー / a folder that cannot be used now: " + absent).c_str());
  check_console(config);
  tell_store(config);
  return check_transfer(config);
}

int verify(const std::vector<std::string>& files) {
  int code = 0;
  for (const std::string& path : files) {
    const auto violation = gate::verify_file(whole_file(path));
    if (violation) code = 1;
    std::puts(violation ? fmt::format("{}: offset {}: {}", path, violation->offset, violation->reason).c_str()
                        : fmt::format("{}: ok", path).c_str());
  }
  return code;
}

int selftest() {
  struct Kind {
    const char *name, *where;  // "" = as every sanitizer but LibreOffice's
  };
  int code = 0;
  std::size_t stopped = 0, tried = 0;
  for (const Kind kind : {Kind{"selftest", ""}, Kind{"selftest-office", "office: "}}) {
    const std::string path = supervisor::find_programs().sanitizers + "/" + kind.name;
    Descriptor program(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!program) throw ConfigError("the selftest sanitizer is missing: " + path);
    for (const workers::ActResult& act : workers::run_selftest(kind.name, std::move(program))) {
      std::puts(fmt::format("{}  {}{}  {}", act.stopped ? "stopped  " : "SUCCEEDED", kind.where, act.name,
                            act.detail)
                    .c_str());
      ++tried;
      stopped += act.stopped ? 1 : 0;
      if (!act.stopped) code = 1;
    }
  }
  std::puts(fmt::format("{} of {} forbidden acts stopped", stopped, tried).c_str());
  return tried == 0 ? 1 : code;
}

int policy_explain(const Config& config, const std::string& from, const std::string& to,
                   const std::string& file) {
  const std::string octets = whole_file(file);
  const std::string path = supervisor::find_programs().sanitizers + "/mail";
  workers::Pool pool("mail", Descriptor(::open(path.c_str(), O_PATH | O_CLOEXEC)));
  const Descriptor input = workers::sealed_input(octets);
  if (!pool.wait_ready(10000)) throw TemporaryFailure("no sanitizer could be started: see `kiyome selftest`");
  const workers::JobResult result =
      pool.run(input.get(), octets.size(), {}, document::mail_bounds(config.cleaner, octets.size()));
  if (!result.answer) throw TemporaryFailure("the sanitizer gave no answer about " + file);
  std::fputs(policy::explain(config, from, to, octets.size(), *result.answer).c_str(), stdout);
  return 0;
}

int ask(const Config& config, const AskOptions& given) {
  bool intact = true;
  const AskOptions options = of_this_host(config, given);
  const std::string error = ask_admin(
      admin_socket(config, options.role.c_str()), request_json(options), [&](const std::string& line) {
        if (options.command == "audit.list" && line.find("\"intact\":false") < line.find("\"event\":"))
          intact = false;
        if (!options.state.empty() && line.find("\"state\":\"" + options.state + "\"") == std::string::npos)
          return;
        if (options.json)
          std::puts(line.c_str());
        else
          print_row(line);
      });
  return complain(error) || !intact ? 1 : 0;
}

int retry(const Config& config, const std::string& id) {
  const auto quiet = [](const std::string&) {};
  const std::string gate = admin_socket(config, "gate");
  if (is_gate_alone(config)) return complain(ask_admin(gate, request_json("retry", id), quiet)) ? 1 : 0;
  const bool cleaner = complain(ask_admin(admin_socket(config, "cleaner"), request_json("retry", id), quiet));
  // On the Internet side of two hosts there is no gate to ask.
  if (std::filesystem::exists(gate)) complain(ask_admin(gate, request_json("retry", id), quiet));
  return cleaner ? 1 : 0;
}

int unlock(const Config& config, const AskOptions& ask, const UnlockOptions& options) {
  std::vector<std::string> passwords = options.passwords;
  if (options.from_stdin) {
    std::string line;
    while (passwords.size() <= limits::kUnlockPasswords && std::getline(std::cin, line)) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) passwords.push_back(line);
    }
  }
  if (passwords.empty()) throw ConfigError("no password was given: --password or --password-stdin");
  std::string request = request_json("unlock", ask.id);
  request.back() = ',';
  request += "\"passwords\":[";
  for (const std::string& each : passwords)
    request.append(&each == &passwords.front() ? "" : ",").append(log::json_string(each));
  request += "]}";
  std::string answer;
  if (complain(ask_admin(admin_socket(config, "cleaner"), request,
                         [&](const std::string& line) { answer = line; })))
    return 1;
  Poco::JSON::Parser parser;
  const auto recipients =
      parser.parse(answer).extract<Poco::JSON::Object::Ptr>()->optValue<int>("recipients", 0);
  if (ask.json)
    std::puts(answer.c_str());
  else if (recipients > 0)
    std::puts(
        fmt::format("開いたファイルを {} 人に送ります。 / opened; on its way to {}.", recipients, recipients)
            .c_str());
  if (recipients > 0) return 0;
  std::fputs("kiyome: どのパスワードでも開けませんでした。 / no password fits.\n", stderr);
  return 1;
}

int quarantine_export(const Config& config, const std::string& id, const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream out(std::filesystem::path(folder) / (id + ".jsonl"), std::ios::binary);
  const std::string error = ask_admin(admin_socket(config, "cleaner"), request_json("show", id),
                                      [&](const std::string& line) { out << line << '\n'; });
  out.flush();
  if (!out) throw_errno(folder);
  return complain(error) ? 1 : 0;
}

}  // namespace kiyome::command
