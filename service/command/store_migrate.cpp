// kiyome store migrate: what one host has in files becomes the store that many share. The files are opened so
// that nothing is written to them, by a process that may read everything and change nothing of them; all of
// it is one transaction, so that a failure leaves the database as it was.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/command/run_as.h"
#include "service/command/store.h"
#include "service/command/store_copy.h"
#include "service/command/store_originals.h"
#include "service/command/store_schemas.h"
#include "service/command/store_server.h"
#include "service/store/audit_book.h"
#include "service/store/item_writer.h"
#include "service/store/nodes.h"
#include "service/store/original_sharing.h"
#include "service/store/place.h"
#include "service/store/row_values.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;
using store::Blob;
using store::postgres::Answer;
using store::postgres::Connection;
using store::postgres::Parameters;
using store::postgres::single;

constexpr std::size_t kBlobRow = 1u << 20;  // octets of one row of the gate's large contents

// What a role that was once started writes there by itself; all else says that somebody works with it.
bool may_have_rows(const std::string& table) {
  for (const char* each : {"kiyome_version", "kiyome_writers", "nodes", "gates", "duties", "audit_base",
                           "cleaner_key", "shared_folder"})
    if (table == each) return true;
  return false;
}

class Move {
 public:
  Move(const Config& config, std::string data_dir, std::string drop_host)
      : config_(config),
        data_dir_(std::move(data_dir)),
        drop_host_(std::move(drop_host)),
        scratch_(data_dir_ + "/cleaner/moving"),
        to_({{}, config.store.url, {}}) {}
  ~Move() {
    std::error_code none;
    fs::remove_all(scratch_, none);
  }
  Move(const Move&) = delete;
  Move& operator=(const Move&) = delete;

  // Gives what is wrong with the trails as they stand there now.
  std::string run(const std::vector<Schema>& found);

 private:
  std::string path_of(const Schema& schema) const {
    return data_dir_ + "/" + schema.role + "/" + schema.file;
  }
  std::string source_of(const Schema& schema);
  void expect_empty(const Schema& schema);
  void copy(const Schema& schema);
  Change change_of(const Schema& schema);
  bool take_bundle(int index, sqlite3_stmt* row, Parameters& into);
  bool take_blob(int index, sqlite3_stmt* row, Parameters& into);
  void put_blobs();
  void expect_same_head(const StillFile& from, const std::string& schema);
  std::string look_at_trail(const std::string& schema);

  const Config& config_;
  const std::string data_dir_, drop_host_, scratch_;
  Connection to_;
  std::vector<std::string> blobs_;  // names of files
  std::string in_hand_;             // what a row's changed column points to
  std::uint64_t lost_ = 0;          // files that rows name and that are not there
};

// The file itself when it stands still and is of this program's version; else a copy that is made so.
std::string Move::source_of(const Schema& schema) {
  const std::string path = path_of(schema);
  std::error_code none;
  const bool logged = fs::exists(path + "-wal", none) && fs::file_size(path + "-wal", none) > 0;
  const int wanted = std::atoi(
      single(
          to_.command(("SELECT max(version) FROM " + std::string(schema.name) + ".kiyome_version").c_str()))
          .c_str());
  if (!logged && StillFile(path).version() == wanted) return path;
  fs::create_directories(scratch_);
  const std::string copy = scratch_ + "/" + schema.name;
  for (const char* part : {"", "-wal"})
    if (fs::exists(path + part, none)) fs::copy_file(path + part, copy + part);
  fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write);
  if (logged) fs::permissions(copy + "-wal", fs::perms::owner_read | fs::perms::owner_write);
  schema.make({copy, {}, {}});
  if (fs::exists(copy + "-wal", none) && fs::file_size(copy + "-wal", none) > 0)
    throw TemporaryFailure(path + ": its log could not be folded in");
  return copy;
}

void Move::expect_empty(const Schema& schema) {
  const Answer tables = to_.command(
      ("SELECT tablename FROM pg_tables WHERE schemaname = '" + std::string(schema.name) + "'").c_str());
  for (int i = 0; i < PQntuples(tables.get()); ++i) {
    const std::string table = PQgetvalue(tables.get(), i, 0);
    if (may_have_rows(table)) continue;
    const std::string full = std::string(schema.name) + "." + table;
    if (single(to_.command(("SELECT EXISTS (SELECT 1 FROM " + full + ")").c_str())) == "t")
      throw ConfigError(fmt::format(
          "store.url: {0} "
          "には既に行があります。移行先は空でなければなりません（もう移行したか、ほかの台が動いています）"
          " / {0} has rows: the target must be empty (this was done before, or another host works with it)",
          full));
  }
}

