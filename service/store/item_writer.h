// The writing half of the item store: what each operation does to the tables. Used by the writer's thread
// alone, inside a transaction that it did not open. Prepared statements live as long as the connection.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/store/audit_log.h"
#include "service/store/database.h"
#include "service/store/item_store.h"
#include "service/store/row_values.h"

namespace kiyome::store {

// Bundles from this size on are files beside the database (measured: a large row costs twice its octets in
// the log).
inline constexpr std::size_t kBundleFileFrom = 64u << 10;

std::string bundle_file(const ItemId& id, std::uint16_t part);         // "<id>.<part>", in bundles/
std::string reasons_text(const std::vector<clean::Finding>& reasons);  // slugs, separated by spaces

// A door that is there already begins anew.
#define KIYOME_DOOR_ANEW                                                           \
  "ON CONFLICT (bundle, part, id, recipient) DO UPDATE SET frame=excluded.frame, " \
  "until_ms=excluded.until_ms, "                                                   \
  "tries=0, attempt=0, step=0, changed_ms=0"

// A file of the drop box of which there is something to be told.
struct DropNews {
  ItemId id;
  std::optional<std::uint16_t> wrote;  // a bundle that the writer made by itself
};

// A reviewer's answer to what a recipient asked for.
struct RequestAnswer {
  std::int64_t number = 0;
  bool granted = false;
  std::string by, text;
  std::optional<transfer::Bundle> mail;  // that tells it
};

class ItemWriter {
 public:
  // `bundles`: the folder of large ones, or -1.
  ItemWriter(Database& database, ItemsAt at, int bundles);

  void decide(const DecidedItem& item);
  void bundle_accepted(const ItemId& id, std::uint16_t part);
  void bundle_refused(const transfer::Refused& refusal, const std::optional<transfer::Bundle>& notice);
  void delivery(const transfer::DeliveryResult& result, const std::string& notice);
  void drop_result(const transfer::DropResult& result);
  unsigned hold(const ItemId& id, std::uint16_t part, const std::string& actor, const std::string& detail);
  unsigned remove(const ItemId& id, const std::string& actor);
  unsigned settle(const ItemId& id, const Settlement& settlement);
  std::int64_t allow(const NewAllowance& allowance);
  void forget_arrival(const ItemId& id);  // of a shared store: it was decided before
  void return_sent(std::int64_t number, bool delivered, std::string_view status);
  void return_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms);
  void note(const audit::Entry& entry);
  AuditLog& audit() { return audit_; }
  // item_writer_expiry.cpp
  Keep keep(const ItemId& id, const std::string& by, const std::string& reason);
  Keep unkeep(const ItemId& id, const std::string& by);
  bool is_kept(const ItemId& id);
  // For the other tables of the same database: statements of theirs and a mail of ours that Returns sends.
  Database& database() { return database_; }
  void send(const transfer::AnyBundle& bundle) { insert_bundle(bundle); }  // of no item of ours: a digest
  std::int64_t add_return(const ItemId& item, const std::string& to, const std::string& mail,
                          std::int64_t proposal = 0);
  // item_writer_doors.cpp. What is to be said to who asked; nothing: of ask(), that it cannot be kept now; of
  // try_password(), that it is to be tried.
  std::optional<transfer::DoorStep> ask(const transfer::DoorRequest& request, std::int64_t now);
  // `attempt` is DoorPassword's: of the one that was tried last it is said again what came of it.
  std::optional<transfer::DoorStep> try_password(const ItemId& id, std::uint32_t recipient,
                                                 std::uint64_t attempt, std::uint32_t tries_max,
                                                 std::int64_t now);
  // A wrong one that was the last becomes `spent`.
  void password_tried(const ItemId& id, std::uint32_t recipient, std::uint64_t attempt,
                      transfer::DoorStep step, std::uint32_t tries_max, std::int64_t now);
  bool answer_request(const RequestAnswer& answer, std::int64_t now);  // false: it was answered before
  void request_working(std::int64_t number, const std::string& by, const std::string& text);
  void request_idle(std::int64_t number);  // unless something of it left
  void request_proposed(std::int64_t number, std::int64_t proposal, const std::string& by,
                        const std::string& text);
  void expire_doors(std::int64_t now);
  void expire(const ItemStore::RetentionOf& retention, std::int64_t now_ms);
  // Those of them that no item needs.
  std::vector<std::uint64_t> unneeded(std::vector<std::uint64_t> segments);

  // Of what was committed since it was asked last.
  std::vector<DropNews> take_drop_news() { return std::exchange(committed_news_, {}); }

  // Around a transaction: where others write too, what was remembered is read anew; files of bundles written
  // in it are made durable before it commits; files it no longer needs go after it committed; the chain's
  // head steps back when it did not.
  void began() { audit_.began(); }
  void before_commit();
  void after_commit();
  void after_rollback();

 private:
  struct Statements;
  void insert_item(const DecidedItem& item, std::int64_t now);
  // Each gives those to whom it leaves.
  using Numbers = std::vector<std::uint32_t>;
  Numbers insert_group(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  // item_writer_decisions.cpp
  void decide_again(const DecidedItem& item, std::int64_t now);
  Numbers release_group(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  Numbers further_group(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  void held_again(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  void tell_again(const DecidedItem& item);
  void write_standings(const DecidedItem& item, const Numbers& leaving);
  void forget_standings(const ItemId& id);
  void note_carried(const Behalf& behalf, std::size_t recipients);
  Numbers settled(const ItemId& id, const Settlement& settlement);
  // item_writer_locks.cpp
  void write_locks(const DecidedItem& item, std::int64_t now);
  void write_words(const DecidedItem& item, const std::string& sender, const SealedWords& words,
                   std::int64_t now);
  void forget_locks(const ItemId& id);
  void expire_words(std::int64_t now_ms);
  // item_writer_doors.cpp
  void write_doors(const DecidedItem& item);
  bool can_ask(const transfer::DoorRequest& request, std::int64_t now);
  bool original_kept(const ItemId& id);
  // item_writer_drops.cpp
  void decide_drop(const DecidedItem& item, std::int64_t now);
  bool drop_again(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  void keep_told(const DecidedItem& item);
  void keep_pictures(const DecidedItem& item);
  void forget_pictures(const ItemId& id);
  void drop_earlier(const ItemId& id, std::uint16_t part);
  bool is_drop(const ItemId& id);
  bool tell_drop(const ItemId& id, transfer::DropVerdict verdict, std::optional<clean::Finding> why);

  void refuse_used_parts(const DecidedItem& item);
  void insert_bundle(const transfer::AnyBundle& bundle);
  bool drop_bundle(const ItemId& id, std::uint16_t part);  // whether it was there
  void audit_group(const DecidedItem& item, const DecidedGroup& group, const Numbers& leaving);
  bool is_known(const ItemId& id);
  // item_writer_originals.cpp: what becomes of an original that two people released.
  void original_arrived(std::int64_t proposal, bool delivered, std::string_view status);
  void original_accepted(const ItemId& crossing);
  bool original_refused(const transfer::Refused& refusal);       // whether it was one
  bool original_result(const transfer::DeliveryResult& result);  // whether it is of one
  void append(const std::string& event, const ItemId* item, const std::string& actor,
              const std::string& detail);

  Database& database_;
  ItemsAt at_;
  int bundles_;
  std::shared_ptr<Statements> statements_;  // shared only so that the type may stay unknown here
  AuditLog audit_;
  bool wrote_files_ = false;
  std::vector<std::string> drop_files_;
  std::vector<DropNews> news_, committed_news_;
};

}  // namespace kiyome::store
