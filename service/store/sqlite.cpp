#include "service/store/sqlite.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proto/base/check.h"
#include "service/base/errors.h"

namespace kiyome::store {
namespace {

constexpr int kPatienceMs = 5000;  // for another process that reads, e.g. a copy being made
constexpr int kCheckpointPages =
    4000;  // in the write-ahead log before it is folded into the database, 4 KB each

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

class SqlitePrepared final : public Prepared {
 public:
  SqlitePrepared(sqlite3* handle, std::string_view sql) : handle_(handle) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    expect_ok(handle, code);
  }

  void bind(int index, std::int64_t value) override {
    KIYOME_CHECK(sqlite3_bind_int64(statement_.get(), index, value) == SQLITE_OK);
  }
  void bind(int index, double value) override {
    KIYOME_CHECK(sqlite3_bind_double(statement_.get(), index, value) == SQLITE_OK);
  }
  // An empty view may have no address, and a bound null pointer would be NULL.
  void bind(int index, std::string_view text) override {
    const char* octets = text.empty() ? "" : text.data();
    expect_ok(handle_,
              sqlite3_bind_text64(statement_.get(), index, octets, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  void bind(int index, Blob blob) override {
    const char* octets = blob.octets.empty() ? "" : blob.octets.data();
    expect_ok(handle_,
              sqlite3_bind_blob64(statement_.get(), index, octets, blob.octets.size(), SQLITE_STATIC));
  }
  void bind(int index, Null) override {
    KIYOME_CHECK(sqlite3_bind_null(statement_.get(), index) == SQLITE_OK);
  }
  bool step(bool) override {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) refuse(handle_, code);
    return false;
  }
  void reset() override {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
  }

  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const override { return sqlite3_column_double(statement_.get(), column); }
  bool null(int column) const override {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  std::string_view octets(int column) const override {
    const void* octets = sqlite3_column_blob(statement_.get(), column);
    if (octets == nullptr) return {};
    return {static_cast<const char*>(octets),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* handle_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteEngine final : public Engine {
 public:
  explicit SqliteEngine(const std::string& path) {
    sqlite3* handle = nullptr;
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs_name());
    handle_.reset(handle);
    if (code != SQLITE_OK) throw TemporaryFailure("cannot open " + path + ": " + sqlite3_errstr(code));
    sqlite3_busy_timeout(handle, kPatienceMs);
    execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA "
        "trusted_schema=OFF");
    expect_ok(handle, sqlite3_wal_autocheckpoint(handle, kCheckpointPages));
    SqlitePrepared mode(handle, "PRAGMA journal_mode");
    if (!mode.step(false) || mode.octets(0) != "wal")
      throw TemporaryFailure("cannot open " + path + ": no write-ahead log on this file system");
  }

  std::unique_ptr<Prepared> prepare(std::string_view sql) override {
    return std::make_unique<SqlitePrepared>(handle_.get(), sql);
  }
  void execute(const char* sql) override {
    expect_ok(handle_.get(), sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
  }
  void begin(Writers) override { execute("BEGIN IMMEDIATE"); }
  void begin_reading() override { execute("BEGIN"); }
  void commit() override { execute("COMMIT"); }
  // A failed commit may have rolled back by itself; a second ROLLBACK only says so.
  void rollback() noexcept override { sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }
  int changes() const override { return sqlite3_changes(handle_.get()); }
  int version() override {
    SqlitePrepared asked(handle_.get(), "PRAGMA user_version");
    return asked.step(false) ? static_cast<int>(asked.integer(0)) : -1;
  }
  void set_version(int version) override {
    execute(("PRAGMA user_version=" + std::to_string(version)).c_str());
  }
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace

std::unique_ptr<Engine> open_sqlite(const std::string& path) { return std::make_unique<SqliteEngine>(path); }

sqlite3* sqlite_handle(Database& database) {
  auto* const engine = dynamic_cast<SqliteEngine*>(&database.engine());
  KIYOME_CHECK(engine != nullptr);
  return engine->handle();
}

std::int64_t last_rowid(Database& database) { return sqlite3_last_insert_rowid(sqlite_handle(database)); }

}  // namespace kiyome::store
