#include "service/edge/invite/invitation_store.h"

#include "proto/base/limits.h"
#include "service/edge/drop/drop_rows.h"

namespace kiyome::edge::invite {
namespace {

using store::blob;
using store::Blob;
using store::Database;
using store::Row;
using store::Transaction;

constexpr std::int64_t kHourMs = 3'600'000;

// A step that was ever released is never changed.
constexpr const char* kSchema[] = {
    R"(CREATE TABLE invitations (
         id BLOB PRIMARY KEY, token BLOB NOT NULL,  -- SHA-256
         inviter TEXT NOT NULL, inviter_name TEXT NOT NULL, mail TEXT NOT NULL,
         recipients TEXT NOT NULL,  -- mail addresses parted by LF
         message TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
         bytes_max INTEGER NOT NULL, state INTEGER NOT NULL,
         code BLOB,  -- SHA-256 of the one that counts, or null
         code_ms INTEGER NOT NULL, code_tries INTEGER NOT NULL,
         codes INTEGER NOT NULL, codes_ms INTEGER NOT NULL) WITHOUT ROWID;  -- sent since codes_ms
       CREATE UNIQUE INDEX invitations_by_token ON invitations (token);
       CREATE INDEX invitations_by_inviter ON invitations (inviter, id);
       CREATE TABLE letters (
         number INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, content BLOB NOT NULL,
         attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL);
       CREATE INDEX letters_next ON letters (next_ms);)",
};

#define KIYOME_INVITATION                                                                                  \
  "SELECT id, inviter, inviter_name, mail, recipients, message, created_ms, expires_ms, bytes_max, state " \
  "FROM invitations "

Invitation invitation_of(const Row& row) {
  Invitation out;
  out.id = drop::item_id(row.blob(0));
  out.inviter = row.text(1);
  out.inviter_name = row.text(2);
  out.mail = row.text(3);
  out.recipients = store::parted_lines(row.text(4));
  out.message = row.text(5);
  out.created_ms = row.integer(6);
  out.expires_ms = row.integer(7);
  out.bytes_max = static_cast<std::uint64_t>(row.integer(8));
  out.state = static_cast<State>(row.integer(9));
  return out;
}

void add_letter(Database& database, const std::string& to, const std::string& content, std::int64_t now_ms) {
  database.kept("INSERT INTO letters (recipient, content, attempts, created_ms, next_ms) VALUES (?,?,0,?,?)")
      .run(to, Blob{content}, now_ms, now_ms);
}

}  // namespace

InvitationStore::InvitationStore(const std::string& folder, const store::Place& place)
    : database_(std::make_unique<Database>(
          place.shared() || !place.file.empty()
              ? place
              : store::Place{drop::made_folder(folder) + "/invitations.sqlite", {}, {}})) {
  with([](Database& database) { database.migrate(kSchema); });
  shared_ = place.shared();
}

bool InvitationStore::add(const Invitation& one, std::string_view token_digest, const std::string& letter,
                          std::int64_t now_ms) {
  return with([&](Database& database) {
    Transaction transaction(database);
    std::int64_t open = 0;
    database.kept("SELECT count(*) FROM invitations WHERE inviter=? AND state=1 AND expires_ms>?")
        .one([&](const Row& row) { open = row.integer(0); }, one.inviter, now_ms);
    if (open >= std::int64_t{limits::kInvitationsOpen}) return false;
    database.kept("INSERT INTO invitations VALUES (?,?,?,?,?,?,?,?,?,?,?,NULL,0,0,0,0)")
        .run(blob(one.id), Blob{token_digest}, one.inviter, one.inviter_name, one.mail,
             store::joined_lines(one.recipients), one.message, one.created_ms, one.expires_ms, one.bytes_max,
             one.state);
    add_letter(database, one.mail, letter, now_ms);
    transaction.commit();
    return true;
  });
}

std::optional<Invitation> InvitationStore::find(const ItemId& id) {
  return with([&](Database& database) {
    std::optional<Invitation> out;
    database.kept(KIYOME_INVITATION "WHERE id=?")
        .one([&](const Row& row) { out = invitation_of(row); }, blob(id));
    return out;
  });
}

std::optional<Invitation> InvitationStore::find_by_token(std::string_view token_digest) {
  return with([&](Database& database) {
    std::optional<Invitation> out;
    database.kept(KIYOME_INVITATION "WHERE token=?")
        .one([&](const Row& row) { out = invitation_of(row); }, Blob{token_digest});
    return out;
  });
}

std::vector<Invitation> InvitationStore::of(const std::string& inviter) {
  return with([&](Database& database) {
    std::vector<Invitation> out;
    database.kept(KIYOME_INVITATION "WHERE inviter=? ORDER BY id DESC LIMIT ?")
        .each([&](const Row& row) { out.push_back(invitation_of(row)); }, inviter,
              limits::kInvitationsListed);
    return out;
  });
}

