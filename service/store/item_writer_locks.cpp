// What the writer does about files that wait for a password, and about passwords. Passwords come sealed.
#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/store/item_writer.h"
#include "service/store/locks.h"

namespace kiyome::store {

void ItemWriter::write_locks(const DecidedItem& item, std::int64_t now) {
  const std::string sender = address_key(item.envelope.sender);
  for (const LockedCopy& copy : item.locked) {
    if (copy.places.empty()) {
      database_.kept("DELETE FROM locked WHERE id=? AND number=?")
          .run(blob(item.envelope.id), copy.recipient);
      continue;
    }
    database_
        .kept(
            "UPDATE locked SET places=?1, tried=CASE WHEN tried<?2 THEN ?2 ELSE tried END, "
            "tries=tries+1 WHERE id=?3 AND number=?4")
        .run(copy.places, copy.tried, blob(item.envelope.id), copy.recipient);
    const auto& all = item.envelope.recipients;
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.index == copy.recipient; });
    if (database_.changes() > 0 || it == all.end()) continue;
    database_.kept("INSERT INTO locked VALUES (?,?,?,?,?,?,0,?)")
        .run(blob(item.envelope.id), copy.recipient, sender, address_key(it->address), copy.places,
             copy.tried, now + limits::kPasswordMs);
  }
  for (const SealedWords& words : item.words) write_words(item, sender, words, now);
}

// The same words again are the same row, so that a footer in every mail starts nothing.
void ItemWriter::write_words(const DecidedItem& item, const std::string& sender, const SealedWords& words,
                             std::int64_t now) {
  database_.kept("UPDATE words SET until_ms=? WHERE sender=? AND recipient=? AND tag=?")
      .run(now + limits::kPasswordMs, sender, words.recipient, Blob{words.tag});
  if (database_.changes() > 0) return;
  std::int64_t number = 0;
  database_
      .kept(
          "INSERT INTO words (sender, recipient, tag, sealed, until_ms) VALUES (?,?,?,?,?) RETURNING number")
      .one([&](const Row& row) { number = row.integer(0); }, sender, words.recipient, Blob{words.tag},
           Blob{words.sealed}, now + limits::kPasswordMs);
  database_
      .kept(
          "DELETE FROM words WHERE sender=? AND recipient=? AND number<=(SELECT number FROM words WHERE "
          "sender=? AND recipient=? ORDER BY number DESC LIMIT 1 OFFSET ?)")
      .run(sender, words.recipient, sender, words.recipient, limits::kPasswordMails);
  database_.kept("DELETE FROM words WHERE number<=?")
      .run(number - static_cast<std::int64_t>(limits::kPasswordMailsAll));
  // The mail's own words were tried on its own files.
  database_
      .kept(
          "UPDATE locked SET tried=? WHERE id=? AND recipient=? AND NOT EXISTS (SELECT 1 FROM words w WHERE "
          "w.sender=locked.sender AND w.recipient=locked.recipient AND w.number>locked.tried AND "
          "w.number<?)")
      .run(number, blob(item.envelope.id), words.recipient, number);
}

// Locked files are known as long as the original, for an operator who learns the password later.
void ItemWriter::forget_locks(const ItemId& id) {
  database_.kept("DELETE FROM locked WHERE id=?").run(blob(id));
}

void ItemWriter::expire_words(std::int64_t now_ms) {
  database_.kept("DELETE FROM words WHERE until_ms<=?").run(now_ms);
}

}  // namespace kiyome::store
