#include "service/store/locks.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

std::string pair_of(std::string_view sender, std::string_view recipient) {
  return std::to_string(sender.size()) + ":" + address_key(sender) + " " + address_key(recipient);
}

// Newer words than were tried, and neither too old nor tried too often; a copy that is held or deleted is not
// sent behind a person's back.
#define KIYOME_DUE                                                                                      \
  "FROM locked l JOIN items i ON i.id=l.id JOIN recipients r ON r.id=l.id AND r.number=l.number "       \
  "WHERE l.until_ms>? AND l.tries<? AND i.original_kept=1 AND r.state IN (2,3,4) AND EXISTS (SELECT 1 " \
  "FROM words w WHERE w.sender=l.sender AND w.recipient=l.recipient AND w.number>l.tried AND w.until_ms>?) "

transfer::Announce announce(const Row& row) {
  transfer::Announce out;
  out.id = item_id(row.blob(0));
  out.segment = static_cast<std::uint64_t>(row.integer(1));
  out.offset = static_cast<std::uint64_t>(row.integer(2));
  out.length = static_cast<std::uint32_t>(row.integer(3));
  return out;
}

LockedCopy copy_of(const Row& row) {
  return {static_cast<std::uint32_t>(row.integer(0)), std::string(row.text(1)), row.integer(2)};
}

}  // namespace

std::string address_key(std::string_view address) {
  std::string out(address);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

Locks::Locks(const ItemsAt& at, const CleanerKeyPair& key)
    : seal_(key), reader_(std::make_unique<Database>(at.place)) {}

SealedWords Locks::seal(std::string_view sender, std::string_view recipient,
                        const std::vector<std::string>& words) const {
  const std::string pair = pair_of(sender, recipient);
  return {address_key(recipient), seal_.tag(pair, words), seal_.seal(pair, words)};
}

RememberedWords Locks::remembered(std::string_view sender, std::string_view recipient, std::int64_t now_ms) {
  const std::string pair = pair_of(sender, recipient);
  RememberedWords out;
  std::vector<std::vector<std::string>> mails;
  reader_.with([&](std::unique_ptr<Database>& db) {
    db->kept(
          "SELECT number, sealed FROM words WHERE sender=? AND recipient=? AND until_ms>? "
          "ORDER BY number DESC LIMIT ?")
        .each(
            [&](const Row& row) {
              out.last = std::max(out.last, row.integer(0));
              mails.push_back(seal_.open(pair, row.blob(1)));
            },
            address_key(sender), address_key(recipient), now_ms, limits::kPasswordMails);
  });
  // The best of each mail before the second best of any.
  for (std::size_t rank = 0; rank < limits::kPasswordWords; ++rank)
    for (const std::vector<std::string>& words : mails)
      if (rank < words.size() && out.words.size() < limits::kPasswordsRemembered &&
          std::find(out.words.begin(), out.words.end(), words[rank]) == out.words.end())
        out.words.push_back(words[rank]);
  return out;
}

std::vector<LockedCopy> Locks::copies(const ItemId& id) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::vector<LockedCopy> out;
    db->kept("SELECT number, places, tried FROM locked WHERE id=? ORDER BY number")
        .each([&](const Row& row) { out.push_back(copy_of(row)); }, blob(id));
    return out;
  });
}

std::vector<LockedCopy> Locks::due_copies(const ItemId& id, std::int64_t now_ms) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::vector<LockedCopy> out;
    db->kept("SELECT l.number, l.places, l.tried " KIYOME_DUE "AND l.id=? ORDER BY l.number")
        .each([&](const Row& row) { out.push_back(copy_of(row)); }, now_ms, limits::kUnlockTries, now_ms,
              blob(id));
    return out;
  });
}

std::vector<transfer::Announce> Locks::due_items(std::string_view sender, std::int64_t now_ms,
                                                 std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::vector<transfer::Announce> out;
    db->kept("SELECT DISTINCT l.id, i.segment, i.offset, i.length " KIYOME_DUE
             "AND l.sender=? ORDER BY l.id DESC LIMIT ?")
        .each([&](const Row& row) { out.push_back(announce(row)); }, now_ms, limits::kUnlockTries, now_ms,
              address_key(sender), max);
    return out;
  });
}

std::vector<transfer::Announce> Locks::due_items(std::int64_t now_ms, std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& db) {
    std::vector<transfer::Announce> out;
    db->kept("SELECT DISTINCT l.id, i.segment, i.offset, i.length " KIYOME_DUE "ORDER BY l.id DESC LIMIT ?")
        .each([&](const Row& row) { out.push_back(announce(row)); }, now_ms, limits::kUnlockTries, now_ms,
              max);
    return out;
  });
}

}  // namespace kiyome::store
