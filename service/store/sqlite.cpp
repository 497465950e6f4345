#include "service/store/sqlite.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proto/base/check.h"
#include "service/base/errors.h"

namespace kiyome::store {
namespace {

constexpr int kPatienceMs = 5000;  // for another process that reads, e.g. a copy being made

[[noreturn]] void refuse(sqlite3* handle, int code) {
  // After a failed fsync the kernel may have dropped the dirty pages and will say "fine" the next time.
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
    std::fprintf(stderr, "fsync failed: the process ends\n");
    std::abort();
  }
  throw TemporaryFailure(std::string("database: ") +
                         (handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code)));
}

void expect_ok(sqlite3* handle, int code) {
  if (code != SQLITE_OK) refuse(handle, code);
}

// SQLite makes a path absolute before it opens it, and would need the right to search every folder above. A
// role reaches its own folder by its working directory alone, so a name is taken as it stands.
int as_it_stands(sqlite3_vfs*, const char* name, int room, char* out) {
  const std::size_t size = std::strlen(name) + 1;
  if (room < 0 || size > static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, size);
  return SQLITE_OK;
}

const char* vfs_name() {
  static const char* const kName = [] {
    static sqlite3_vfs vfs = *sqlite3_vfs_find(nullptr);
    vfs.zName = "kiyome";
    vfs.xFullPathname = as_it_stands;
    KIYOME_CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
    return vfs.zName;
  }();
  return kName;
}

}  // namespace

Database::Database(const std::string& path, const DatabaseOptions& options) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs_name());
  handle_.reset(handle);
  if (code != SQLITE_OK) throw TemporaryFailure("cannot open " + path + ": " + sqlite3_errstr(code));
  sqlite3_busy_timeout(handle, kPatienceMs);
  if (options.exclusive) execute("PRAGMA locking_mode=EXCLUSIVE");
  execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF");
  expect_ok(handle, sqlite3_wal_autocheckpoint(handle, options.checkpoint_pages));
  std::string mode;
  Statement(*this, "PRAGMA journal_mode").one([&](const Row& row) { mode = row.text(0); });
  if (mode != "wal")
    throw TemporaryFailure("cannot open " + path + ": no write-ahead log on this file system");
}

Database::~Database() = default;  // here, where a Statement is known

Statement& Database::kept(const char* sql) {
  std::unique_ptr<Statement>& statement = kept_[sql];
  if (!statement) statement = std::make_unique<Statement>(*this, sql);
  return *statement;
}

void Database::execute(const char* sql) {
  expect_ok(handle_.get(), sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

int Database::user_version() {
  std::int64_t version = 0;
  Statement(*this, "PRAGMA user_version").one([&](const Row& row) { version = row.integer(0); });
  return static_cast<int>(version);
}

void Database::migrate(std::span<const char* const> steps) {
  const int found = user_version();
  const int wanted = static_cast<int>(steps.size());
  if (found < 0 || found > wanted)
    throw TemporaryFailure("database: schema version " + std::to_string(found) +
                           " is newer than this program's " + std::to_string(wanted));
  for (int version = found; version < wanted; ++version) {
    Transaction transaction(*this);
    execute(steps[static_cast<std::size_t>(version)]);
    execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
    transaction.commit();
  }
}

void Database::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY) refuse(handle_.get(), code);
}

std::string_view Row::blob(int column) const {
  const void* octets = sqlite3_column_blob(statement_, column);
  if (octets == nullptr) return {};
  return {static_cast<const char*>(octets),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  expect_ok(database.handle(), code);
}

void Statement::bind(int index, std::int64_t value) {
  KIYOME_CHECK(sqlite3_bind_int64(statement_.get(), index, value) == SQLITE_OK);
}

void Statement::bind(int index, double value) {
  KIYOME_CHECK(sqlite3_bind_double(statement_.get(), index, value) == SQLITE_OK);
}

// An empty view may have no address, and a bound null pointer would be NULL.
void Statement::bind(int index, std::string_view text) {
  const char* octets = text.empty() ? "" : text.data();
  expect_ok(database_->handle(),
            sqlite3_bind_text64(statement_.get(), index, octets, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, Blob blob) {
  const char* octets = blob.octets.empty() ? "" : blob.octets.data();
  expect_ok(database_->handle(),
            sqlite3_bind_blob64(statement_.get(), index, octets, blob.octets.size(), SQLITE_STATIC));
}

void Statement::bind(int index, Null) {
  KIYOME_CHECK(sqlite3_bind_null(statement_.get(), index) == SQLITE_OK);
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) refuse(database_->handle(), code);
  return false;
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

void Statement::finish() {
  const Ready ready{this};
  while (step()) {
  }
}

Transaction::Transaction(Database& database) : database_(&database) { database.execute("BEGIN IMMEDIATE"); }

// A failed commit may have rolled back by itself; a second ROLLBACK only says so.
Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_->execute("COMMIT");
  open_ = false;
}

}  // namespace kiyome::store