// A clean copy that stood beside the database.
bool Move::take_bundle(int index, sqlite3_stmt* row, Parameters& into) {
  if (sqlite3_column_type(row, index - 1) != SQLITE_NULL) return false;
  const std::string file = data_dir_ + "/cleaner/bundles/" +
                           store::bundle_file(store::item_id(octets_of(row, 0)),
                                              static_cast<std::uint16_t>(sqlite3_column_int64(row, 1)));
  std::optional<std::string> octets = read_file(file);
  if (!octets) {
    ++lost_;
    return false;
  }
  in_hand_ = std::move(*octets);
  into.put(index, Blob{in_hand_});
  return true;
}

// A large content of the gate: in rows of the database it has this name.
bool Move::take_blob(int index, sqlite3_stmt* row, Parameters& into) {
  const std::string_view name = octets_of(row, index - 1);
  if (name.empty()) return false;
  blobs_.emplace_back(name);
  in_hand_ = "rows/" + blobs_.back();
  into.put(index, in_hand_);
  return true;
}

Change Move::change_of(const Schema& schema) {
  const std::string name = schema.name;
  return [this, name](const std::string& table, const std::string& column, int index, sqlite3_stmt* row,
                      Parameters& into) {
    if (name == store::schema::kItems && table == "bundles" && column == "frame")
      return take_bundle(index, row, into);
    if (name == store::schema::kGate && column == "file" && (table == "pending" || table == "drop_files"))
      return take_blob(index, row, into);
    if (name != store::schema::kEdge || column != "host" || !octets_of(row, index - 1).empty()) return false;
    into.put(index, drop_host_);  // the uploads' octets stay on this host
    return true;
  };
}

void Move::put_blobs() {
  if (blobs_.empty()) return;
  Parameters values;
  Filling filling(to_, store::schema::kGate, "blobs", {"name", "number", "octets"});
  for (const std::string& name : blobs_) {
    const std::optional<std::string> octets = read_file(data_dir_ + "/gate/blobs/" + name);
    if (!octets) ++lost_;
    const std::string_view all = octets ? std::string_view(*octets) : std::string_view();
    for (std::size_t at = 0; at < all.size(); at += kBlobRow) {
      const std::string row_name = "rows/" + name;
      values.put(1, row_name);
      values.put(2, static_cast<std::int64_t>(at / kBlobRow));
      values.put(3, Blob{all.substr(at, kBlobRow)});
      filling.row(values);
    }
  }
  filling.finish();
}

// The last entry of the trail is the same, so all before it are, or the chain says so.
void Move::expect_same_head(const StillFile& from, const std::string& schema) {
  const auto tables = from.tables();
  if (std::find(tables.begin(), tables.end(), "audit") == tables.end()) return;
  std::string here;
  from.each("SELECT sequence || ' ' || lower(hex(hash)) FROM audit ORDER BY sequence DESC LIMIT 1",
            [&](sqlite3_stmt* row) { here = octets_of(row, 0); });
  const std::string there = single(to_.command(("SELECT sequence || ' ' || encode(hash, 'hex') FROM " +
                                                schema + ".audit ORDER BY sequence DESC LIMIT 1")
                                                   .c_str()));
  if (here != there) throw TemporaryFailure(schema + ".audit: another head than in the file");
}

void Move::copy(const Schema& schema) {
  const StillFile from(source_of(schema));
  const std::string name = schema.name;
  if (from.number("SELECT count(*) FROM sqlite_schema WHERE name = 'audit_base'") != 0)
    to_.command(("DELETE FROM " + name + ".audit_base").c_str());
  std::string told;
  for (const auto& [table, rows] : copy_all(from, to_, name, change_of(schema)))
    if (rows > 0) told += fmt::format("{}{} {}", told.empty() ? "" : ", ", table, rows);
  expect_same_head(from, name);
  std::puts(fmt::format("{:<26} {}", name, told.empty() ? "-" : told).c_str());
  if (name == store::schema::kGate) put_blobs();
  const std::string originals = data_dir_ + "/edge/originals";
  if (name != store::schema::kItems || !fs::exists(originals)) return;
  const MovedOriginals moved = move_originals(originals, from, to_);
  std::puts(fmt::format("{:<26} segments {}, {} B, arrivals {}", store::schema::kOriginals, moved.segments,
                        moved.octets, moved.arrivals)
                .c_str());
  if (moved.missing > 0)
    std::puts(fmt::format("注意: 原本の区画 {0} 個はファイルにもありません / {0} segments of originals are "
                          "not in the files either",
                          moved.missing)
                  .c_str());
}

