// The search index of the quarantine review: review.db, a second database of the cleaner, derived from
// items.db and made anew whenever it does not fit. A thread of its own follows the audit trail of items.db,
// where each change of an item leaves an entry in its transaction, so that the relay pays nothing for it; an
// item is found within a second of its verdict. Whoever changes what a list shows of an item (its recipients,
// requests, proposals, legal hold) writes an audit entry with the item's id in the same transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/review/index/entry.h"

namespace kiyome::review {

// What is looked for; all that is said has to be true of an item. Texts are words.h's pieces.
struct Query {
  std::string text;  // in subject, file names, sender, recipients; or the beginning of a SHA-256
  std::string sender, recipient, subject, file;
  std::string sha256;  // its first 6 to 64 digits, of the original or of a part
  std::optional<ItemId> id;
  std::optional<clean::Finding> reason;
  std::optional<Verdict> verdict;
  std::optional<store::State> state;
  std::optional<bool> drop;
  std::vector<std::string> tenants;  // of all of these
  std::string department;
  bool kept = false, asked = false;
  std::int64_t since_ms = 0, until_ms = 0;  // received; 0: any time; `until` itself does not belong to it
  std::optional<std::int64_t> after;        // Found::next of the page before
  std::optional<std::int64_t> before;       // Found::newest of an earlier answer: only what came later
  std::size_t limit = 50;
};

struct Found {
  std::vector<ListedItem> items;     // newest first
  std::optional<std::int64_t> next;  // there are more
  std::int64_t newest = 0;           // for Query::before
};

// How far it is.
struct IndexState {
  bool complete = false;  // all items that were decided are in it, but for those of the last second
  std::uint64_t items = 0;
};

// Thread-safe.
class SearchIndex {
 public:
  using ConfigOf = std::function<std::shared_ptr<const Config>()>;
  // FOLDER/items.db is there; review.db is made beside it. While that cannot be done, all here throws
  // TemporaryFailure.
  SearchIndex(const store::ItemsAt& at, ConfigOf config);
  ~SearchIndex();

  // The thread that keeps it up to date; trouble of it is logged and tried again.
  void start();
  void stop();
  // A turn of that thread, for programs without one: at most limits::kReviewIndexBatch items. Whether there
  // is more to do.
  bool turn();

  Found find(const Query& query);
  // What has the same SHA-256 as the item or one of its parts, then what is of the same sender; newest first
  // each, without the item itself. `tenants` as in Query.
  std::vector<ListedItem> similar(const ItemId& id, const std::vector<std::string>& tenants, std::size_t max);
  std::optional<ListedItem> item(const ItemId& id);
  IndexState state();
  // For counts.h. `use` may be called from several threads, each with a connection of its own.
  void read(const std::function<void(store::Database&)>& use);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::review
