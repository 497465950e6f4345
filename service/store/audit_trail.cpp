#include "service/store/audit_trail.h"

#include <array>

#include "service/base/clock.h"

namespace kiyome::store {
namespace {

constexpr std::array<const char*, 1> kSchema{KIYOME_AUDIT_TABLE};

}  // namespace

AuditTrail::State::State(const std::string& path)
    : database(path, {.exclusive = true}), log((database.migrate(kSchema), database)) {}

AuditTrail::AuditTrail(const std::string& path) : state_(std::make_unique<State>(path)) {}

void AuditTrail::append(const std::string& event, const std::string& actor, const std::string& detail) {
  state_.with([&](std::unique_ptr<State>& state) {
    try {
      Transaction transaction(state->database);
      state->log.note(event, nullptr, actor, detail, unix_ms_now());
      transaction.commit();
      state->log.committed();
    } catch (...) {
      state->log.rolled_back();
      throw;
    }
  });
}

std::optional<std::string> AuditTrail::verify(const std::function<void(const audit::Entry&)>& use,
                                              std::uint64_t& count) {
  return state_.with(
      [&](std::unique_ptr<State>& state) { return AuditLog::verify(state->database, use, count); });
}

}  // namespace kiyome::store