std::string Move::look_at_trail(const std::string& schema) {
  store::Database database({{}, config_.store.url, schema});
  std::uint64_t count = 0;
  const auto fault = store::walk_trail(database, {}, count);
  if (fault)
    return fmt::format("{}: 監査記録 {} 件目の次で連鎖が切れています / the chain breaks behind {} entries\n",
                       schema, count, count);
  std::puts(fmt::format("{:<26} 監査記録 / audit trail: {} ok", schema, count).c_str());
  return {};
}

std::string Move::run(const std::vector<Schema>& found) {
  std::error_code none;
  fs::remove_all(scratch_, none);
  for (const Schema& each : found) {
    each.make({{}, config_.store.url, each.name});
    if (std::string_view(each.name) != store::schema::kItems) continue;
    store::Database originals({{}, config_.store.url, store::schema::kOriginals});
    store::original::open_originals(originals, {},
                                    store::load_cleaner_public_key(data_dir_ + "/cleaner/cleaner.pub"));
  }
  to_.command("SET idle_in_transaction_session_timeout = 0");
  to_.command("BEGIN");
  for (const Schema& each : found)  // as every writer of it does
    to_.command(
        ("SELECT pg_advisory_xact_lock(hashtextextended('" + std::string(each.name) + "', 0))").c_str());
  for (const Schema& each : found) expect_empty(each);
  for (const Schema& each : all_schemas())
    if (each.file == nullptr && std::any_of(found.begin(), found.end(), [](const Schema& one) {
          return std::string_view(one.name) == store::schema::kItems;
        }))
      expect_empty(each);
  for (const Schema& each : found) copy(each);
  to_.command("COMMIT");
  if (lost_ > 0)
    std::puts(fmt::format(
                  "注意: 行が指すファイル {0} 個がありませんでした / {0} files that rows name were not there",
                  lost_)
                  .c_str());
  std::string faults;
  for (const char* each :
       {store::schema::kItems, store::schema::kEdgeTrail, store::schema::kConsoleTrail, store::schema::kGate})
    if (std::any_of(found.begin(), found.end(),
                    [&](const Schema& one) { return one.name == std::string_view(each); }))
      faults += look_at_trail(each);
  return faults;
}

void tell_next(const Config& config) {
  std::puts(
      "\n移行しました。SQLite "
      "のファイルはそのまま残してあります（起動し、届いたことを確かめてから消してください）。\n"
      "Moved. The SQLite files stand as they were: remove them when the service runs and mail arrives.\n"
      "次に / next:\n"
      "  1. kiyome check --live        データベースと鍵を確かめる / the database and the keys\n"
      "  2. サービスを起動 / start the service（systemctl start kiyome）\n"
      "  3. kiyome audit verify        監査記録を検証 / prove the trails\n"
      "  4. kiyome store keys export   二台目のための鍵 / the keys, for a second host");
  std::puts(fmt::format(
                "SQLite に戻すには {0} を消します。両方で動かすと同じメールが二度届きます。 / {0} keeps the "
                "files from being served again: mail would come twice.",
                moved_mark(config))
                .c_str());
}

}  // namespace

int store_migrate(const Config& config, const StoreOptions& options) {
  log::start("store", "warning");
  if (!config.store.shared())
    throw ConfigError(
        "store.url: 移行先の PostgreSQL を設定してから実行してください / say first where to: it is "
        "\"sqlite\"");
  const std::string data_dir = fs::absolute(config.data_dir).string();
  std::vector<Schema> found;
  for (const Schema& each : schemas_of(sides_here(config, options.side)))
    if (each.file != nullptr && fs::exists(data_dir + "/" + each.role + "/" + each.file))
      found.push_back(each);
  if (found.empty())
    throw ConfigError("data_dir: " + data_dir + ": 移すものがありません / there is nothing to move");
  const supervisor::Layout layout = supervisor::lay_out(data_dir);  // nobody serves it, and nobody will
  look_at_server(config.store.url);
  std::string drop_host;
  if (fs::exists(data_dir + "/edge/drop/drop.sqlite"))
    drop_host = run_as(supervisor::account_of("edge"), data_dir + "/edge/drop", Reading::own,
                       [] { return store::node_name("."); });
  const std::string faults =
      run_as(supervisor::account_of("cleaner"), data_dir + "/cleaner", Reading::everything,
             [&] { return Move(config, data_dir, drop_host).run(found); });
  write_file(moved_mark(config), iso_time(unix_ms_now()) + " " + shown_url(config.store.url) + "\n", 0644);
  tell_next(config);
  if (!faults.empty())
    std::fputs(("注意 / note: ファイルの中で既に / so it was in the files:\n" + faults).c_str(), stderr);
  return faults.empty() ? 0 : 1;
}

}  // namespace kiyome::command
