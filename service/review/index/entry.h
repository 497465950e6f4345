// An item as the search index has it: what a list shows of it, its words, its facts, and what it counts for.
// Read from the item store's database, over a connection of its own; texts in it are hostile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/clean/types.h"
#include "service/base/config.h"
#include "service/review/index/counts.h"
#include "service/store/item_store.h"

namespace kiyome::review {

struct ListedRecipient {
  std::string address;
  store::State state = store::State::held;
  Verdict verdict = Verdict::clean;
};

// What a list shows.
struct ListedItem {
  ItemId id;
  std::int64_t received_ms = 0;
  bool drop = false;
  std::string sender, subject;
  std::vector<ListedRecipient> recipients;  // the first kListedRecipients
  std::uint32_t recipient_count = 0;
  Verdict verdict = Verdict::clean;         // the worst of the recipients
  store::State state = store::State::held;  // the first of held, sending, bounced, delivered, deleted
  std::vector<std::string> reasons;         // slugs, of the item and of its parts
  std::vector<std::string> files;           // names; the first kListedFiles
  std::uint32_t file_count = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> tenants, departments;
  std::uint32_t requests = 0, proposals = 0;  // open
  bool kept = false;
};
inline constexpr std::size_t kListedRecipients = 20;
inline constexpr std::size_t kListedFiles = 5;

// What can be searched for, by the column it is searched in.
struct EntryWords {
  std::string subject, files, sender, recipients;
  bool operator==(const EntryWords&) const = default;
};

struct Entry {
  ListedItem row;
  EntryWords words;
  std::vector<std::string> facts;  // sorted, each once
  std::string counted;             // Counts::text() of what it counts for
};

// What an item counts for, so that it can be taken back later.
struct Counts {
  struct One {
    Count kind = Count::items;
    std::string key;
    std::int64_t amount = 1;
    bool now = false;  // of day 0
  };
  std::int64_t day = 0;
  std::vector<CountScope> scopes;
  std::vector<One> all;

  std::string text() const;
  static Counts of_text(std::string_view text);
};

// Whose a recipient is: the console's departments, then his tenant's organisations that have his address.
std::vector<std::string> departments_of(const Config& config, const std::string& address);

// The number of a tenant's or department's name; it gives a new name the next one.
using NumberOf = std::function<std::int64_t(const std::string& name)>;

// One thread.
class EntryReader {
 public:
  EntryReader(const store::Place& items, NumberOf number_of);
  // Empty: the store has no such item (any more). Throws TemporaryFailure.
  std::optional<Entry> read(const ItemId& id);
  // The departments and tenants of from now on.
  void use(std::shared_ptr<const Config> config);
  store::Database& items() { return items_; }

 private:
  struct Place {
    std::string tenant;
    std::vector<std::string> departments;
  };
  bool read_item(const ItemId& id, Entry& entry, std::string& report, std::string& sha256);
  void read_recipients(const ItemId& id, Entry& entry, Counts& counts);
  void take_report(const std::string& report, Entry& entry, Counts& counts);
  void add_facts(Entry& entry, const std::string& sha256);
  void add_counts(Entry& entry, Counts& counts);
  const Place& place_of(const std::string& address);

  store::Database items_;
  NumberOf number_of_;
  std::shared_ptr<const Config> config_;
  std::map<std::string, Place> places_;  // of addresses that were seen lately
};

}  // namespace kiyome::review
