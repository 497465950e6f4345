#include "service/store/proposals.h"

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/store/item_writer.h"
#include "service/store/proposal_rows.h"

namespace kiyome::store {
namespace {

constexpr auto kWritePatience = std::chrono::seconds(15);
constexpr std::size_t kTurn = 200;     // that one call lets expire or escalates; the next call goes on
constexpr std::size_t kCircle = 1000;  // people that stand in for each other, one after the other

using log::json_string;

void note(ItemWriter& writer, const char* event, const Proposal& about, const std::string& actor,
          const std::string& more = "") {
  writer.note({0, 0, event, about.item, actor,
               "{\"proposal\":" + std::to_string(about.number) + ",\"kind\":" + json_string(about.kind) +
                   more + "}"});
}

void send(ItemWriter& writer, const Proposal& about, const std::vector<OwnLetter>& letters, bool bound) {
  for (const OwnLetter& letter : letters)
    writer.add_return(about.item.value_or(ItemId{}), letter.to, letter.content, bound ? about.number : 0);
}

std::optional<Proposal> find_in(Database& db, std::int64_t number) {
  std::optional<Proposal> out;
  db.kept(KIYOME_PROPOSAL_COLUMNS "WHERE p.number=?")
      .one([&](const Row& row) { out = proposal_of(row); }, number);
  return out;
}

}  // namespace

Proposals::Proposals(ItemStore& items, const ItemsAt& at) : items_(items) {
  reader_.with(
      [&](std::unique_ptr<Database>& connection) { connection = std::make_unique<Database>(at.place); });
}

void Proposals::write(const std::function<void(ItemWriter&)>& work) {
  const std::optional<bool> written = wait_for_answer<bool>(
      kWritePatience, [&](ItemStore::Done done) { items_.write(work, std::move(done)); });
  if (!written.value_or(false)) throw TemporaryFailure("a proposal could not be written");
}

// The work may outlive this call's patience: what it uses is its own, and what it gives is shared with it.
std::int64_t Proposals::add(Proposal proposal, const LettersOf& letters) {
  const auto number = std::make_shared<std::int64_t>(0);
  write([number, proposal = std::move(proposal), letters](ItemWriter& writer) {
    Database& db = writer.database();
    *number = 0;
    std::int64_t open = 0;
    db.kept("SELECT count(*) FROM proposals WHERE state='open'").one([&](const Row& row) {
      open = row.integer(0);
    });
    if (open >= static_cast<std::int64_t>(limits::kReviewOpen)) return;
    Statement& insert = db.kept(
        "INSERT INTO proposals (id, kind, what, reason, proposed_by, tenant, proposed_ms, until_ms, state, "
        "decided_by, decided_ms, outcome) VALUES (?,?,?,?,?,?,?,?,'open','',0,'') RETURNING number");
    const auto numbered = [&](const Row& row) { *number = row.integer(0); };
    if (proposal.item)
      insert.one(numbered, blob(*proposal.item), proposal.kind, proposal.what, proposal.reason,
                 proposal.proposed_by, proposal.tenant, proposal.proposed_ms, proposal.until_ms);
    else
      insert.one(numbered, Null{}, proposal.kind, proposal.what, proposal.reason, proposal.proposed_by,
                 proposal.tenant, proposal.proposed_ms, proposal.until_ms);
    const Proposal kept = *find_in(db, *number);
    note(writer, "proposed", kept, kept.proposed_by,
         ",\"reason\":" + json_string(kept.reason) + ",\"what\":" + kept.what);
    if (letters) send(writer, kept, letters(kept), false);
  });
  return *number;
}

bool Proposals::decide(const Decision& decision, const LettersOf& letters) {
  const auto won = std::make_shared<bool>(false);
  write([won, decision, letters](ItemWriter& writer) {
    Database& db = writer.database();
    *won = false;
    const std::optional<Proposal> found = find_in(db, decision.number);
    if (!found || found->state != "open" || found->until_ms <= decision.now_ms) return;
    const bool himself = found->proposed_by == decision.by;
    if (himself != decision.alone || (decision.alone && (found->kind == "original" || !decision.agree)))
      return;
    db.kept(
          "UPDATE proposals SET state=?, decided_by=?, decided_ms=?, answer=?, alone=? WHERE number=? AND "
          "state='open'")
        .run(decision.agree ? "agreed" : "refused", decision.by, decision.now_ms, decision.answer,
             decision.alone, decision.number);
    *won = db.changes() == 1;
    if (!*won) return;
    const Proposal kept = *find_in(db, decision.number);
    note(writer,
         decision.alone   ? "break-glass"
         : decision.agree ? "proposal-agreed"
                          : "proposal-refused",
         kept, decision.by,
         ",\"reason\":" + json_string(decision.answer) + ",\"proposed_by\":" + json_string(kept.proposed_by) +
             (decision.as.empty() ? std::string() : ",\"as\":" + json_string(decision.as)));
    if (letters) send(writer, kept, letters(kept), false);
  });
  return *won;
}

bool Proposals::finish(std::int64_t number, const Outcome& outcome) {
  const auto mine = std::make_shared<bool>(false);
  write([mine, number, outcome](ItemWriter& writer) {
    Database& db = writer.database();
    db.kept("UPDATE proposals SET state=?, outcome=?, password_until_ms=? WHERE number=? AND state='agreed'")
        .run(outcome.done ? "done" : "failed", outcome.text, outcome.password_until_ms, number);
    *mine = db.changes() == 1;
    if (!*mine) return;
    if (!outcome.password.empty())
      db.kept("UPDATE proposals SET password=? WHERE number=?").run(Blob{outcome.password}, number);
    if (outcome.crossing) {
      db.kept("UPDATE proposals SET crossing=? WHERE number=?").run(blob(outcome.crossing->id), number);
      writer.send(*outcome.crossing);
    }
    for (const audit::Entry& entry : outcome.entries) writer.note(entry);
    const Proposal kept = *find_in(db, number);
    note(writer, outcome.done ? "proposal-done" : "proposal-failed", kept, "cleaner",
         ",\"outcome\":" + json_string(outcome.text));
    send(writer, kept, outcome.letters, true);
  });
  return *mine;
}

std::string Proposals::take_password(std::int64_t number, const std::string& login, std::int64_t now_ms) {
  const auto sealed = std::make_shared<std::string>();
  write([=](ItemWriter& writer) {
    Database& db = writer.database();
    sealed->clear();
    db.kept("SELECT password FROM proposals WHERE number=? AND proposed_by=? AND password_until_ms>?")
        .one([&](const Row& row) { *sealed = row.blob(0); }, number, login, now_ms);
    if (sealed->empty()) return;
    db.kept("UPDATE proposals SET password=NULL, password_until_ms=0 WHERE number=?").run(number);
    note(writer, "password-shown", *find_in(db, number), login);
  });
  return *sealed;
}

void Proposals::expire(std::int64_t now_ms) {
  const bool any = reader_.with([&](std::unique_ptr<Database>& db) {
    return db
        ->kept(
            "SELECT 1 FROM proposals WHERE state='open' AND until_ms<=? UNION ALL "
            "SELECT 1 FROM proposals WHERE password_until_ms>0 AND password_until_ms<=? LIMIT 1")
        .one([](const Row&) {}, now_ms, now_ms);
  });
  if (!any) return;
  write([now_ms](ItemWriter& writer) {
    Database& db = writer.database();
    std::vector<Proposal> over;
    db.kept(KIYOME_PROPOSAL_COLUMNS "WHERE p.state='open' AND p.until_ms<=? LIMIT ?")
        .each([&](const Row& row) { over.push_back(proposal_of(row)); }, now_ms, kTurn);
    for (const Proposal& each : over) {
      db.kept("UPDATE proposals SET state='expired', decided_ms=? WHERE number=?").run(now_ms, each.number);
      note(writer, "proposal-expired", each, "cleaner");
    }
    db.kept(
          "UPDATE proposals SET password=NULL, password_until_ms=0 WHERE password_until_ms>0 AND "
          "password_until_ms<=?")
        .run(now_ms);
  });
}

void Proposals::escalate(std::int64_t proposed_before_ms, std::int64_t now_ms, const LettersOf& letters) {
  const auto due = [=](Database& db) {
    std::vector<Proposal> out;
    db.kept(KIYOME_PROPOSAL_COLUMNS
            "WHERE p.state='open' AND p.escalated_ms=0 AND p.proposed_ms<=? AND p.until_ms>? LIMIT ?")
        .each([&](const Row& row) { out.push_back(proposal_of(row)); }, proposed_before_ms, now_ms, kTurn);
    return out;
  };
  if (reader_.with([&](std::unique_ptr<Database>& db) { return due(*db).empty(); })) return;
  write([=](ItemWriter& writer) {
    for (const Proposal& each : due(writer.database())) {
      writer.database().kept("UPDATE proposals SET escalated_ms=? WHERE number=?").run(now_ms, each.number);
      const std::vector<OwnLetter> mails = letters(each);
      note(writer, "proposal-escalated", each, "cleaner", ",\"told\":" + std::to_string(mails.size()));
      send(writer, each, mails, false);
    }
  });
}

std::optional<Proposal> Proposals::find(std::int64_t number) {
  return reader_.with([&](std::unique_ptr<Database>& db) { return find_in(*db, number); });
}

void Proposals::list(bool open_only, std::int64_t after, const std::function<bool(const Proposal&)>& use) {
  std::int64_t below = after > 0 ? after : INT64_MAX;
  for (std::size_t seen = 0; seen < limits::kReviewOpen; seen += kTurn) {
    const std::vector<Proposal> rows = reader_.with([&](std::unique_ptr<Database>& db) {
      std::vector<Proposal> out;
      Statement& query =
          open_only ? db->kept(KIYOME_PROPOSAL_COLUMNS
                               "WHERE p.state='open' AND p.number<? ORDER BY p.number DESC LIMIT ?")
                    : db->kept(KIYOME_PROPOSAL_COLUMNS "WHERE p.number<? ORDER BY p.number DESC LIMIT ?");
      query.each([&](const Row& row) { out.push_back(proposal_of(row)); }, below, kTurn);
      return out;
    });
    for (const Proposal& each : rows)
      if (!use(each)) return;
    if (rows.size() < kTurn) return;
    below = rows.back().number;
  }
}

std::vector<Proposal> Proposals::agreed() {
  return reader_.with([](std::unique_ptr<Database>& db) {
    std::vector<Proposal> out;
    db->kept(KIYOME_PROPOSAL_COLUMNS "WHERE p.state='agreed' ORDER BY p.number LIMIT ?")
        .each([&](const Row& row) { out.push_back(proposal_of(row)); }, kTurn);
    return out;
  });
}

// Each has one delegate, so that the way from a delegate on is a line; it must not come back to the login.
bool Proposals::delegate(const Delegation& delegation, std::int64_t now_ms) {
  const auto taken = std::make_shared<bool>(false);
  write([=](ItemWriter& writer) {
    Database& db = writer.database();
    Statement& next = db.kept("SELECT delegate FROM delegations WHERE login=? AND until_ms>?");
    std::string at = delegation.delegate;
    bool more = !at.empty();
    for (std::size_t i = 0; i < kCircle && more && at != delegation.login; ++i) {
      const std::string from = at;
      more = next.one([&](const Row& row) { at = row.text(0); }, from, now_ms);
    }
    *taken = !more;
    if (!*taken) return;
    if (delegation.delegate.empty())
      db.kept("DELETE FROM delegations WHERE login=?").run(delegation.login);
    else
      db.kept(
            "INSERT INTO delegations VALUES (?,?,?,?) ON CONFLICT (login) DO UPDATE SET "
            "delegate=excluded.delegate, tenant=excluded.tenant, until_ms=excluded.until_ms")
          .run(delegation.login, delegation.delegate, delegation.tenant, delegation.until_ms);
    writer.note({0, 0, "delegated", std::nullopt, delegation.login,
                 "{\"to\":" + json_string(delegation.delegate) + ",\"until\":" +
                     json_string(delegation.delegate.empty() ? "" : iso_time(delegation.until_ms)) + "}"});
  });
  return *taken;
}

std::optional<Delegation> Proposals::delegation_of(const std::string& login, std::int64_t now_ms) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::optional<Delegation> out;
    db->kept("SELECT login, delegate, tenant, until_ms FROM delegations WHERE login=? AND until_ms>?")
        .one([&](const Row& row) { out = delegation_of_row(row); }, login, now_ms);
    return out;
  });
}

