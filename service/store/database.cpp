#include "service/store/database.h"

#include "service/base/errors.h"
#include "service/store/postgres.h"
#include "service/store/sqlite.h"

namespace kiyome::store {

Database::Database(const Place& place)
    : engine_(place.shared() ? open_postgres(place) : open_sqlite(place.file)), shared_(place.shared()) {}

Database::~Database() = default;  // here, where the kept ones end before their connection

Statement& Database::kept(const char* sql) {
  std::unique_ptr<Statement>& statement = kept_[sql];
  if (!statement) statement = std::make_unique<Statement>(*this, sql);
  return *statement;
}

void Database::execute(const char* sql) { engine_->execute(sql); }
int Database::changes() const { return engine_->changes(); }
int Database::user_version() { return engine_->version(); }

void Database::migrate(std::span<const char* const> steps) {
  const int wanted = static_cast<int>(steps.size());
  // Looked at anew within each transaction: another host may have been faster.
  for (int found = user_version(); found != wanted; found = user_version()) {
    if (found < 0 || found > wanted)
      throw TemporaryFailure("database: schema version " + std::to_string(found) +
                             " is newer than this program's " + std::to_string(wanted));
    Transaction transaction(*this);
    if (user_version() != found) continue;
    execute(steps[static_cast<std::size_t>(found)]);
    engine_->set_version(found + 1);
    transaction.commit();
  }
}

}  // namespace kiyome::store
