#include "service/cleaner/admin_commands.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "proto/clean/codec.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/http/json_text.h"
#include "service/trail/words.h"

namespace kiyome::cleaner {
namespace {

constexpr std::size_t kWorkingShown =
    1000;  // items not decided yet; their envelopes have to be read for a listing
constexpr auto kWriteWait = std::chrono::seconds(30);
constexpr auto kUnlockWait = std::chrono::minutes(4);  // for documents; the asker waits for five

std::string words_json(const std::string& words) {
  std::string out = "[";
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (out.size() > 1) out += ',';
    out += log::json_string(std::string_view(words).substr(at, end - at));
    at = end + 1;
  }
  return out + "]";
}

std::string row_json(const store::RecipientRow& row) {
  return fmt::format(
      R"({{"id":"{}","recipient":{},"state":"{}","reasons":{},"sender":{},"bytes":{},"received_at":"{}","status":"{}"}})",
      row.id.text(), log::json_string(row.address), store::name_of(row.state), words_json(row.reasons),
      log::json_string(row.sender), row.bytes, iso_time(row.received_ms), row.status);
}

ItemId id_of(const Poco::JSON::Object::Ptr& request) {
  const Result<ItemId> id = ItemId::parse(request->optValue<std::string>("id", ""));
  if (!id) throw std::runtime_error("no such item id");
  return *id;
}

std::vector<std::string> passwords_of(const Poco::JSON::Object::Ptr& request) {
  const Poco::JSON::Array::Ptr array = request->getArray("passwords");
  std::vector<std::string> out;
  for (std::size_t i = 0; array && i < array->size(); ++i)
    out.push_back(array->getElement<std::string>(static_cast<unsigned>(i)));
  if (out.empty()) throw std::runtime_error("no password was given");
  if (out.size() > limits::kUnlockPasswords)
    throw std::runtime_error(fmt::format("at most {} passwords at once", limits::kUnlockPasswords));
  for (const std::string& each : out)
    if (each.empty() || each.size() > limits::kJobPassword || !clean::is_clean_line(each))
      throw std::runtime_error(fmt::format("a password is one line of 1 to {} octets", limits::kJobPassword));
  return out;
}

// The command line's words, read as the console's are.
Decision decision_from(const Poco::JSON::Object::Ptr& request, const std::string& kind) {
  http::JsonText text;
  text.begin_object().member("kind", kind);
  for (const char* each : {"reason", "part", "policy"})
    if (const auto value = request->optValue<std::string>(each, ""); !value.empty()) text.member(each, value);
  if (request->optValue<bool>("notice", false)) text.member("notice", true);
  try {
    return decision_of(text.end_object().take());
  } catch (const http::Problem& problem) {
    std::string what = "not understood:";
    for (const std::string& field : problem.fields) what += " " + field;
    throw std::runtime_error(what);
  }
}

void changed(unsigned recipients, const AdminReply& reply) {
  reply(fmt::format(R"({{"recipients":{}}})", recipients));
}

}  // namespace

void AdminCommands::handle(const std::string& text, const AdminReply& reply) {
  Poco::JSON::Parser parser;
  const auto request = parser.parse(text).extract<Poco::JSON::Object::Ptr>();
  const std::string command = request->optValue<std::string>("command", "");
  const std::string actor = request->optValue<std::string>("actor", "operator");
  if (command == "queue.list") {
    list_all(reply);
  } else if (command == "quarantine.list") {
    store::ListFilter filter;
    filter.held_only = true;
    list(filter, reply);
  } else if (command == "show") {
    show(id_of(request), reply);
  } else if (command == "hold") {
    const unsigned held = decide(id_of(request), actor, decision_from(request, command), kWriteWait);
    if (held == 0) throw std::runtime_error("nothing of this item can be held any more: see queue show");
    changed(held, reply);
  } else if (command == "lost") {
    changed(lost(id_of(request), actor), reply);
  } else if (decision_kind_of(command)) {
    changed(decide(id_of(request), actor, decision_from(request, command), kWriteWait), reply);
  } else if (command == "unlock") {
    changed(unlock(id_of(request), actor, passwords_of(request)), reply);
  } else if (command == "keep" || command == "unkeep") {
    const std::string reason = request->optValue<std::string>("reason", "");
    if (command == "keep" && (reason.empty() || reason.size() > limits::kReviewReason))
      throw std::runtime_error("a reason is needed");
    keep(id_of(request), actor, command == "keep" ? reason : std::string(), reply);
  } else if (trail::tell_trail(keeper_, text, reply)) {
  } else if (command == "status") {
    reply(fmt::format(R"({{"working":{},"gate":{}}})", queue_.size(), gate_.connected()));
  } else {
    throw std::runtime_error("no such command");
  }
}

void AdminCommands::list(const store::ListFilter& filter, const AdminReply& reply) {
  items_.list(filter, [&](const store::RecipientRow& row) { return reply(row_json(row)); });
}

// An original that cannot be read now still has its line, with a recipient that nobody knows yet.
store::Original AdminCommands::readable(const transfer::Announce& where) {
  try {
    if (Result<store::Original> original = originals_.read(where)) return std::move(*original);
  } catch (const std::exception& trouble) {
    log::warning("original not readable", where.id, {{"why", trouble.what()}});
  }
  store::Original unknown;
  unknown.envelope.recipients.push_back({});
  return unknown;
}

// One line an item and recipient, also of an item that is decided meanwhile or cleaned once more.
void AdminCommands::list_all(const AdminReply& reply) {
  const std::set<ItemId> working = list_working(reply);
  items_.list(
      {}, [&](const store::RecipientRow& row) { return working.contains(row.id) || reply(row_json(row)); });
}

