// What is known of invitations and of the letters about them. One SQLite file with one connection under a
// lock. Of a link and of a code only the digest stands here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "service/base/guarded.h"
#include "service/store/database.h"

namespace kiyome::edge::invite {

enum class State : std::uint8_t { open = 1, used = 2, revoked = 3 };

struct Invitation {
  ItemId id;
  std::string inviter, inviter_name;  // login; for people
  std::string mail;                   // who is invited
  std::vector<std::string> recipients;
  std::string message;
  std::int64_t created_ms = 0, expires_ms = 0;
  std::uint64_t bytes_max = 0;
  State state = State::open;
  bool good(std::int64_t now_ms) const { return state == State::open && now_ms < expires_ms; }
};

struct QueuedLetter {
  std::int64_t number = 0;
  std::string to, content;
  std::uint32_t attempts = 0;
  std::int64_t created_ms = 0, next_ms = 0;
};

// Thread-safe. Throws TemporaryFailure.
class InvitationStore {
 public:
  // Opens or creates FOLDER/invitations.sqlite, or what is at `place`.
  explicit InvitationStore(const std::string& folder, const store::Place& place = {});
  bool shared() const { return shared_; }

  // The invitation and its letter, in one transaction. false: this inviter has limits::kInvitationsOpen.
  bool add(const Invitation& invitation, std::string_view token_digest, const std::string& letter,
           std::int64_t now_ms);
  std::optional<Invitation> find(const ItemId& id);
  std::optional<Invitation> find_by_token(std::string_view token_digest);
  std::vector<Invitation> of(const std::string& inviter);  // the newest first, at most kInvitationsListed
  bool end(const ItemId& id, State how);                   // false: it was not open
  std::vector<ItemId> end_all_of(const std::string& inviter);

  // A code for the invitation, with its letter. false: too many were sent within the hour.
  bool put_code(const ItemId& id, std::string_view code_digest, const std::string& to,
                const std::string& letter, std::int64_t now_ms);
  // Counts the try; true once, when the code is the one that counts now.
  bool take_code(const ItemId& id, std::string_view code_digest, std::int64_t now_ms);

  // Nothing is put off for longer than `longest_ms`: what seems to be was written before the clock was set
  // back, and is due.
  std::vector<QueuedLetter> due_letters(std::int64_t now_ms, std::size_t most,
                                        std::int64_t longest_ms = 86'400'000);
  std::optional<std::int64_t> next_letter_ms();  // when the next one is due; nothing: there is none
  // Before it is sent, where other hosts look for letters, too: nobody else is given it until then. false:
  // somebody was faster.
  bool take_letter(const QueuedLetter& letter, std::int64_t until_ms);
  void letter_done(std::int64_t number);
  void letter_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms);
  void prune(std::int64_t before_ms);

 private:
  template <class F>
  auto with(F&& use) {
    return database_.with([&](std::unique_ptr<store::Database>& database) { return use(*database); });
  }
  Guarded<std::unique_ptr<store::Database>> database_;
  bool shared_ = false;
};

}  // namespace kiyome::edge::invite
