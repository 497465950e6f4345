// Files that wait for a password and passwords that wait for a file: what the store knows of them. Written
// with the verdicts by ItemStore, read here. A pair is an envelope sender and one recipient; ASCII case is
// ignored. Passwords leave this room for a sandbox's job only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/guarded.h"
#include "service/store/database.h"
#include "service/store/item_store.h"
#include "service/store/word_seal.h"

namespace kiyome::store {

// Passwords that earlier mails of a pair brought.
struct RememberedWords {
  std::vector<std::string> words;  // each once, the likeliest of the newest mails first
  std::int64_t last = 0;           // the newest mail's number: LockedCopy::tried of whom these were tried on
};

// Thread-safe, each call over a connection of its own.
class Locks {
 public:
  // The store has to be there: an ItemStore has made it. Throws TemporaryFailure.
  Locks(const ItemsAt& at, const CleanerKeyPair& key);

  // For DecidedItem::words.
  SealedWords seal(std::string_view sender, std::string_view recipient,
                   const std::vector<std::string>& words) const;
  RememberedWords remembered(std::string_view sender, std::string_view recipient, std::int64_t now_ms);

  // The copies of an item that have locked files.
  std::vector<LockedCopy> copies(const ItemId& id);
  // Those of them for whom newer passwords came than were tried, so that it is worth to try again.
  std::vector<LockedCopy> due_copies(const ItemId& id, std::int64_t now_ms);
  // Items with such copies, newest first: of mails from this sender, or of all.
  std::vector<transfer::Announce> due_items(std::string_view sender, std::int64_t now_ms, std::size_t max);
  std::vector<transfer::Announce> due_items(std::int64_t now_ms, std::size_t max);

 private:
  WordSeal seal_;
  Guarded<std::unique_ptr<Database>> reader_;
};

// How an address stands in these tables.
std::string address_key(std::string_view address);

}  // namespace kiyome::store
