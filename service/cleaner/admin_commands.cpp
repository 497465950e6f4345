#include "service/cleaner/admin_commands.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include "proto/clean/codec.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/store/audit_words.h"

namespace kiyome::cleaner {
namespace {

constexpr std::size_t kWorkingShown =
    1000;  // items not decided yet; their envelopes have to be read for a listing
constexpr auto kWriteWait = std::chrono::seconds(30);
constexpr auto kUnlockWait = std::chrono::minutes(4);  // for documents; the asker waits for five
constexpr auto kLook = std::chrono::milliseconds(200);

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

// Gives work to the store's writer and waits for its number.
template <class Submit>
unsigned wait_written(Submit&& submit) {
  const auto count = store::wait_for_answer<unsigned>(kWriteWait, std::forward<Submit>(submit));
  if (!count) throw std::runtime_error("the store is busy; look again");
  return *count;
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
  } else if (command == "release" || command == "retry") {
    changed(clean_again(id_of(request), actor, command == "retry"), reply);
  } else if (command == "unlock") {
    changed(unlock(id_of(request), actor, passwords_of(request)), reply);
  } else if (command == "hold") {
    changed(hold(id_of(request), actor), reply);
  } else if (command == "delete") {
    const ItemId id = id_of(request);
    changed(wait_written([&](auto done) { items_.remove(id, actor, std::move(done)); }), reply);
  } else if (store::tell_trail(
                 command,
                 [this](const auto& use, std::uint64_t& count) { return items_.verify_audit(use, count); },
                 reply)) {
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

void AdminCommands::show(const ItemId& id, const AdminReply& reply) {
  const std::optional<store::ItemRow> item = items_.find(id);
  if (!item) throw std::runtime_error("no such item (or it is not decided yet: see queue list)");
  reply(fmt::format(
      R"({{"id":"{}","received_at":"{}","sender":{},"client":{},"subject":{},"bytes":{},"sha256":"{}","original_kept":{},"report":{}}})",
      id.text(), iso_time(item->received_ms), log::json_string(item->sender), log::json_string(item->client),
      log::json_string(item->subject), item->bytes, item->sha256_hex, item->original_kept, item->report));
  for (const store::RecipientRow& row : items_.recipients(id)) reply(row_json(row));
}

// A release is a second cleaning with the operator's word, a retry one without it: never the original.
unsigned AdminCommands::clean_again(const ItemId& id, const std::string& actor, bool as_before) {
  const std::optional<store::ItemRow> item = items_.find(id);
  if (!item) throw std::runtime_error("no such item");
  if (!item->original_kept) throw std::runtime_error("the original is past its retention");
  Work work;
  work.where = item->where;
  work.release = true;
  work.as_before = as_before;
  work.actor = actor;
  // Somebody else may be at it at this moment: then what is left when he is done counts.
  for (const auto deadline = Steady::now() + kWriteWait;; std::this_thread::sleep_for(kLook)) {
    unsigned held = 0;
    for (const store::RecipientRow& row : items_.recipients(id))
      held += row.state == store::State::held && row.verdict != Verdict::rejected ? 1 : 0;
    if (held == 0) return 0;
    if (queue_.put(work)) return held;
    if (Steady::now() > deadline) throw std::runtime_error("the item is being worked on; look again");
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
  // A file of the drop box that is held for its password alone need not be released before.
  const bool served = drop || std::any_of(copies.begin(), copies.end(), [&](const store::LockedCopy& copy) {
                        const std::optional<store::RecipientRow> row = items_.recipient(id, copy.recipient);
                        return row && row->state != store::State::held && row->state != store::State::deleted;
                      });
  if (!served) throw std::runtime_error("the item is held or deleted: it has to be released first");

  const auto answer = std::make_shared<std::promise<unsigned>>();  // shared: it may come after we gave up
  std::future<unsigned> recipients = answer->get_future();
  Work work;
  work.where = item->where;
  work.actor = actor;
  work.unlock = Unlock{std::move(passwords), [answer](unsigned count) { answer->set_value(count); }};
  if (!queue_.put(std::move(work))) throw std::runtime_error("the item is being worked on");
  for (const auto deadline = Steady::now() + kUnlockWait; Steady::now() < deadline;) {
    if (recipients.wait_for(kLook) == std::future_status::ready) return recipients.get();
    if (queue_.stopped()) throw std::runtime_error("the service stops");
  }
  throw std::runtime_error("it is still being tried: see queue show");
}

// Only what has not left yet can be held: an item before its verdict, or a bundle that was never sent.
unsigned AdminCommands::hold(const ItemId& id, const std::string& actor) {
  if (queue_.hold(id)) return static_cast<unsigned>(envelope_recipients(id));
  unsigned held = 0;
  for (const auto& [item, part] : items_.unaccepted_bundles()) {
    if (item != id || !gate_.withdraw({item, part})) continue;
    const unsigned now =
        wait_written([&, number = part](auto done) { items_.hold(id, number, actor, std::move(done)); });
    held += now;
    if (now > 0) continue;
    gate_.offer(BundleKey{item, part});  // it could not be written down, so it leaves as it would have
    gate_.flush();
  }
  if (held == 0) throw std::runtime_error("nothing of this item can be held any more: see queue show");
  return held;
}

std::size_t AdminCommands::envelope_recipients(const ItemId& id) {
  for (const transfer::Announce& where : queue_.waiting(SIZE_MAX))
    if (where.id == id)
      if (const Result<store::Original> original = originals_.read(where))
        return original->envelope.recipients.size();
  return 1;
}

}  // namespace kiyome::cleaner