std::vector<Delegation> Proposals::delegations_to(const std::string& login, std::int64_t now_ms) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::vector<Delegation> out;
    db->kept(
          "SELECT login, delegate, tenant, until_ms FROM delegations WHERE delegate=? AND until_ms>? LIMIT ?")
        .each([&](const Row& row) { out.push_back(delegation_of_row(row)); }, login, now_ms, kTurn);
    return out;
  });
}

std::vector<Allowance> Proposals::allowances(const std::string& tenant, std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::vector<Allowance> out;
    db->kept(
          "SELECT number, sender, type, allowed_by, agreed_by, reason, until_ms, created_ms, ended_ms, "
          "tenant FROM allowances WHERE ?1='' OR tenant=?1 ORDER BY number DESC LIMIT ?2")
        .each([&](const Row& row) { out.push_back(allowance_of_row(row)); }, tenant, max);
    return out;
  });
}

bool Proposals::end_allowance(std::int64_t number, const std::string& tenant, const std::string& by,
                              std::int64_t now_ms) {
  const auto stood = std::make_shared<bool>(false);
  write([=](ItemWriter& writer) {
    Database& db = writer.database();
    db.kept("UPDATE allowances SET ended_ms=?1 WHERE number=?2 AND ended_ms=0 AND (?3='' OR tenant=?3)")
        .run(now_ms, number, tenant);
    *stood = db.changes() == 1;
    if (*stood)
      writer.note(
          {0, 0, "allowance-ended", std::nullopt, by, "{\"allowance\":" + std::to_string(number) + "}"});
  });
  return *stood;
}

}  // namespace kiyome::store
