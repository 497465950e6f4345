#include "service/command/user.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "proto/base/limits.h"
#include "service/auth/account_list.h"
#include "service/base/admin.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/command/ask_password.h"

namespace kiyome::command {
namespace {

using Json = Poco::JSON::Object::Ptr;

std::string socket_of(const Config& config, const std::string& side) {
  return config.data_dir + "/run/" + side + ".admin.sock";
}

std::vector<std::string> sides_of(const Config& config, const UserOptions& options) {
  if (options.side == "both") return {"edge", "gate"};
  if (!options.side.empty()) return {options.side};
  std::vector<std::string> here;
  for (const char* side : {"edge", "gate", "console"})
    if (std::filesystem::exists(socket_of(config, side))) here.emplace_back(side);
  if (here.empty())
    throw TemporaryFailure("サービスが動いていません / the service does not run: " + socket_of(config, "*"));
  if (here.size() > 1 && options.command != "list")
    throw ConfigError(
        "--side: 持込側 edge、受取側 gate、その両方 both、確認画面 console のどれかを指定してください / say "
        "which "
        "accounts are "
        "meant: edge "
        "(drop box), gate (pick-up), both, or console");
  return here;
}

std::string operator_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? std::to_string(::getuid()) : entry->pw_name;
}

std::string csv_of(const std::string& path) {
  const std::optional<std::string> octets = read_file(path);
  if (!octets) throw_errno(path);
  if (octets->size() > limits::kAccountList)
    throw ConfigError(fmt::format("{}: 大きすぎます（{} KB まで）。分けてください / too large: split it",
                                  path, limits::kAccountList >> 10));
  const std::optional<std::string> text = auth::list_text(*octets);
  if (!text) throw ConfigError(path + ": UTF-8 でも CP932 でもありません / neither UTF-8 nor CP932");
  return *text;
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& each : words) out.append(out.empty() ? "" : ",").append(log::json_string(each));
  return "[" + out + "]";
}

std::string request_of(const UserOptions& options) {
  std::string command = "user." + options.command, more;
  const auto text = [&](const char* key, const std::string& value) {
    more += fmt::format(",\"{}\":{}", key, log::json_string(value));
  };
  if (options.command == "add") {
    text("name", options.name);
    text("mail", options.mail);
    text("tenant", options.tenant);
    text("department", options.department);
    if (!options.directory && !options.no_password) text("password", ask_password());
    more += fmt::format(",\"local\":{},\"new_password\":{}", !options.directory,
                        !options.directory && !options.no_password && !options.keep_password);
  } else if (options.command == "passwd") {
    text("password", ask_password());
  } else if (options.command == "department") {
    text("department", options.department);
  } else if (options.command == "import") {
    text("csv", csv_of(options.file));
  } else if (options.command == "token") {
    if (options.tokens) command = "user.tokens";
    if (options.end != 0) command = "user.token.end";
    if (!options.tokens && options.end == 0 && options.what_for.empty())
      throw ConfigError("--for: 何に使うかを書いてください / say what the token is for");
    text("for", options.what_for);
    more += fmt::format(",\"number\":{}", options.end);
  }
  if (options.command == "add" || options.command == "role")
    more += ",\"roles\":" + quoted_list(options.roles);
  return fmt::format(R"({{"command":"{}","actor":{},"login":{}{}}})", command,
                     log::json_string(operator_name()), log::json_string(options.login), more);
}

std::string shown(const Json& object, const char* key) {
  return log::shown(object->optValue<std::string>(key, ""));
}

std::string words_of(const Json& object) {
  std::string out;
  const auto roles = object->getArray("roles");
  for (std::size_t i = 0; roles && i < roles->size(); ++i)
    out += (i == 0 ? "" : ",") + roles->getElement<std::string>(static_cast<unsigned>(i));
  const auto mark = [&](const char* key, bool when, const char* word) {
    if (object->optValue<bool>(key, !when) == when) out += word;
  };
  mark("disabled", true, "  [停止 disabled]");
  mark("second_factor", true, "  [2要素 totp]");
  mark("new_password", true, "  [要変更 new password]");
  mark("local", false, "  [LDAP]");
  return out;
}

void print(const std::string& side, const std::string& line, const UserOptions& options) {
  if (options.json) {
    std::puts(fmt::format("{{\"side\":\"{}\",{}", side, line.substr(1)).c_str());
    return;
  }
  Poco::JSON::Parser parser;
  const auto object = parser.parse(line).extract<Json>();
  if (object->has("token"))
    std::puts(shown(object, "token").c_str());
  else if (object->has("mistake"))
    std::fputs(fmt::format("{}:{}: {}\n", options.file, object->getValue<std::int64_t>("line"),
                           shown(object, "mistake"))
                   .c_str(),
               stderr);
  else if (object->has("imported"))
    std::puts(fmt::format("{0}: {1} 件を登録しました / {1} imported", side,
                          object->getValue<std::int64_t>("imported"))
                  .c_str());
  else if (object->has("for"))
    std::puts(fmt::format("{}  {:>3}  {}  {}  {}", side, object->getValue<std::int64_t>("number"),
                          shown(object, "created_at"), shown(object, "used_on"), shown(object, "for"))
                  .c_str());
  else
    std::puts(fmt::format("{}  {:<20}  {}  {}  {}{}  {}", side, shown(object, "login"), shown(object, "name"),
                          shown(object, "mail"), shown(object, "tenant"),
                          (object->optValue<std::string>("tenant", "").empty() ? "" : ":") +
                              shown(object, "department"),
                          words_of(object))
                  .c_str());
}

}  // namespace

int user(const Config& config, const UserOptions& options) {
  const std::vector<std::string> sides = sides_of(config, options);
  const std::string request = request_of(options);
  int code = 0;
  for (const std::string& side : sides) {
    const std::string error = ask_admin(socket_of(config, side), request,
                                        [&](const std::string& line) { print(side, line, options); });
    if (error.empty()) continue;
    std::fprintf(stderr, "kiyome: %s: %s\n", side.c_str(), error.c_str());
    code = 1;
  }
  return code;
}

}  // namespace kiyome::command