// Items that edge has taken and nobody decided yet: their envelopes stand in the originals only.
std::set<ItemId> AdminCommands::list_working(const AdminReply& reply) {
  std::set<ItemId> told;
  const auto tell = [&](const transfer::Announce& where, const char* state) {
    if (items_.knows(where.id) || !told.insert(where.id).second) return;
    const store::Original original = readable(where);
    for (const transfer::Recipient& recipient : original.envelope.recipients)
      reply(fmt::format(
          R"({{"id":"{}","recipient":{},"state":"{}","reasons":[],"sender":{},"bytes":{},"received_at":"{}","status":""}})",
          where.id.text(), log::json_string(recipient.address), state,
          log::json_string(original.envelope.sender), original.size, iso_time(where.id.unix_ms())));
  };
  for (const transfer::Announce& where : queue_.in_hand()) tell(where, "cleaning");
  for (const transfer::Announce& where : queue_.waiting(kWorkingShown)) tell(where, "received");
  return told;
}

// What the gate took and lost, by the operator's word: it becomes held, and can be released anew. Of what the
// gate still is to be sent, nothing can be lost.
unsigned AdminCommands::lost(const ItemId& id, const std::string& actor) {
  std::set<std::uint16_t> parts;
  for (const store::RecipientRow& row : items_.recipients(id))
    if (row.state == store::State::sending && !items_.has_bundle(id, row.part)) parts.insert(row.part);
  unsigned recipients = 0;
  for (const std::uint16_t part : parts)
    recipients += store::wait_for_answer<unsigned>(kWriteWait, [&](auto answer) {
                    items_.hold(id, part, actor, answer, R"(,"lost_by_gate":true)");
                  }).value_or(0);
  return recipients;
}

void AdminCommands::show(const ItemId& id, const AdminReply& reply) {
  const std::optional<store::ItemRow> item = items_.find(id);
  if (!item) throw std::runtime_error("no such item (or it is not decided yet: see queue list)");
  reply(fmt::format(
      R"({{"id":"{}","received_at":"{}","sender":{},"client":{},"subject":{},"bytes":{},"sha256":"{}","original_kept":{},"report":{}}})",
      id.text(), iso_time(item->received_ms), log::json_string(item->sender), log::json_string(item->client),
      log::json_string(item->subject), item->bytes, item->sha256_hex, item->original_kept, item->report));
  for (const store::RecipientRow& row : items_.recipients(id)) reply(row_json(row));
}

// What the console's reviewers decide, by the operator's word. The policy is his own: nobody else is asked.
unsigned AdminCommands::decide(const ItemId& id, const std::string& actor, Decision decision,
                               std::chrono::milliseconds patience) {
  try {
    const Decided decided = decisions_.apply(id, decision, {actor, {}, {}, {}}, patience);
    if (decided.working && decision.kind == DecisionKind::clean_again)
      throw std::runtime_error("it is still being tried: see queue show");
    return decided.recipients;
  } catch (const http::Problem& problem) {
    if (problem.code == "decided") return 0;
    if (problem.code == "not-found") throw std::runtime_error("no such item");
    if (problem.code == "not-kept") throw std::runtime_error("the original is past its retention");
    if (problem.code == "busy") throw std::runtime_error("the item is being worked on; look again");
    std::string what = problem.code;
    for (const std::string& field : problem.fields) what += " " + field;
    throw std::runtime_error(what);
  }
}

// Waits for the answer of the sandboxes: the asker wants to know whether a password fits.
unsigned AdminCommands::unlock(const ItemId& id, const std::string& actor,
                               std::vector<std::string> passwords) {
  const std::optional<store::ItemRow> item = items_.find(id);
  if (!item) throw std::runtime_error("no such item");
  if (!item->original_kept) throw std::runtime_error("the original is past its retention");
  const bool drop = items_.is_drop(id);
  const std::vector<store::LockedCopy> copies = locks_.copies(id);
  if (drop ? items_.drop_places(id).empty() : copies.empty())
    throw std::runtime_error("nothing of this item waits for a password");
  Decision decision;
  decision.kind = DecisionKind::clean_again;
  // A file of the drop box that is held for its password alone need not be released before.
  for (const store::LockedCopy& copy : copies) {
    const std::optional<store::RecipientRow> row = items_.recipient(id, copy.recipient);
    if (row && row->state != store::State::held && row->state != store::State::deleted)
      decision.recipients.push_back(copy.recipient);
  }
  if (!drop && decision.recipients.empty())
    throw std::runtime_error("the item is held or deleted: it has to be released first");
  if (drop) decision.recipients.clear();
  decision.passwords = std::move(passwords);
  return decide(id, actor, std::move(decision), kUnlockWait);
}

// Without a reason: the hold is lifted.
void AdminCommands::keep(const ItemId& id, const std::string& actor, const std::string& reason,
                         const AdminReply& reply) {
  const auto result = store::wait_for_answer<std::optional<store::Keep>>(kWriteWait, [&](auto done) {
    if (reason.empty())
      items_.unkeep(id, actor, std::move(done));
    else
      items_.keep(id, actor, reason, std::move(done));
  });
  if (!result || !*result) throw std::runtime_error("the store is busy; look again");
  if (**result == store::Keep::no_item) throw std::runtime_error("no such item");
  reply(fmt::format(R"({{"changed":{}}})", **result == store::Keep::done));
}

}  // namespace kiyome::cleaner