bool InvitationStore::end(const ItemId& id, State how) {
  return with([&](Database& database) {
    database.kept("UPDATE invitations SET state=?, code=NULL WHERE id=? AND state=1").run(how, blob(id));
    return database.changes() > 0;
  });
}

std::vector<ItemId> InvitationStore::end_all_of(const std::string& inviter) {
  return with([&](Database& database) {
    std::vector<ItemId> out;
    Transaction transaction(database);
    database.kept("SELECT id FROM invitations WHERE inviter=? AND state=1")
        .each([&](const Row& row) { out.push_back(drop::item_id(row.blob(0))); }, inviter);
    database.kept("UPDATE invitations SET state=3, code=NULL WHERE inviter=? AND state=1").run(inviter);
    transaction.commit();
    return out;
  });
}

bool InvitationStore::put_code(const ItemId& id, std::string_view code_digest, const std::string& to,
                               const std::string& letter, std::int64_t now_ms) {
  return with([&](Database& database) {
    Transaction transaction(database);
    std::int64_t sent = 0, since = 0;
    database.kept("SELECT codes, codes_ms FROM invitations WHERE id=?")
        .one([&](const Row& row) { sent = row.integer(0), since = row.integer(1); }, blob(id));
    if (now_ms - since > kHourMs || now_ms < since) sent = 0, since = now_ms;
    if (sent >= limits::kInvitationCodes) return false;
    database
        .kept(
            "UPDATE invitations SET code=?, code_ms=?, code_tries=0, codes=?, codes_ms=? WHERE id=? AND "
            "state=1")
        .run(Blob{code_digest}, now_ms, sent + 1, since, blob(id));
    add_letter(database, to, letter, now_ms);
    transaction.commit();
    return true;
  });
}

bool InvitationStore::take_code(const ItemId& id, std::string_view code_digest, std::int64_t now_ms) {
  return with([&](Database& database) {
    Transaction transaction(database);
    bool right = false, more = true;
    database
        .kept("SELECT code, code_ms, code_tries FROM invitations WHERE id=? AND state=1 AND code IS NOT NULL")
        .one(
            [&](const Row& row) {
              const bool fresh = now_ms - row.integer(1) < std::int64_t{limits::kInvitationCodeMs};
              right = fresh && row.blob(0) == code_digest;
              more = fresh && row.integer(2) + 1 < limits::kInvitationTries;
            },
            blob(id));
    database
        .kept("UPDATE invitations SET code_tries=code_tries+1, code=CASE WHEN ?<>0 THEN code END WHERE id=?")
        .run(!right && more, blob(id));
    transaction.commit();
    return right;
  });
}

std::vector<QueuedLetter> InvitationStore::due_letters(std::int64_t now_ms, std::size_t most,
                                                       std::int64_t longest_ms) {
  return with([&](Database& database) {
    std::vector<QueuedLetter> out;
    database
        .kept(
            "SELECT number, recipient, content, attempts, created_ms, next_ms FROM letters WHERE next_ms<=? "
            "OR "
            "next_ms>? ORDER BY next_ms LIMIT ?")
        .each(
            [&](const Row& row) {
              out.push_back({row.integer(0), std::string(row.text(1)), std::string(row.blob(2)),
                             static_cast<std::uint32_t>(row.integer(3)), row.integer(4), row.integer(5)});
            },
            now_ms, now_ms + longest_ms, most);
    return out;
  });
}

std::optional<std::int64_t> InvitationStore::next_letter_ms() {
  return with([&](Database& database) {
    std::optional<std::int64_t> out;
    database.kept("SELECT next_ms FROM letters ORDER BY next_ms LIMIT 1").one([&](const Row& row) {
      out = row.integer(0);
    });
    return out;
  });
}

bool InvitationStore::take_letter(const QueuedLetter& letter, std::int64_t until_ms) {
  if (!shared_) return true;
  return with([&](Database& database) {
    database.kept("UPDATE letters SET next_ms=? WHERE number=? AND next_ms=?")
        .run(until_ms, letter.number, letter.next_ms);
    return database.changes() > 0;
  });
}

void InvitationStore::letter_done(std::int64_t number) {
  with([&](Database& database) { database.kept("DELETE FROM letters WHERE number=?").run(number); });
}

void InvitationStore::letter_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms) {
  with([&](Database& database) {
    database.kept("UPDATE letters SET attempts=?, next_ms=? WHERE number=?").run(attempts, next_ms, number);
  });
}

void InvitationStore::prune(std::int64_t before_ms) {
  with([&](Database& database) {
    database.kept("DELETE FROM invitations WHERE expires_ms<?").run(before_ms);
  });
}

}  // namespace kiyome::edge::invite
