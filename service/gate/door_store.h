// The doors' part of the gate's store: links that are good, what was asked by them, and what became of it.
// Same database and transactions as the rest (gate_store.h). A token is known by its hash alone; a password
// is never here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/transfer/doors.h"
#include "service/base/guarded.h"
#include "service/gate/gate_at.h"
#include "service/store/database.h"

namespace kiyome::gate {

// transfer::DoorStep, and what only this side knows.
enum class DoorMark : std::uint8_t {
  none = 0,
  asked = 1,
  refused = 2,
  granted = 3,
  wrong = 4,
  opened = 5,
  spent = 6,
  gone = 7,
  sent = 8,  // here on the disk; the Internet side has not said that it has it
  lost = 9,  // a password that nobody looked at, because this process ended
};

struct DoorView {
  transfer::Door door;
  std::map<std::uint32_t, DoorMark> marks;  // by part; transfer::kLockedParts of a password
};

// Writing: on the writer's thread, between the gate store's begin() and commit(). Reading: any thread.
// Everything throws TemporaryFailure.
class DoorStore {
 public:
  DoorStore(store::Database& database, const GateAt& at);
  ~DoorStore();

  // ---- writing ----
  void insert(const transfer::Door& door);  // the same again changes nothing; above kDoorsOpen the oldest go
  // What became of an earlier password says nothing of the last one.
  void heard(const transfer::DoorState& state, std::int64_t until_ms);
  // Of what was asked or given before only a password may be given again.
  bool ask(const transfer::DoorRequest& request, std::int64_t now_ms, std::int64_t until_ms);
  void password_sent(const ItemId& id, std::uint32_t recipient, std::uint64_t attempt, std::int64_t now_ms,
                     std::int64_t until_ms);
  void password_lost(const ItemId& id, std::uint32_t recipient);
  void join(const std::string& owner) { owner_ = owner; }  // whose passwords are given from here on
  void passwords_lost();  // those in the memory of a process that ended; at the start, and when a gate died
  void expire(std::int64_t now_ms);

  // ---- reading ----
  std::optional<DoorView> find(const std::array<std::uint8_t, 32>& token_hash, std::int64_t now_ms);
  DoorMark mark(const ItemId& id, std::uint32_t recipient, std::uint32_t part);
  // What the Internet side has not answered, the oldest first.
  std::vector<transfer::DoorRequest> unanswered(std::size_t max);
  std::size_t waiting();  // how many those are

 private:
  struct Reading;
  store::Database& db_;
  std::string owner_;
  std::int64_t count_ = 0, counted_for_ = 0;  // of all; added since they were counted
  Guarded<std::unique_ptr<Reading>> reading_;
};

}  // namespace kiyome::gate
