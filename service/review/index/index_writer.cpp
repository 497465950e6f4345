#include "service/review/index/index_writer.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/review/index/entry_rows.h"
#include "service/review/index/facts.h"
#include "service/review/index/schema.h"
#include "service/review/index/tokenizer.h"
#include "service/store/row_values.h"

namespace kiyome::review {
namespace {

using store::Blob;
using store::blob;
using store::Row;

constexpr std::size_t kEntriesPerTurn = 4 * limits::kReviewIndexBatch;  // of the audit trail
constexpr int kNumberBits = 15;
constexpr int kNumbersTried = 1024;

std::string fitting(const std::string& folder) {
  const std::string path = folder + "/review.db";
  try {
    store::Database database(path);
    const int version = database.user_version();
    if (version == kIndexVersion || version == 0) return path;
  } catch (const std::exception&) {  // no database any more
  }
  IndexWriter::forget(folder);
  return path;
}

// The bits of the id behind its time, so that items of one moment keep the order of their ids.
std::int64_t number_for(const ListedItem& item) {
  const auto& octets = item.id.bytes;
  const int tail = (octets[6] & 0x0F) << 11 | octets[7] << 3 | (octets[8] & 0x3F) >> 3;
  return (item.received_ms << kNumberBits) | tail;
}

// What the index makes of addresses: another text means that all has to be looked at again.
std::string classes_of(const Config& config) {
  std::string out;
  const auto add = [&](char kind, const std::string& name, const std::vector<std::string>& globs) {
    out.append(1, kind).append(name).append("\n");
    for (const std::string& glob : globs) out.append("\t").append(glob).append("\n");
  };
  for (const DepartmentConfig& each : config.console.departments) add('d', each.name, each.addresses);
  for (const TenantConfig& tenant : config.tenants) {
    add('t', tenant.name, tenant.domains);
    for (const OrganisationConfig& each : tenant.organisations) add('o', each.name, each.addresses);
  }
  const auto digest = sha256(out);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

// An item as it is now, and what the index has of it.
struct IndexWriter::Change {
  ItemId id;
  std::optional<Entry> entry;  // empty: it is gone
  std::int64_t number = 0;     // in the index, or that it is to get
  bool known = false;
  std::string facts, counted;  // as they were
};

void IndexWriter::forget(const std::string& folder) {
  for (const char* name : {"/review.db", "/review.db-wal", "/review.db-shm"})
    ::unlink((folder + name).c_str());
}

// It can be made anew: what a power cut takes is read again.
IndexWriter::IndexWriter(const store::ItemsAt& at)
    : database_(fitting(at.folder)),
      reader_(at.place, [this](const std::string& name) { return number_of(name); }) {
  add_tokenizer(database_);
  database_.execute("PRAGMA synchronous=NORMAL; PRAGMA secure_delete=FAST; PRAGMA cache_size=-32768");
  if (database_.user_version() == 0) {
    store::Transaction transaction(database_);
    database_.execute(kIndexSchema);
    database_.execute(("PRAGMA user_version=" + std::to_string(kIndexVersion)).c_str());
    transaction.commit();
  }
  database_.kept("SELECT max(arrival) FROM entries WHERE arrival>0").one([&](const Row& row) {
    arrival_ = row.integer(0);
  });
}

std::string IndexWriter::progress(const char* key) {
  std::string out;
  database_.kept("SELECT value FROM progress WHERE key=?")
      .one([&](const Row& row) { out = row.blob(0); }, key);
  return out;
}

void IndexWriter::set_progress(const char* key, std::string_view value) {
  database_.kept("INSERT OR REPLACE INTO progress VALUES (?,?)").run(key, Blob{value});
}

bool IndexWriter::complete() { return progress("made") == "all"; }

std::int64_t IndexWriter::followed() {
  const std::string at = progress("audit");
  return at.empty() ? 0 : std::stoll(at);
}

std::int64_t IndexWriter::newest() {
  std::int64_t out = 0;
  reader_.items().kept("SELECT max(sequence) FROM audit").one([&](const Row& row) { out = row.integer(0); });
  return out;
}

// Names are few: tenants and departments of the configuration.
std::int64_t IndexWriter::number_of(const std::string& name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  std::int64_t number = 0;
  database_.kept("INSERT OR IGNORE INTO names (name) VALUES (?)").run(name);
  database_.kept("SELECT number FROM names WHERE name=?")
      .one([&](const Row& row) { number = row.integer(0); }, name);
  names_.emplace(name, number);
  return number;
}

void IndexWriter::follow_config(const std::shared_ptr<const Config>& config) {
  if (config_ == config) return;
  reader_.use(config);
  const std::string classes = classes_of(*config);
  const std::string before = progress("classes");
  if (before != classes) {
    store::Transaction transaction(database_);
    set_progress("classes", classes);
    if (!before.empty()) begin_anew(true);
    transaction.commit();
  }
  config_ = config;
}

// Goes through all items again, the newest first; what is there already stays and is put right.
void IndexWriter::begin_anew(bool keep_audit) {
  set_progress("made", "");
  set_progress("made-until", "");
  if (!keep_audit) set_progress("audit", "");
}

// The audit entry that was read last has to be there with the hash it had: else items.db is another one, e.g.
// from a backup, or its trail was cut meanwhile; what we missed of it nobody can tell.
void IndexWriter::follow_store() {
  const std::string at = progress("audit");
  if (!at.empty()) {
    const std::int64_t sequence = std::stoll(at);
    std::string hash;
    reader_.items()
        .kept("SELECT hash FROM audit WHERE sequence=?")
        .one([&](const Row& row) { hash = row.blob(0); }, sequence);
    if (sequence == 0 || hash == progress("audit-hash")) return;
    store::Transaction transaction(database_);
    database_.execute(
        "DELETE FROM entries; DELETE FROM texts; DELETE FROM counts; INSERT INTO words(words) "
        "VALUES('delete-all')");
    begin_anew(false);
    transaction.commit();
  }
  // What happens from here on is followed, what was before is gone through.
  std::int64_t sequence = 0;
  std::string hash;
  reader_.items()
      .kept("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
      .one([&](const Row& row) {
        sequence = row.integer(0);
        hash = row.blob(1);
      });
  store::Transaction transaction(database_);
  set_progress("audit", std::to_string(sequence));
  set_progress("audit-hash", hash);
  transaction.commit();
}

// Items with an entry after the last that was read; `sequence` becomes that of the last that is read now.
std::vector<ItemId> IndexWriter::changed(std::int64_t& sequence) {
  std::set<ItemId> items;
  store::Statement& next =
      reader_.items().kept("SELECT sequence, item FROM audit WHERE sequence>? ORDER BY sequence LIMIT ?");
  bool full = false;
  next.each(
      [&](const Row& row) {
        if (full) return;
        sequence = row.integer(0);
        if (!row.null(1)) items.insert(store::item_id(row.blob(1)));
        full = items.size() == limits::kReviewIndexBatch;
      },
      sequence, kEntriesPerTurn);
  return {items.begin(), items.end()};
}

// Of those that were there when it began, the next, newest first.
std::vector<ItemId> IndexWriter::unseen(std::size_t max) {
  std::vector<ItemId> out;
  const std::string until = progress("made-until");
  const auto take = [&](const Row& row) { out.push_back(store::item_id(row.blob(0))); };
  if (until.empty())
    reader_.items().kept("SELECT id FROM items ORDER BY id DESC LIMIT ?").each(take, max);
  else
    reader_.items()
        .kept("SELECT id FROM items WHERE id<? ORDER BY id DESC LIMIT ?")
        .each(take, Blob{until}, max);
  return out;
}

bool IndexWriter::turn(const std::shared_ptr<const Config>& config) {
  // What a turn that failed left in memory was never written.
  if (std::exchange(in_turn_, true)) {
    counts_.clear();
    names_.clear();
    config_.reset();
  }
  const bool more = take_turn(config);
  in_turn_ = false;
  return more;
}

bool IndexWriter::take_turn(const std::shared_ptr<const Config>& config) {
  follow_config(config);
  follow_store();
  std::int64_t sequence = followed();
  const std::int64_t before = sequence;
  const std::vector<ItemId> items = changed(sequence);
  const bool making = !complete();
  const std::vector<ItemId> old =
      making ? unseen(limits::kReviewIndexBatch - items.size()) : std::vector<ItemId>();
  if (sequence == before && !making) return false;
  std::string hash;
  reader_.items()
      .kept("SELECT hash FROM audit WHERE sequence=?")
      .one([&](const Row& row) { hash = row.blob(0); }, sequence);
  store::Transaction transaction(database_);
  write(items, true);
  write(old, false);
  write_counts();
  if (sequence != before) {
    set_progress("audit", std::to_string(sequence));
    set_progress("audit-hash", hash);
  }
  if (!old.empty())
    set_progress("made-until", blob(old.back()).octets);
  else if (making && items.size() < limits::kReviewIndexBatch)
    set_progress("made", "all");
  transaction.commit();
  return making || sequence != before;
}

// In the order of their numbers: the full text index likes to be written upwards.
void IndexWriter::write(const std::vector<ItemId>& items, bool arrive) {
  std::vector<Change> changes;
  changes.reserve(items.size());
  for (const ItemId& id : items) changes.push_back(change_of(id));
  std::sort(changes.begin(), changes.end(),
            [](const Change& one, const Change& other) { return one.number < other.number; });
  for (Change& change : changes) {
    if (change.known && !change.entry) {
      remove(change);
    } else if (change.known) {
      update(change);
    } else if (change.entry) {
      change.number = free_number(change.number);
      insert(change, arrive);
    }
  }
}

IndexWriter::Change IndexWriter::change_of(const ItemId& id) {
  Change out;
  out.id = id;
  out.entry = reader_.read(id);
  out.known = database_.kept("SELECT number, facts, counted FROM entries WHERE id=?")
                  .one(
                      [&](const Row& row) {
                        out.number = row.integer(0);
                        out.facts = row.text(1);
                        out.counted = row.text(2);
                      },
                      blob(id));
  if (!out.known && out.entry) out.number = number_for(out.entry->row);
  return out;
}

std::int64_t IndexWriter::free_number(std::int64_t number) {
  store::Statement& taken = database_.kept("SELECT 1 FROM entries WHERE number=?");
  for (int i = 0; i < kNumbersTried && taken.one([](const Row&) {}, number); ++i) ++number;
  return number;
}

void IndexWriter::insert(const Change& change, bool arrive) {
  const Entry& entry = *change.entry;
  const ListedItem& row = entry.row;
  if (arrive) arrival_ = std::max(arrival_ + 1, unix_ms_now() * 1000);
  const std::string facts = joined(entry.facts, ' ');
  database_.kept("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .run(change.number, blob(row.id), arrive ? arrival_ : 0, row.received_ms, row.drop, row.sender,
           row.subject, joined(row.files, '\n'), row.file_count, row.bytes, recipients_text(row.recipients),
           row.recipient_count, row.verdict, row.state, joined(row.reasons, ' '), joined(row.tenants, '\n'),
           joined(row.departments, '\n'), row.requests, row.proposals, row.kept, facts, entry.counted);
  const EntryWords& words = entry.words;
  database_.kept("INSERT INTO texts VALUES (?,?,?,?,?)")
      .run(change.number, words.subject, words.files, words.sender, words.recipients);
  write_words(change.number, words, facts);
  count(entry.counted, 1);
}

void IndexWriter::write_words(std::int64_t number, const EntryWords& words, const std::string& facts) {
  database_.kept("INSERT INTO words (rowid, subject, files, sender, recipients, facts) VALUES (?,?,?,?,?,?)")
      .run(number, words.subject, words.files, words.sender, words.recipients, facts);
}

void IndexWriter::delete_words(std::int64_t number, const EntryWords& words, const std::string& facts) {
  database_
      .kept(
          "INSERT INTO words (words, rowid, subject, files, sender, recipients, facts) VALUES "
          "('delete',?,?,?,?,?,?)")
      .run(number, words.subject, words.files, words.sender, words.recipients, facts);
}

// Mostly a state changed: only the facts that went are taken out, and only the new ones put in, which a
// full text index takes, because it keeps each word's items for themselves. Words change when a report did.
void IndexWriter::update(const Change& change) {
  const Entry& entry = *change.entry;
  const ListedItem& row = entry.row;
  const std::string facts = joined(entry.facts, ' ');
  EntryWords old;
  database_.kept("SELECT subject, files, sender, recipients FROM texts WHERE number=?")
      .one(
          [&](const Row& found) {
            old = {std::string(found.text(0)), std::string(found.text(1)), std::string(found.text(2)),
                   std::string(found.text(3))};
          },
          change.number);
  if (old != entry.words) {
    delete_words(change.number, old, change.facts);
    write_words(change.number, entry.words, facts);
    database_.kept("UPDATE texts SET subject=?, files=?, sender=?, recipients=? WHERE number=?")
        .run(entry.words.subject, entry.words.files, entry.words.sender, entry.words.recipients,
             change.number);
  } else if (change.facts != facts) {
    const std::vector<std::string> before = parted(change.facts, ' ');
    std::vector<std::string> gone, come;
    std::set_difference(before.begin(), before.end(), entry.facts.begin(), entry.facts.end(),
                        std::back_inserter(gone));
    std::set_difference(entry.facts.begin(), entry.facts.end(), before.begin(), before.end(),
                        std::back_inserter(come));
    delete_words(change.number, {}, joined(gone, ' '));
    write_words(change.number, {}, joined(come, ' '));
  }
  database_
      .kept(
          "UPDATE entries SET direction=?, sender=?, subject=?, files=?, file_count=?, bytes=?, "
          "recipients=?, "
          "recipient_count=?, verdict=?, state=?, reasons=?, tenants=?, departments=?, requests=?, "
          "proposals=?, "
          "kept=?, facts=?, counted=? WHERE number=?")
      .run(row.drop, row.sender, row.subject, joined(row.files, '\n'), row.file_count, row.bytes,
           recipients_text(row.recipients), row.recipient_count, row.verdict, row.state,
           joined(row.reasons, ' '), joined(row.tenants, '\n'), joined(row.departments, '\n'), row.requests,
           row.proposals, row.kept, facts, entry.counted, change.number);
  if (change.counted == entry.counted) return;
  count(change.counted, -1);
  count(entry.counted, 1);
}

void IndexWriter::remove(const Change& change) {
  EntryWords old;
  database_.kept("SELECT subject, files, sender, recipients FROM texts WHERE number=?")
      .one(
          [&](const Row& found) {
            old = {std::string(found.text(0)), std::string(found.text(1)), std::string(found.text(2)),
                   std::string(found.text(3))};
          },
          change.number);
  delete_words(change.number, old, change.facts);
  database_.kept("DELETE FROM texts WHERE number=?").run(change.number);
  database_.kept("DELETE FROM entries WHERE number=?").run(change.number);
  count(change.counted, -1);
}

// Many items of a turn count for the same: summed up here, written once.
void IndexWriter::count(std::string_view counted, int sign) {
  const Counts counts = Counts::of_text(counted);
  std::string key;
  for (const Counts::One& one : counts.all)
    for (const CountScope& scope : counts.scopes) {
      key.assign(std::to_string(static_cast<int>(one.kind))).append("\n").append(scope.tenant).append("\n");
      key.append(scope.department).append("\n").append(std::to_string(one.now ? 0 : counts.day));
      counts_[key.append("\n").append(one.key)] += sign * one.amount;
    }
}

void IndexWriter::write_counts() {
  store::Statement& add = database_.kept(
      "INSERT INTO counts VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET count=count+excluded.count");
  store::Statement& drop = database_.kept(
      "DELETE FROM counts WHERE kind=? AND tenant=? AND department=? AND day=? AND key=? AND count=0");
  for (const auto& [columns, change] : counts_) {
    if (change == 0) continue;
    std::string_view rest = columns;
    std::array<std::string_view, 4> column;
    for (std::string_view& each : column) {
      const std::size_t end = rest.find('\n');
      each = rest.substr(0, end);
      rest.remove_prefix(end + 1);
    }
    const std::int64_t kind = std::stoll(std::string(column[0])), day = std::stoll(std::string(column[3]));
    add.run(kind, column[1], column[2], day, rest, change);
    if (change < 0) drop.run(kind, column[1], column[2], day, rest);
  }
  counts_.clear();
}

}  // namespace kiyome::review
