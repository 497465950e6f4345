// The writing half of the item store: what each operation does to the tables. Used by the writer's thread
// alone, inside a transaction that it did not open. Prepared statements live as long as the connection.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "service/audit/chain.h"
#include "service/store/item_store.h"
#include "service/store/sqlite.h"

namespace kiyome::store {

// Bundles from this size on are files beside the database (measured: a large row costs twice its octets in
// the log).
inline constexpr std::size_t kBundleFileFrom = 64u << 10;

std::string bundle_file(const ItemId& id, std::uint16_t part);         // "bundles/<id>.<part>"
std::string reasons_text(const std::vector<clean::Finding>& reasons);  // slugs, separated by spaces
inline Blob blob(const ItemId& id) {
  return {{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}};
}

inline ItemId item_id(std::string_view raw) {
  ItemId id;
  std::copy_n(raw.begin(), std::min(raw.size(), id.bytes.size()), id.bytes.begin());
  return id;
}

class ItemWriter {
 public:
  ItemWriter(Database& database, std::string folder);

  void decide(const DecidedItem& item);
  void bundle_accepted(const ItemId& id, std::uint16_t part);
  void bundle_refused(const transfer::Refused& refusal, const std::optional<transfer::Bundle>& notice);
  void delivery(const transfer::DeliveryResult& result, const std::string& notice);
  unsigned hold(const ItemId& id, std::uint16_t part, const std::string& actor);
  unsigned remove(const ItemId& id, const std::string& actor);
  void return_sent(std::int64_t number, bool delivered, std::string_view status);
  void return_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms);
  void note(audit::Entry entry);
  void expire(const RetentionConfig& retention, std::int64_t now_ms);
  // Those of them that no item needs.
  std::vector<std::uint64_t> unneeded(std::vector<std::uint64_t> segments);

  // Around a transaction: files of bundles written in it are made durable before it commits; files it no
  // longer needs go after it committed; the chain's head steps back when it did not.
  void before_commit();
  void after_commit();
  void after_rollback();

 private:
  struct Statements;
  void insert_item(const DecidedItem& item, std::int64_t now);
  bool insert_group(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  bool release_group(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  // item_writer_locks.cpp
  bool unlock_group(const DecidedItem& item, const DecidedGroup& group, std::int64_t now);
  void write_locks(const DecidedItem& item, std::int64_t now);
  void write_words(const DecidedItem& item, const std::string& sender, const SealedWords& words,
                   std::int64_t now);
  void forget_locks(const ItemId& id);
  void expire_words(std::int64_t now_ms);

  void insert_bundle(const transfer::Bundle& bundle);
  bool drop_bundle(const ItemId& id, std::uint16_t part);  // whether it was there
  void audit_group(const DecidedItem& item, const DecidedGroup& group, bool leaves);
  bool is_known(const ItemId& id);
  void append(std::string event, const ItemId* item, std::string actor, std::string detail);

  Database& database_;
  std::string folder_;
  std::shared_ptr<Statements> statements_;  // shared only so that the type may stay unknown here
  std::uint64_t sequence_ = 0, committed_sequence_ = 0;
  audit::Hash head_{}, committed_head_{};
  bool wrote_files_ = false;
  std::vector<std::string> drop_files_;
};

}  // namespace kiyome::store
