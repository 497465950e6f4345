// The store's half that knows submissions.
#include <cstring>
#include <set>

#include "proto/base/limits.h"
#include "proto/clean/findings.h"
#include "service/edge/drop/drop_rows.h"
#include "service/edge/drop/drop_store.h"

namespace kiyome::edge::drop {
namespace {

using store::Blob;
using store::Database;
using store::Row;
using store::Transaction;
using Begun = DropStore::Begun;

#define KIYOME_SUBMISSION_COLUMNS                                                                          \
  "SELECT id, account, created_ms, key, digest, client, sender, sender_name, recipients, title, message, " \
  "importance, sent, host FROM submissions "

std::string_view octets(const std::array<std::uint8_t, 32>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Submission submission_of(const Row& row) {
  Submission out;
  out.id = item_id(row.blob(0));
  out.account = row.integer(1);
  out.created_ms = row.integer(2);
  out.key = row.text(3);
  std::memcpy(out.digest.data(), row.blob(4).data(), std::min(out.digest.size(), row.blob(4).size()));
  out.client = row.text(5);
  out.sender = row.text(6);
  out.sender_name = row.text(7);
  out.recipients = store::parted_lines(row.text(8));
  out.title = row.text(9);
  out.message = row.text(10);
  out.importance = row.text(11);
  out.sent = row.integer(12) != 0;
  out.host = row.text(13);
  return out;
}

SubmittedFile file_of(const Row& row) {
  SubmittedFile out;
  out.number = static_cast<std::uint32_t>(row.integer(0));
  out.item = item_id(row.blob(1));
  out.upload = item_id(row.blob(2));
  out.name = row.text(3);
  out.bytes = static_cast<std::uint64_t>(row.integer(4));
  out.password = row.text(5);
  out.committed = row.integer(6) != 0;
  out.state = static_cast<transfer::DropProgress>(row.integer(7));
  out.pages = static_cast<std::uint32_t>(row.integer(8));
  out.findings = codes_of(row.text(9));
  out.changed_ms = row.integer(10);
  out.previews = static_cast<std::uint32_t>(row.integer(11));
  return out;
}

void read_files(Database& database, Submission& of) {
  database
      .kept(
          "SELECT number, item, upload, name, bytes, password, committed, state, pages, findings, "
          "changed_ms, previews FROM files WHERE submission=? ORDER BY number")
      .each([&](const Row& row) { of.files.push_back(file_of(row)); }, blob(of.id));
}

// The submission that this key has named already.
std::optional<Begun> known(Database& database, const Submission& submission) {
  std::optional<Begun> out;
  database.kept("SELECT id, digest FROM submissions WHERE account=? AND key=?")
      .one(
          [&](const Row& row) {
            out = Begun{
                row.blob(1) == octets(submission.digest) ? Begun::What::known : Begun::What::other_request,
                item_id(row.blob(0)), 0};
          },
          submission.account, submission.key);
  return out;
}

// Gives each file its name and size; what is wrong with the first upload that cannot go, or `begun`.
Begun take_uploads(Database& database, Submission& submission, const std::string& host) {
  for (std::size_t i = 0; i < submission.files.size(); ++i) {
    SubmittedFile& file = submission.files[i];
    Begun::What wrong = Begun::What::upload_unknown;
    database.kept("SELECT name, size, offset, state, host FROM uploads WHERE id=? AND account=?")
        .one(
            [&](const Row& row) {
              file.name = row.text(0);
              file.bytes = static_cast<std::uint64_t>(row.integer(1));
              const auto state = static_cast<UploadState>(row.integer(3));
              wrong = state == UploadState::submitted    ? Begun::What::upload_used
                      : state == UploadState::gone       ? Begun::What::upload_unknown
                      : row.text(4) != host              ? Begun::What::upload_elsewhere
                      : row.integer(1) != row.integer(2) ? Begun::What::upload_open
                                                         : Begun::What::begun;
            },
            blob(file.upload), submission.account);
    if (wrong != Begun::What::begun) return {wrong, submission.id, i};
    // A name twice in the list finds its upload taken.
    database.kept("UPDATE uploads SET state=2 WHERE id=?").run(blob(file.upload));
  }
  return {Begun::What::begun, submission.id, 0};
}

}  // namespace

Begun DropStore::begin_submission(Submission submission, std::size_t in_all_max) {
  return with([&](Database& database) {
    Transaction transaction(database);
    if (const auto before = known(database, submission)) return *before;
    // Ids ascend with time, and stand in the index.
    const auto made_since = [&](std::int64_t since_ms) {
      std::size_t count = 0;
      database.kept("SELECT COUNT(*) FROM submissions WHERE account=? AND id>?")
          .one([&](const Row& row) { count = static_cast<std::size_t>(row.integer(0)); }, submission.account,
               blob(ItemId::make(since_ms, {})));
      return count;
    };
    if (in_all_max != SIZE_MAX && made_since(0) >= in_all_max)
      return Begun{Begun::What::over, submission.id, 0};
    const std::size_t today = made_since(submission.created_ms - kDayMs);
    if (today >= limits::kDropSubmissionsDay) return Begun{Begun::What::too_many, submission.id, 0};
    const Begun begun = take_uploads(database, submission, host_);
    if (begun.what != Begun::What::begun) return begun;
    database
        .kept(
            "INSERT INTO submissions (id, account, key, digest, created_ms, client, sender, sender_name, "
            "recipients, title, message, importance, sent, host) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0,?)")
        .run(blob(submission.id), submission.account, submission.key, Blob{octets(submission.digest)},
             submission.created_ms, submission.client, submission.sender, submission.sender_name,
             store::joined_lines(submission.recipients), submission.title, submission.message,
             submission.importance, host_);
    std::uint32_t number = 0;
    for (const SubmittedFile& file : submission.files)
      database.kept("INSERT INTO files VALUES (?,?,?,?,?,?,?,0,1,0,'',?,0)")
          .run(blob(submission.id), ++number, blob(file.item), blob(file.upload), file.name, file.bytes,
               file.password, submission.created_ms);
    transaction.commit();
    return begun;
  });
}

void DropStore::undo_submission(const ItemId& id) {
  with([&](Database& database) {
    Transaction transaction(database);
    database
        .kept(
            "UPDATE uploads SET state=1 WHERE +state=2 AND id IN (SELECT upload FROM files WHERE "
            "submission=?)")
        .run(blob(id));
    database.kept("DELETE FROM files WHERE submission=?").run(blob(id));
    database.kept("DELETE FROM submissions WHERE id=? AND sent=0").run(blob(id));
    transaction.commit();
    return 0;
  });
}

void DropStore::set_committed(const std::vector<ItemId>& items) {
  if (items.empty()) return;
  with([&](Database& database) {
    Transaction transaction(database);
    for (const ItemId& item : items)
      database.kept("UPDATE files SET committed=1, password='' WHERE item=?").run(blob(item));
    transaction.commit();
    return 0;
  });
}

void DropStore::set_lost(const ItemId& item, std::int64_t now_ms) {
  const auto damaged = static_cast<std::uint16_t>(clean::Finding::kOriginalDamaged);
  with([&](Database& database) {
    database
        .kept(
            "UPDATE files SET committed=1, password='', state=?, findings=?, changed_ms=? WHERE item=? AND "
            "committed=0")
        .run(transfer::DropProgress::refused, codes_text({damaged}), now_ms, blob(item));
    return 0;
  });
}

void DropStore::set_sent(const ItemId& id) {
  with([&](Database& database) {
    Transaction transaction(database);
    database.kept("UPDATE files SET committed=1, password='' WHERE submission=?").run(blob(id));
    database.kept("UPDATE submissions SET sent=1 WHERE id=?").run(blob(id));
    transaction.commit();
    return 0;
  });
}

std::optional<Submission> DropStore::find_submission(const ItemId& id) {
  return with([&](Database& database) {
    std::optional<Submission> out;
    database.kept(KIYOME_SUBMISSION_COLUMNS "WHERE id=?")
        .one([&](const Row& row) { out = submission_of(row); }, blob(id));
    if (out) read_files(database, *out);
    return out;
  });
}

std::vector<Submission> DropStore::list(std::int64_t account, const std::optional<ItemId>& before,
                                        std::size_t most) {
  return with([&](Database& database) {
    std::vector<Submission> out;
    ItemId below;
    below.bytes.fill(0xff);
    if (before) below = *before;
    database.kept(KIYOME_SUBMISSION_COLUMNS "WHERE account=? AND id<? ORDER BY id DESC LIMIT ?")
        .each([&](const Row& row) { out.push_back(submission_of(row)); }, account, blob(below), most);
    std::size_t files = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      read_files(database, out[i]);
      files += out[i].files.size();
      if (i > 0 && files > limits::kDropListed) {
        out.resize(i);
        break;
      }
    }
    return out;
  });
}

std::vector<ItemId> DropStore::unsent() {
  return with([&](Database& database) {
    std::vector<ItemId> out;
    database.kept("SELECT id FROM submissions WHERE sent=0 AND host=? ORDER BY id")
        .each([&](const Row& row) { out.push_back(item_id(row.blob(0))); }, host_);
    return out;
  });
}

}  // namespace kiyome::edge::drop
