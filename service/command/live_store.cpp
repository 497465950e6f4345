// What `kiyome check` says of the shared store, and `kiyome check --live` of the servers that it is on: which
// of them takes writes, what a commit there is worth, whether this host's keys are those of the others.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "service/audit/checkpoint.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/command/live_check.h"
#include "service/command/store.h"
#include "service/command/store_schemas.h"
#include "service/command/store_server.h"
#include "service/store/audit_book.h"
#include "service/store/original_log.h"
#include "service/store/place.h"
#include "service/store/postgres_connection.h"
#include "service/store/shared_folder.h"
#include "service/supervisor/role_config.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;
using store::postgres::Connection;
using store::postgres::single;

void add(Looks& into, bool good, std::string what, std::string ja, std::string en,
         Grade otherwise = Grade::bad) {
  into.push_back({good ? Grade::good : otherwise, std::move(what), std::move(ja), std::move(en)});
}

std::string ask(Connection& connection, const std::string& sql) {
  return single(connection.command(sql.c_str()));
}

void look_at_each_host(const std::string& url, Looks& into) {
  const std::vector<StoreHost> hosts = look_at_hosts(url);
  for (const StoreHost& each : hosts)
    add(into, each.answers, "データベース / database " + each.name,
        !each.answers  ? "応答がありません"
        : each.primary ? "主系です（PostgreSQL " + each.said + "）"
                       : "待機系です（PostgreSQL " + each.said + "）",
        !each.answers  ? each.said
        : each.primary ? "it takes writes"
                       : "a standby",
        hosts.size() > 1 ? Grade::note : Grade::bad);
  add(into, hosts.size() > 1, "データベース / database",
      hosts.size() > 1 ? "切り替わる先があります" : "url にサーバーが一つしかありません",
      hosts.size() > 1 ? "there is where to fail over to" : "the url names one server alone", Grade::note);
}

void look_at_worth(const StoreServer& server, Looks& into) {
  const std::string what = "同期の待機系 / synchronous standby";
  if (!server.waits_for_standby())
    into.push_back({Grade::note, what, "ありません。主系のディスクを失うと受け付けたメールも失われます",
                    "none: with the primary's disk accepted mail is lost"});
  else
    add(into, server.standbys > 0, what,
        server.standbys > 0 ? fmt::format("{}（synchronous_commit {}）", server.standby_names, server.commit)
                            : "つながっていません。書き込みはそれを待って止まります",
        server.standbys > 0 ? fmt::format("{} stream", server.standbys)
                            : "none is connected: every commit waits for one");
  add(into, server.encrypted || server.local, "データベースとの通信 / wire to the database",
      server.encrypted ? "TLS です"
      : server.local   ? "この台の中です"
                       : "暗号化されていません（url に sslmode=verify-full と sslrootcert）",
      server.encrypted ? "TLS"
      : server.local   ? "within this host"
                       : "not encrypted",
      Grade::note);
}

void look_at_tables(const std::vector<Schema>& schemas, Connection& connection, Looks& into) {
  std::string missing;
  for (const Schema& each : schemas)
    if (ask(connection, std::string("SELECT to_regclass('") + each.name + ".kiyome_version') IS NOT NULL") !=
        "t")
      missing += (missing.empty() ? "" : ", ") + std::string(each.name);
  add(into, missing.empty(), "表 / tables", missing.empty() ? "あります" : "まだありません: " + missing,
      missing.empty() ? "they are there" : "missing: the first start makes them, or `kiyome store prepare`",
      Grade::note);
}

// Each folder of files bears the mark that the schema with their names knows.
void look_at_folder(const Config& config, const std::vector<Schema>& schemas, Connection& connection,
                    Looks& into) {
  const struct {
    const char *schema, *within;
  } kFolders[] = {{store::schema::kOriginals, "/originals"},
                  {store::schema::kItems, "/bundles"},
                  {store::schema::kGate, ""}};
  add(into, fs::is_directory(config.store.blobs), "store.blobs", config.store.blobs,
      fs::is_directory(config.store.blobs) ? "it is there" : "there is no such folder");
  for (const auto& folder : kFolders) {
    const char* const schema = folder.schema;
    const std::string path = config.store.blobs + folder.within,
                      table = std::string(schema) + ".shared_folder";
    const bool here = std::ranges::any_of(
        schemas, [&](const Schema& each) { return std::string_view(each.name) == schema; });
    if (!here || ask(connection, "SELECT to_regclass('" + table + "') IS NOT NULL") != "t") continue;
    const std::string known = ask(connection, "SELECT max(mark) FROM " + table);
    if (known.empty() || ::access(path.c_str(), X_OK) != 0) continue;
    const bool same = store::mark_of_folder(path) == known;
    add(into, same, "store.blobs " + path,
        same ? "ほかの台と同じフォルダーです"
             : "ほかの台のフォルダーではありません（マウントされていますか）",
        same ? "the other hosts'" : "not the other hosts': is it mounted?");
  }
}

