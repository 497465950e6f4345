#include "service/store/audit_trail.h"

#include <array>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::store {
namespace {

constexpr std::array<const char*, 2> kSchema{KIYOME_AUDIT_TABLE, KIYOME_AUDIT_BOOK};

}  // namespace

AuditTrail::State::State(const std::string& path)
    : database(path), log((database.migrate(kSchema), database)) {}

AuditTrail::AuditTrail(const std::string& path) : path_(path), state_(std::make_unique<State>(path)) {}

void AuditTrail::write(const std::function<void(Database&, AuditLog&)>& work) {
  state_.with([&](std::unique_ptr<State>& state) {
    try {
      Transaction transaction(state->database);
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

AuditBook AuditTrail::book() {
  return {.write =
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
          .open = [this] { return std::make_unique<Database>(path_); }};
}

}  // namespace kiyome::store
