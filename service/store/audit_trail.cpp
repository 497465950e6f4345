#include "service/store/audit_trail.h"

#include <array>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::store {
namespace {

constexpr std::array<const char*, 2> kSchema{KIYOME_AUDIT_TABLE, KIYOME_AUDIT_BOOK};

}  // namespace

AuditTrail::State::State(const Place& place) : database(place), log((database.migrate(kSchema), database)) {}

AuditTrail::AuditTrail(Place place) : place_(std::move(place)), state_(std::make_unique<State>(place_)) {}

void AuditTrail::write(const std::function<void(Database&, AuditLog&)>& work) {
  state_.with([&](std::unique_ptr<State>& state) {
    try {
      Transaction transaction(state->database);
      state->log.began();
      work(state->database, state->log);
      transaction.commit();
      state->log.committed();
    } catch (...) {
      state->log.rolled_back();
      throw;
    }
  });
}

void AuditTrail::append(const std::string& event, const std::string& actor, const std::string& detail) {
  write([&](Database&, AuditLog& log) { log.note(event, nullptr, actor, detail, unix_ms_now()); });
}

// Of the hosts that share a trail the one that looks after it is whoever holds a lock of the database; it
// goes with the connection, so the question is asked anew each time.
bool AuditTrail::on_duty() {
  return duty_.with([&](std::unique_ptr<Database>& holder) {
    bool ours = false;
    try {
      if (!holder) holder = std::make_unique<Database>(place_);
      const auto told = [&](const Row& row) { ours = row.integer(0) != 0; };
      holder->kept("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'")
          .one(told);
      if (!ours) holder->kept("SELECT pg_try_advisory_lock(hashtextextended(?, 1))").one(told, place_.schema);
    } catch (const TemporaryFailure&) {
      ours = false;
    }
    return ours;
  });
}

AuditBook AuditTrail::book() {
  AuditBook out{.write =
                    [this](const std::function<void(Database&, AuditLog&)>& work,
                           const std::function<void(bool)>& done) {
                      bool written = true;
                      try {
                        write(work);
                      } catch (const TemporaryFailure& trouble) {
                        log::error("audit trail", {{"why", trouble.what()}});
                        written = false;
                      }
                      if (done) done(written);
                    },
                .open = [this] { return std::make_unique<Database>(place_); }};
  if (place_.shared()) out.on_duty = [this] { return on_duty(); };
  return out;
}

}  // namespace kiyome::store