// The edge's user: on the same database, with the tables that it needs and none of the items.
void look_at_edge_user(const Config& config, const StoreServer& server, Looks& into) {
  const std::string what = "edge の利用者 / the edge's user";
  if (config.store.edge_url.empty()) {
    into.push_back({Grade::note, what, "受信側も全権の利用者を使います（store.edge_url）",
                    "the edge, which talks to strangers, uses the user that may do everything"});
    return;
  }
  const StoreServer other = look_at_server(config.store.edge_url);
  if (other.database != server.database || other.started != server.started) {
    into.push_back({Grade::bad, what, "別のデータベースを指しています", "edge_url is another database"});
    return;
  }
  Connection connection({{}, config.store.edge_url, {}});
  const auto may = [&](const std::string& schema) {
    return ask(connection,
               "SELECT coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = "
               "'" +
                   schema + "'), false)") == "t";
  };
  const bool too_much = may(store::schema::kItems),
             enough =
                 may(store::schema::kOriginals) && may(store::schema::kEdge) &&
                 ask(connection,
                     "SELECT coalesce(has_table_privilege(to_regclass('kiyome_originals.shared_folder'), "
                     "'INSERT'), false)") == "t";
  add(into, enough && !too_much, what,
      !enough ? other.user + " に権限がありません（kiyome store prepare --grant-edge " + other.user + "）"
      : too_much ? other.user + " は kiyome_items にも触れます"
                 : other.user + ": 受信側に要るものだけです",
      !enough    ? "it lacks its rights"
      : too_much ? "it may touch the items"
                 : "what the edge needs, and none of the items",
      enough ? Grade::note : Grade::bad);
}

void look_at_cleaner_key(const Config& config, Connection& connection, Looks& into) {
  const std::string what = "鍵 / key cleaner.key";
  if (ask(connection, "SELECT to_regclass('kiyome_originals.cleaner_key') IS NOT NULL") != "t") return;
  const std::string theirs =
      ask(connection, "SELECT encode(public_key, 'hex') FROM kiyome_originals.cleaner_key");
  const std::string text = read_file(config.data_dir + "/cleaner/cleaner.pub").value_or("");
  const std::string ours = text.substr(0, text.find('\n'));
  if (theirs.empty() || (ours.empty() && ::geteuid() != 0)) return;
  add(into, ours == theirs, what,
      ours == theirs ? "ほかの台と同じです"
      : ours.empty() ? "まだありません（最初の起動の前に kiyome store keys import）"
                     : "ほかの台のものと違います（kiyome store keys import）",
      ours == theirs ? "the other hosts'"
      : ours.empty() ? "not there yet: import it before the first start"
                     : "not the other hosts'");
}

// A trail has one key: its newest signed head says which.
void look_at_audit_key(const Config& config, const char* role, const char* schema, audit::Trail trail,
                       Looks& into) {
  const std::string folder = config.data_dir + "/" + role,
                    what = std::string("鍵 / key ") + role + "/audit.key";
  if (::access((folder + "/audit.key").c_str(), R_OK) != 0) return;
  store::Database database({{}, config.store.url, schema});
  const std::vector<store::KeptCheckpoint> kept = store::checkpoints_of(database, trail, 1);
  if (kept.empty()) return;
  const bool same = audit::Signer(folder).key() == kept.back().checkpoint.key;
  add(into, same, what, same ? "ほかの台と同じです" : "ほかの台のものと違います（kiyome store keys import）",
      same ? "the other hosts'" : "not the other hosts'");
}

}  // namespace

void tell_store(const Config& config) {
  if (!config.store.shared()) return;
  supervisor::config_for("edge",
                         config);  // says when the edge could not be kept from the other user's secret
  std::puts(("保存先 / store: PostgreSQL " + shown_url(config.store.url)).c_str());
  if (config.store.edge_url.empty())
    std::puts(
        "注意: store.edge_url がありません。受信側も全権の利用者を使います。 / the edge uses the user that "
        "may do "
        "everything.");
  std::puts(
      "注意: データベースの控えは kiyome backup に入りません（OPERATE.md「複数台」）。 / kiyome backup "
      "leaves out "
      "the database.");
}

void look_at_store(const Config& config, const std::set<std::string>& roles, Looks& into) {
  if (!config.store.shared()) return;
  std::set<StoreSide> sides;
  if (roles.contains("gate")) sides.insert(StoreSide::gate);
  if (roles.contains("edge") || roles.contains("cleaner") || roles.contains("console"))
    sides.insert(StoreSide::internet);
  try {
    look_at_each_host(config.store.url, into);
    const StoreServer server = look_at_server(config.store.url);
    look_at_worth(server, into);
    Connection connection({{}, config.store.url, {}});
    look_at_tables(schemas_of(sides), connection, into);
    if (config.store.blobs_in_folder()) look_at_folder(config, schemas_of(sides), connection, into);
    if (roles.contains("edge")) look_at_edge_user(config, server, into);
    if (sides.contains(StoreSide::internet)) look_at_cleaner_key(config, connection, into);
    const struct {
      const char *role, *schema;
      audit::Trail trail;
    } kTrails[] = {{"cleaner", store::schema::kItems, audit::Trail::cleaner},
                   {"edge", store::schema::kEdgeTrail, audit::Trail::edge},
                   {"console", store::schema::kConsoleTrail, audit::Trail::console},
                   {"gate", store::schema::kGate, audit::Trail::gate}};
    for (const auto& each : kTrails)
      if (roles.contains(each.role) && ask(connection, std::string("SELECT to_regclass('") + each.schema +
                                                           ".checkpoints') IS NOT NULL") == "t")
        look_at_audit_key(config, each.role, each.schema, each.trail, into);
  } catch (const std::exception& trouble) {
    into.push_back({Grade::bad, "データベース / database", "使えません", log::shown(trouble.what())});
  }
}

}  // namespace kiyome::command
