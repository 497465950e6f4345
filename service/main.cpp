// kiyome: subcommands and wiring, nothing else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/role.h"
#include "service/cleaner/cleaner_role.h"
#include "service/command/audit.h"
#include "service/command/backup.h"
#include "service/command/certificate.h"
#include "service/command/commands.h"
#include "service/command/live_check.h"
#include "service/command/resend.h"
#include "service/command/sanitize.h"
#include "service/command/store.h"
#include "service/command/user.h"
#include "service/console/console_role.h"
#include "service/edge/edge_role.h"
#include "service/sight/sight_role.h"
#include "service/supervisor/supervisor.h"

namespace {

using namespace kiyome;

constexpr const char* kInstalledConfig = "/etc/kiyome/kiyome.toml";

Config config_from(const std::string& path) {
  if (!path.empty()) return load_config(path);
  if (std::filesystem::exists(kInstalledConfig)) return load_config(kInstalledConfig);
  return parse_config("", "");
}

// Started by the supervisor, never by a person.
int run_role(const std::string& name, const std::vector<std::string>& descriptors) {
  RoleContext context(name, descriptors);
  log::start(name, context.config().log_level);
  if (name == "edge") return edge::run_edge(context);
  if (name == "cleaner") return cleaner::run_cleaner(context);
  if (name == "console") return console::run_console(context);
  if (name == "sight") return sight::run_sight(context);
  throw ConfigError("no such role: " + name);
}

struct CommandLine {
  CLI::App app{"Kiyome (清め): メールとファイルの無害化ゲートウェイ / mail and file sanitization gateway",
               "kiyome"};
  std::string config;
  std::vector<std::string> roles, descriptors, files;
  bool live = false;  // "check"
  std::string role, from, to, folder;
  command::AskOptions ask;
  command::UnlockOptions unlock;
  command::AuditOptions audit_asked;
  command::SanitizeOptions sanitize;
  command::UserOptions user;
  command::CertificateOptions certificate;
  command::BackupOptions backup;
  command::ResendOptions lost;
  command::StoreOptions store;
  std::function<int()> chosen;

