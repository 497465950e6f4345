// The writing half of the search index: what became of items of items.db, written into review.db. One thread
// uses it at a time. Throws TemporaryFailure.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "service/review/index/entry.h"
#include "service/store/database.h"

namespace kiyome::review {

class IndexWriter {
 public:
  // Opens or makes FOLDER/review.db; one of another version is thrown away.
  explicit IndexWriter(const store::ItemsAt& at);

  // At most limits::kReviewIndexBatch items, those that changed first, then those that it never saw. Whether
  // there is more to do. A configuration with other tenants or departments lets it go through all again.
  bool turn(const std::shared_ptr<const Config>& config);
  bool complete();
  std::int64_t followed();  // the audit entry that was read last
  std::int64_t newest();    // the last there is

  // FOLDER/review.db and what SQLite keeps beside it.
  static void forget(const std::string& folder);

 private:
  struct Change;
  bool take_turn(const std::shared_ptr<const Config>& config);
  void follow_config(const std::shared_ptr<const Config>& config);
  void follow_store();
  void begin_anew(bool keep_audit);
  std::vector<ItemId> changed(std::int64_t& sequence);
  std::vector<ItemId> unseen(std::size_t max);
  void write(const std::vector<ItemId>& items, bool arrive);
  Change change_of(const ItemId& id);
  std::int64_t free_number(std::int64_t number);
  void insert(const Change& change, bool arrive);
  void update(const Change& change);
  void remove(const Change& change);
  void write_words(std::int64_t number, const EntryWords& words, const std::string& facts);
  void delete_words(std::int64_t number, const EntryWords& words, const std::string& facts);
  void count(std::string_view counted, int sign);
  void write_counts();

  std::string progress(const char* key);
  void set_progress(const char* key, std::string_view value);
  std::int64_t number_of(const std::string& name);

  store::Database database_;
  EntryReader reader_;
  std::shared_ptr<const Config> config_;
  std::unordered_map<std::string, std::int64_t> names_;
  std::unordered_map<std::string, std::int64_t> counts_;  // of this transaction: columns with LF → change
  std::int64_t arrival_ = 0;
  bool in_turn_ = false;
};

}  // namespace kiyome::review