  CommandLine();
  std::set<std::string> wanted_roles() const;
  int check_all() const;
  void add_service();
  void add_sanitize();
  void add_items();
  void add_user();
  void add_certificate();
  void add_backup();
  void add_store();
  using AuditCommand = int(const Config&, const command::AuditOptions&);
  CLI::App* audit_command(CLI::App* parent, const char* name, const char* help, AuditCommand* run);
  CLI::App* user_command(CLI::App* parent, const char* name, const char* help, bool wants_login = true);
  CLI::App* item_command(CLI::App* parent, const char* name, const char* help, const char* command,
                         bool wants_id);
};

std::set<std::string> CommandLine::wanted_roles() const {
  const std::set<std::string> wanted(roles.begin(), roles.end());
  for (const std::string& each : wanted)
    if (!supervisor::kRoles.contains(each)) throw ConfigError("--role: no such role: " + each);
  return wanted.empty() ? supervisor::kRoles : wanted;
}

// A wrong configuration is told before the machine is looked at.
int CommandLine::check_all() const {
  const Config read = config_from(config);
  const std::set<std::string> wanted = wanted_roles();
  const int code = command::check(read);
  return live ? std::max(code, command::live_check(read, wanted)) : code;
}

CLI::App* with_config(CLI::App* app, std::string& config) {
  app->add_option("--config", config, "設定ファイル / configuration file (TOML)");
  return app;
}

CommandLine::CommandLine() {
  app.set_version_flag("--version", "kiyome " KIYOME_VERSION);
  app.require_subcommand(1);
  add_service();
  add_sanitize();
  add_items();
  add_user();
  add_certificate();
  add_backup();
  add_store();
}

void CommandLine::add_service() {
  CLI::App* serve = with_config(app.add_subcommand("serve", "サービスを開始 / start the service"), config);
  serve->add_option("--role", roles, "edge,cleaner,gate,console (既定はすべて / default: all)")
      ->delimiter(',');
  serve->callback(
      [this] { chosen = [this] { return command::serve(config_from(config), wanted_roles()); }; });
  CLI::App* check =
      with_config(app.add_subcommand("check", "設定を検査 / validate the configuration"), config);
  check->add_flag("--live", live, "この機械で動くかも検査 / also look whether it works on this machine");
  check->add_option("--role", roles, "edge,cleaner,gate,console (既定はすべて / default: all)")
      ->delimiter(',');
  check->callback([this] { chosen = [this] { return check_all(); }; });
  CLI::App* selftest =
      app.add_subcommand("selftest", "サンドボックスの自己診断 / try every forbidden act in the sandbox");
  selftest->callback([this] { chosen = [] { return command::selftest(); }; });
  CLI::App* role_command = app.add_subcommand("role", "")->group("");
  role_command->add_option("name", role)->required();
  role_command->add_option("--fd", descriptors)->allow_extra_args(false);
  role_command->callback([this] { chosen = [this] { return run_role(role, descriptors); }; });
}

void CommandLine::add_sanitize() {
  CLI::App* command = with_config(
      app.add_subcommand("sanitize", "ファイルを無害化 / sanitize files without a server"), config);
  command->add_option("--mode", sanitize.mode, "text | flatten")->check(CLI::IsMember({"text", "flatten"}));
  command->add_option("--password", sanitize.passwords, "暗号化ファイルのパスワード / passwords to try");
  command->add_flag("--compact", sanitize.compact, "白黒 2 値の小さな PDF / small PDFs in black and white");
  command->add_option("--report", sanitize.report, "JSON の報告 / one JSON object a line");
  command->add_option("--pages", sanitize.pages, "このページだけ / only these pages: 1-20, 5, 5-, -20");
  command->add_option("--jobs", sanitize.jobs, "同時に処理する数 / files at once (default: one a processor)")
      ->check(CLI::Range(1, 256));
  command->add_option("--out", sanitize.out, "出力先フォルダー / output folder")->required();
  command->add_option("files", sanitize.files)->required();
  command->callback([this] { chosen = [this] { return command::sanitize(sanitize, config_from(config)); }; });
  CLI::App* verify = app.add_subcommand("verify", "無害であることを検証 / prove that files are clean");
  verify->add_option("files", files)->required();
  verify->callback([this] { chosen = [this] { return command::verify(files); }; });
  CLI::App* policy = app.add_subcommand("policy", "規程 / policy")->require_subcommand(1);
  CLI::App* explain =
      with_config(policy->add_subcommand("explain", "どの規則がなぜ / which rule, and why"), config);
  explain->add_option("--from", from)->required();
  explain->add_option("--to", to)->required();
  explain->add_option("file", folder)->required();
  explain->callback(
      [this] { chosen = [this] { return command::policy_explain(config_from(config), from, to, folder); }; });
}

CLI::App* CommandLine::item_command(CLI::App* parent, const char* name, const char* help, const char* what,
                                    bool wants_id) {
  CLI::App* command = with_config(parent->add_subcommand(name, help), config);
  command->add_flag("--json", ask.json, "JSON lines");
  if (wants_id) command->add_option("id", ask.id)->required();
  command->callback([this, what] {
    chosen = [this, what] {
      ask.command = what;
      return command::ask(config_from(config), ask);
    };
  });
  return command;
}

void CommandLine::add_items() {
  CLI::App* queue = app.add_subcommand("queue", "受信アイテム / items")->require_subcommand(1);
  CLI::App* list = item_command(queue, "list", "一覧 / list", "queue.list", false);
  list->add_option("--state", ask.state, "received|cleaning|held|sending|delivered|bounced");
  item_command(queue, "show", "詳細 / show one", "show", true);
  item_command(queue, "hold", "保留 / hold one that has not left", "hold", true);
  item_command(queue, "release", "解放（無害化済みを配送） / deliver the clean result", "release", true);
  item_command(queue, "delete", "削除 / delete one that is held", "delete", true);
  CLI::App* watched =
      item_command(queue, "folder", "監視フォルダー / files of the watched folder", "folder", false);
  watched->callback([this] {
    chosen = [this] {
      ask.command = "folder";
      ask.role = "edge";
      return command::ask(config_from(config), ask);
    };
  });
  CLI::App* retry = item_command(queue, "retry", "再試行 / try again now", "retry", true);
  retry->callback([this] { chosen = [this] { return command::retry(config_from(config), ask.id); }; });
  CLI::App* again = with_config(
      queue->add_subcommand("resend", "閉域側で失われたものをもう一度 / once more what the closed side lost"),
      config);
  again->add_option("id", lost.id);
  again->add_option("--since", lost.since,
                    "この時刻以降に受けたもの / received since: 2026-11-21T12:34:56+09:00");
  again->callback([this] { chosen = [this] { return command::resend(config_from(config), lost); }; });
  CLI::App* quarantine = app.add_subcommand("quarantine", "保留 / held items")->require_subcommand(1);
  item_command(quarantine, "list", "一覧 / list", "quarantine.list", false);
  item_command(quarantine, "show", "詳細 / show one", "show", true);
  CLI::App* open = item_command(quarantine, "unlock",
                                "パスワードで開いて配送 / open with a password and deliver", "unlock", true);
  open->add_option("--password", unlock.passwords, "パスワード / passwords to try");
  open->add_flag("--password-stdin", unlock.from_stdin,
                 "標準入力から 1 行に 1 つ / from standard input, one a line");
  open->callback([this] { chosen = [this] { return command::unlock(config_from(config), ask, unlock); }; });
  item_command(quarantine, "release", "解放（無害化済みを配送） / deliver the clean result", "release", true)
      ->add_option("--reason", ask.reason, "理由 / why");
  CLI::App* without = item_command(
      quarantine, "without", "1 つのパートを除いて配送 / deliver it without a part", "without-part", true);
  without->add_option("--part", ask.part, "パートの番号 / its place: 3, 3/0 (see show)")->required();
  without->add_option("--reason", ask.reason, "理由 / why");
  CLI::App* reject =
      item_command(quarantine, "reject", "拒否（今後も配送しない） / refuse it for good", "reject", true);
  reject->add_option("--reason", ask.reason, "理由 / why");
  reject->add_flag("--notice", ask.notice, "受信者に知らせる / tell the recipients");
  item_command(quarantine, "delete", "削除 / delete it", "delete", true)
      ->add_option("--reason", ask.reason, "理由 / why");
  CLI::App* write =
      item_command(quarantine, "export", "記録を書き出す / write its record to a folder", "show", true);
  write->add_option("--out", folder, "出力先フォルダー / folder")->required();
  write->callback([this] {
    chosen = [this] { return command::quarantine_export(config_from(config), ask.id, folder); };
  });
  CLI::App* keep =
      item_command(quarantine, "keep",
                   "法的保全: 期限切れ・削除の対象から外す / legal hold: nothing of it goes", "keep", true);
  keep->add_option("--reason", ask.reason, "理由 / why")->required();
  item_command(quarantine, "unkeep", "法的保全を解く / lift the legal hold", "unkeep", true);
  CLI::App* audit = app.add_subcommand("audit", "監査記録 / audit trail")->require_subcommand(1);
  CLI::App* entries = item_command(audit, "list", "一覧 / list", "audit.list", false);
  entries
      ->add_option("--role", ask.role,
                   "cleaner 無害化 (既定 / default), edge 持込側, gate 受取側, console 確認画面")
      ->check(CLI::IsMember({"cleaner", "edge", "gate", "console"}));
  CLI::App* verify = audit_command(audit, "verify", "改ざんの検査 / find any change", command::audit_verify);
  verify->add_option("--file", audit_asked.files, "書き出した記録かデータベース / exports or databases");
  verify->add_option(
      "--checkpoints", audit_asked.checkpoints,
      "他のホストの確認点 / checkpoints of the other host, as `audit checkpoints --json` tells them");
  CLI::App* write_out =
      audit_command(audit, "export", "JSON lines で書き出す / write as JSON lines", command::audit_export);
  write_out->add_option("--since", audit_asked.since, "2026-11-21");
  audit_command(audit, "checkpoints", "署名済み確認点の一覧 / signed checkpoints, also of the other zone",
                command::audit_checkpoints);
  audit_command(audit, "checkpoint", "確認点を今つくる / make a checkpoint now", command::audit_checkpoint);
}

CLI::App* CommandLine::audit_command(CLI::App* parent, const char* name, const char* help,
                                     AuditCommand* run) {
  CLI::App* out = with_config(parent->add_subcommand(name, help), config);
  out->add_flag("--json", audit_asked.json, "JSON lines");
  out->add_option("--role,--trail", audit_asked.role,
                  "cleaner 無害化, edge 持込側, gate 受取側, console 確認画面 (既定はすべて / default: all)")
      ->check(CLI::IsMember({"cleaner", "edge", "gate", "console"}));
  out->callback([this, run] { chosen = [this, run] { return run(config_from(config), audit_asked); }; });
  return out;
}

CLI::App* CommandLine::user_command(CLI::App* parent, const char* name, const char* help, bool wants_login) {
  CLI::App* command = with_config(parent->add_subcommand(name, help), config);
  command
      ->add_option("--side", user.side,
                   "edge 持込側 / drop box, gate 受取側 / pick-up, both 両方 / these two, console 確認画面 / "
                   "quarantine review")
      ->check(CLI::IsMember({"edge", "gate", "both", "console"}));
  if (wants_login) command->add_option("login", user.login, "ログイン名 / login")->required();
  command->callback([this, name] {
    chosen = [this, name] {
      user.command = name;
      return command::user(config_from(config), user);
    };
  });
  return command;
}

void CommandLine::add_user() {
  CLI::App* all = app.add_subcommand("user", "利用者 / accounts of the drop box, the pick-up and the console")
                      ->require_subcommand(1);
  const char* const roles_help = "sender,staff,approver,reviewer,auditor,administrator";
  CLI::App* add = user_command(
      all, "add",
      "登録（パスワードは端末か標準入力から） / add; the password comes from the terminal or stdin");
  add->add_option("--name", user.name, "氏名 / name");
  add->add_option("--mail", user.mail, "メールアドレス / mail address");
  add->add_option("--tenant", user.tenant, "団体 / tenant");
  add->add_option("--department", user.department, "所属 / department: 総務部/総務課");
  add->add_option("--roles", user.roles, roles_help)->delimiter(',');
  add->add_flag("--directory", user.directory, "パスワードは LDAP にある / the password is in LDAP");
  add->add_flag("--no-password", user.no_password, "プログラム専用 / for programs only");
  add->add_flag("--keep-password", user.keep_password, "初回の変更を求めない / need not be changed at first");
  user_command(all, "passwd", "パスワードを設定 / set a password, to be changed at the next sign-in");
  user_command(all, "totp", "2 要素の登録を取り消す / forget the second factor, to be enrolled again");
  CLI::App* role_of = user_command(all, "role", "役割を設定 / set the roles");
  role_of->add_option("roles", user.roles, roles_help)->delimiter(',');
  user_command(all, "department", "所属を設定 / set the department")
      ->add_option("department", user.department, "総務部/総務課")
      ->required();
  user_command(all, "disable", "停止 / disable: sessions and tokens end at once");
  user_command(all, "enable", "再開 / enable");
  CLI::App* token = user_command(all, "token", "プログラム用トークン / tokens for programs");
  token->add_option("--for", user.what_for, "用途 / what it is for");
  token->add_flag("--list", user.tokens, "一覧 / list them");
  token->add_option("--end", user.end, "この番号を終了 / end this one");
  token->add_flag("--json", user.json, "JSON lines");
  user_command(all, "list", "一覧 / list", false)->add_flag("--json", user.json, "JSON lines");
  user_command(all, "import", "CSV から登録 / add those of a CSV file", false)
      ->add_option("file", user.file, "login,name,mail,tenant,department,roles,password (UTF-8 / CP932)")
      ->required();
}

void CommandLine::add_backup() {
  const char* const key_help = "秘密鍵のファイル / file with the secret key";
  CLI::App* all = with_config(
      app.add_subcommand("backup", "控えを作る（運転中でも） / back up, also while it serves"), config);
  all->require_subcommand(0, 1);
  all->add_option("--to", backup.to, "フォルダー・ファイル・- / a folder, a file, or - for a pipe");
  all->add_option("--keep", backup.keep, "フォルダーに残す数 / how many stay in the folder");
  all->callback([this, all] {
    if (all->get_subcommands().empty())
      chosen = [this] { return command::backup(config_from(config), backup); };
  });
  CLI::App* key =
      with_config(all->add_subcommand(
                      "key", "鍵を作り、秘密鍵を 1 度だけ示す / make the keys; the secret one is shown once"),
                  config);
  key->add_option("--secret-to", backup.secret_to, "秘密鍵を書くファイル / file for the secret key");
  key->add_flag("--again", backup.again, "作り直す / make new ones");
  key->callback([this] { chosen = [this] { return command::backup_key(config_from(config), backup); }; });
  CLI::App* verify = all->add_subcommand("verify", "控えを検証 / prove a backup");
  verify->add_option("--key", backup.key, key_help);
  verify->add_option("file", backup.from)->required();
  verify->callback([this] { chosen = [this] { return command::backup_verify(backup); }; });
  CLI::App* restore = with_config(
      app.add_subcommand("restore", "控えから復元（空の data_dir へ） / restore into an empty data_dir"),
      config);
  restore->add_option("--from", backup.from, "控えのファイル / the backup")->required();
  restore->add_option("--key", backup.key, key_help)->required();
  restore->add_option("--side", backup.side, "all | internet | gate")
      ->check(CLI::IsMember({"all", "internet", "gate"}));
  restore->callback([this] { chosen = [this] { return command::restore(config_from(config), backup); }; });
}

void CommandLine::add_store() {
  CLI::App* all = app.add_subcommand("store", "複数台で共有する保存先 / the store that many hosts share")
                      ->require_subcommand(1);
  const auto add = [&](CLI::App* parent, const char* name, const char* help,
                       int (*run)(const Config&, const command::StoreOptions&)) {
    CLI::App* out = with_config(parent->add_subcommand(name, help), config);
    out->callback([this, run] { chosen = [this, run] { return run(config_from(config), store); }; });
    return out;
  };
  const auto with_side = [this](CLI::App* command) {
    command
        ->add_option("--side", store.side,
                     "internet インターネット側, gate 閉域側 (既定は設定による / default: as configured)")
        ->check(CLI::IsMember({"internet", "gate"}));
    return command;
  };
  with_side(add(all, "prepare", "PostgreSQL に表を用意する / look at the server and make the tables",
                command::store_prepare))
      ->add_option("--grant-edge", store.grant_edge,
                   "edge 専用の利用者に権限を与える / grant the edge's own database user what it needs");
  with_side(add(all, "migrate",
                "SQLite から PostgreSQL へ移す（停止中に） / from SQLite, while nothing serves",
                command::store_migrate));
  CLI::App* keys = all->add_subcommand("keys", "各台が共有する鍵 / the keys that hosts of one side share")
                       ->require_subcommand(1);
  add(keys, "export", "パスワードで封じて書き出す / into a file that a password seals",
      command::store_keys_export)
      ->add_option("file", store.file)
      ->required();
  keys->get_subcommand("export")->add_flag(
      "--for-edge", store.for_edge,
      "edge だけの台に: 原本を開く鍵を入れない / for an edge alone: without the key that opens originals");
  add(keys, "import", "二台目に入れる（最初の起動の前に） / on the next host, before its first start",
      command::store_keys_import)
      ->add_option("file", store.file)
      ->required();
}

void CommandLine::add_certificate() {
  CLI::App* all =
      app.add_subcommand("certificate",
                         "2 台構成の証明書 / the CA and certificates by which two hosts know each other")
          ->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, int (*run)(const command::CertificateOptions&)) {
    CLI::App* out = all->add_subcommand(name, help);
    out->callback([this, run] { chosen = [this, run] { return run(certificate); }; });
    return out;
  };
  const auto with_ca = [this](CLI::App* command) {
    command->add_option("--ca", certificate.folder,
                        "ca.crt と ca.key のフォルダー / folder of ca.crt and ca.key");
    command->add_option("--days", certificate.days, "有効日数 / days it is good")->check(CLI::Range(1, 3650));
  };
  CLI::App* init = add("init", "CA をつくる / make the CA", command::certificate_init);
  init->add_option("--out", certificate.folder, "置き場所 / folder");
  init->add_option("--name", certificate.name, "名前 / its name: ○○市");
  init->add_option("--years", certificate.years, "有効年数 / years it is good")->check(CLI::Range(1, 50));
  CLI::App* issue =
      add("issue", "一方のホストの鍵と証明書 / key and certificate of one host", command::certificate_issue);
  issue->add_option("side", certificate.side, "internet インターネット側 | closed 閉域側")
      ->check(CLI::IsMember({"internet", "closed"}))
      ->required();
  issue->add_option("--out", certificate.out, "置き場所 / folder");
  with_ca(issue);
  CLI::App* renew =
      add("renew", "更新（鍵はそのまま） / renew, with the same key", command::certificate_renew);
  renew->add_option("files", certificate.files, "internet.crt closed.crt")->required();
  renew->add_flag("--new-key", certificate.new_key, "鍵も新しくする / with a new key");
  with_ca(renew);
  add("show", "誰の、いつまで、指紋 / whose, until when, pin", command::certificate_show)
      ->add_option("files", certificate.files)
      ->required();
}

// Other users see the words of a running command, so passwords among them are made unreadable at once.
void hide_passwords(int argc, char** argv, const CommandLine& line) {
  for (const auto* list : {&line.sanitize.passwords, &line.unlock.passwords})
    for (const std::string& password : *list)
      for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (!password.empty() && word.ends_with(password) &&
            (word.size() == password.size() || word.starts_with("--password=")))
          std::memset(argv[i] + (word.size() - password.size()), '*', password.size());
      }
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
    hide_passwords(argc, argv, line);
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return line.chosen();
  } catch (const kiyome::ConfigError& mistake) {
    std::fprintf(stderr, "%s\n", mistake.what());
    return 2;
  } catch (const std::exception& trouble) {
    std::fprintf(stderr, "kiyome: %s\n", trouble.what());
    return 1;
  }
}
