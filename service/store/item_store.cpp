#include "service/store/item_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/base/sockets.h"
#include "service/store/arrivals.h"
#include "service/store/database.h"
#include "service/store/item_schema.h"
#include "service/store/item_writer.h"
#include "service/store/shared_folder.h"

namespace kiyome::store {
namespace {

constexpr std::size_t kBatchMax = 512;                     // operations that share one fsync
constexpr std::size_t kQueueMax = 8192;                    // operations that may wait …
constexpr auto kFullPatience = std::chrono::seconds(5);    // … or so long
constexpr auto kLazyWait = std::chrono::milliseconds(20);  // how long results may wait for company
// How long a decision waits for company. No sender waits for it; with ten connections that send one mail
// after the other it makes a mail an eighth cheaper (1.10 to 0.96 ms of all roles), because commits of three
// become ten.
constexpr auto kGather = std::chrono::milliseconds(5);
constexpr std::size_t kReturnsAtOnce = 8u << 20;  // octets in hand, more or less: one may be a whole original
constexpr auto kTroublePause = std::chrono::milliseconds(500);  // after a commit that failed

struct Operation {
  std::function<void(ItemWriter&)> work;
  std::function<void(bool)> done;
};

struct Queue {
  std::deque<Operation> operations;
  bool urgent = false;  // somebody waits for the fsync
  bool stopping = false;
};

RecipientRow recipient_row(const Row& row) {
  RecipientRow out;
  out.id = item_id(row.blob(0));
  out.index = static_cast<std::uint32_t>(row.integer(1));
  out.address = row.text(2);
  out.notify = static_cast<std::uint8_t>(row.integer(3));
  out.orcpt = row.text(4);
  out.state = static_cast<State>(row.integer(5));
  out.verdict = static_cast<Verdict>(row.integer(6));
  out.reasons = row.text(7);
  out.status = row.text(8);
  out.changed_ms = row.integer(9);
  out.sender = row.text(10);
  out.bytes = static_cast<std::uint64_t>(row.integer(11));
  out.received_ms = row.integer(12);
  out.part = static_cast<std::uint16_t>(row.integer(13));
  return out;
}

#define KIYOME_RECIPIENT_COLUMNS                                                                   \
  "SELECT r.id, r.number, r.address, r.notify, r.orcpt, r.state, r.verdict, r.reasons, r.status, " \
  "r.changed_ms, i.sender, i.bytes, i.received_ms, r.part FROM recipients r JOIN items i ON i.id = r.id "

Descriptor open_bundles(Database& database, const ItemsAt& at) {
  if (at.blobs.empty()) return {};
  const std::string folder = at.blobs + "/bundles";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make " + folder);
  if (at.shared()) return open_shared_folder(database, folder);
  Descriptor out(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out) throw_errno("open " + folder);
  return out;
}

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::held:
      return "held";
    case State::sending:
      return "sending";
    case State::delivered:
      return "delivered";
    case State::bounced:
      return "bounced";
    case State::deleted:
      return "deleted";
  }
  return "held";
}

struct ItemStore::Impl {
  ItemsAt at;
  std::function<void()> after_batch;
  DropCalls drops;
  Database database;
  Descriptor bundles;  // the folder of large ones; none: they are in the database
  std::unique_ptr<ItemWriter> writer;
  Guarded<std::unique_ptr<Database>> reader;
  Guarded<Queue> queue;
  std::atomic<Steady::rep> keeps_house_until{0};
  std::thread thread;

  Impl(ItemsAt where, std::function<void()> after, DropCalls calls)
      : at(std::move(where)), after_batch(std::move(after)), drops(std::move(calls)), database(at.place) {
    // Debian's SQLite writes zeros over all that is deleted, which for bundles that come and go was half of
    // what a mail wrote (20 KB, 100 µs). So it does only where the page is written anyhow; pages are soon
    // used again.
    if (!database.shared()) database.execute("PRAGMA secure_delete=FAST");
    database.migrate(kItemSchema);
    bundles = open_bundles(database, at);
    if (at.shared()) Arrivals(at.originals());  // a verdict ends an arrival
    writer = std::make_unique<ItemWriter>(database, at, bundles.get());
    reader.with(
        [&](std::unique_ptr<Database>& connection) { connection = std::make_unique<Database>(at.place); });
    if (!at.shared()) drop_stray_files();
  }

  // Files of transactions that never committed.
  void drop_stray_files() {
    Statement known(database, "SELECT 1 FROM bundles WHERE id=? AND part=? AND frame IS NULL");
    for (const auto& entry : std::filesystem::directory_iterator(at.folder + "/bundles")) {
      const std::string name = entry.path().filename();
      const Result<ItemId> id = ItemId::parse(std::string_view(name).substr(0, 36));
      const bool kept = id && name.size() > 37 &&
                        known.one([](const Row&) {}, blob(*id), std::strtol(name.c_str() + 37, nullptr, 10));
      if (!kept) ::unlink(entry.path().c_str());
    }
  }

  // A disk that is slower than those who ask makes them wait, within reason: memory is bounded too.
  void submit(bool urgent, std::function<void(ItemWriter&)> work, std::function<void(bool)> done) {
    if (std::this_thread::get_id() != thread.get_id())
      queue.wait_until(
          Steady::now() + kFullPatience,
          [](Queue& waiting) { return waiting.operations.size() < kQueueMax || waiting.stopping; },
          [](Queue&) {});
    const bool wake = queue.with([&](Queue& waiting) {
      const bool first = waiting.operations.empty();
      waiting.operations.push_back({std::move(work), std::move(done)});
      waiting.urgent = waiting.urgent || urgent;
      return first || urgent;
    });
    if (wake) queue.notify_one();
  }

  template <class F>
  auto read(F&& use) {
    return reader.with([&](std::unique_ptr<Database>& connection) { return use(*connection); });
  }

  enum class Fate { written, refused, away };

  Fate commit(std::span<Operation> batch) {
    try {
      Transaction transaction(database);
      writer->began();
      for (Operation& operation : batch) operation.work(*writer);
      writer->before_commit();
      const auto began = Steady::now();
      transaction.commit();
      meters::item_commits.seconds.see(Steady::now() - began);
      meters::item_commits.group.see(static_cast<double>(batch.size()));
    } catch (const DatabaseAway& trouble) {
      writer->after_rollback();
      log::warning("store", {{"why", trouble.what()}, {"operations", std::int64_t(batch.size())}});
      return Fate::away;
    } catch (const std::exception& trouble) {
      writer->after_rollback();
      log::error("store", {{"why", trouble.what()}, {"operations", std::int64_t(batch.size())}});
      return Fate::refused;
    }
    writer->after_commit();
    return Fate::written;
  }

  // What an answer sets going is not this thread's trouble.
  template <class F>
  static void tell(F&& call) {
    try {
      call();
    } catch (const std::exception& trouble) {
      log::error("store: an answer could not be taken", {{"why", trouble.what()}});
    }
  }

  void run_batch(std::vector<Operation> batch) {
    const Fate fate = commit(batch);
    const bool written = fate == Fate::written;
    for (Operation& operation : batch) {
      // One operation that cannot be written must not take its company with it.
      const bool mine =
          written || (fate == Fate::refused && batch.size() > 1 && commit({&operation, 1}) == Fate::written);
      if (operation.done) tell([&] { operation.done(mine); });
    }
    for (const DropNews& news : writer->take_drop_news()) {
      if (news.wrote && drops.wrote) tell([&] { drops.wrote(news.id, *news.wrote); });
      if (drops.changed) tell([&] { drops.changed(news.id); });
    }
    if (!written) std::this_thread::sleep_for(kTroublePause);
    after_batch();
  }

  void run() {
    for (;;) {
      queue.wait([](Queue& waiting) { return !waiting.operations.empty() || waiting.stopping; },
                 [](Queue&) {});
      queue.wait_until(
          Steady::now() + kLazyWait, [](Queue& waiting) { return waiting.urgent || waiting.stopping; },
          [](Queue&) {});
      std::this_thread::sleep_for(kGather);  // asleep, not waiting: those who come wake nobody
      bool stop = false, room = false;
      std::vector<Operation> batch = queue.with([&](Queue& waiting) {
        std::vector<Operation> taken;
        while (!waiting.operations.empty() && taken.size() < kBatchMax) {
          taken.push_back(std::move(waiting.operations.front()));
          waiting.operations.pop_front();
        }
        if (waiting.operations.empty()) waiting.urgent = false;
        room = waiting.operations.size() < kQueueMax && waiting.operations.size() + taken.size() >= kQueueMax;
        stop = waiting.stopping && taken.empty();
        return taken;
      });
      if (stop) return;
      if (room) queue.notify_all();
      if (!batch.empty()) run_batch(std::move(batch));
    }
  }
};

ItemStore::ItemStore(ItemsAt at, std::function<void()> after_batch, DropCalls drops)
    : impl_(std::make_unique<Impl>(std::move(at), std::move(after_batch), std::move(drops))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

ItemStore::~ItemStore() { stop(); }

void ItemStore::stop() {
  impl_->queue.with([](Queue& waiting) { waiting.stopping = true; });
  impl_->queue.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void ItemStore::decide(DecidedItem item, Done done) {
  auto held = std::make_shared<DecidedItem>(std::move(item));  // shared: std::function wants to be copyable
  impl_->submit(
      true, [held](ItemWriter& writer) { writer.decide(*held); }, std::move(done));
}

void ItemStore::bundle_accepted(const ItemId& id, std::uint16_t part, Done done) {
  impl_->submit(
      false, [id, part](ItemWriter& writer) { writer.bundle_accepted(id, part); }, std::move(done));
}

void ItemStore::bundle_refused(const transfer::Refused& refusal, std::optional<transfer::Bundle> notice,
                               Done done) {
  impl_->submit(
      true,
      [refusal, notice = std::move(notice)](ItemWriter& writer) { writer.bundle_refused(refusal, notice); },
      std::move(done));
}

void ItemStore::delivery(const transfer::DeliveryResult& result, const std::string& notice, Done done) {
  impl_->submit(
      false, [result, notice](ItemWriter& writer) { writer.delivery(result, notice); }, std::move(done));
}

void ItemStore::drop_result(const transfer::DropResult& result, Done done) {
  impl_->submit(
      false, [result](ItemWriter& writer) { writer.drop_result(result); }, std::move(done));
}

void ItemStore::return_sent(std::int64_t number, bool delivered, std::string_view status, Done done) {
  impl_->submit(
      false,
      [number, delivered, text = std::string(status)](ItemWriter& writer) {
        writer.return_sent(number, delivered, text);
      },
      std::move(done));
}

void ItemStore::return_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms, Done done) {
  impl_->submit(
      false, [=](ItemWriter& writer) { writer.return_later(number, attempts, next_ms); }, std::move(done));
}

void ItemStore::note(audit::Entry entry) {
  impl_->submit(false, [entry](ItemWriter& writer) { writer.note(entry); }, {});
}

void ItemStore::write(std::function<void(ItemWriter&)> work, Done done) {
  impl_->submit(true, std::move(work), std::move(done));
}

void ItemStore::look(const std::function<void(Database&)>& use) {
  impl_->read([&](Database& db) { use(db); });
}

const ItemsAt& ItemStore::at() const { return impl_->at; }
bool ItemStore::keeps_house() const {
  return !impl_->at.shared() || Steady::now().time_since_epoch().count() < impl_->keeps_house_until;
}
void ItemStore::keep_house(Steady::time_point until) {
  const bool before = keeps_house();
  impl_->keeps_house_until = until.time_since_epoch().count();
  if (const bool ours = keeps_house(); before != ours)
    log::info(ours ? "keeps house" : "keeps house no more");
}

bool ItemStore::knows(const ItemId& id) {
  return impl_->read([&](Database& db) {
    return db.kept("SELECT 1 FROM items WHERE id=?").one([](const Row&) {}, blob(id));
  });
}

std::optional<ItemRow> ItemStore::find(const ItemId& id) {
  return impl_->read([&](Database& db) {
    std::optional<ItemRow> out;
    Statement& query = db.kept(
        "SELECT received_ms, sender, client, envid, subject, header, report, bytes, sha256, "
        "segment, offset, "
        "length, original_kept FROM items WHERE id=?");
    query.one(
        [&](const Row& row) {
          out.emplace();
          out->id = out->where.id = id;
          out->received_ms = row.integer(0);
          out->sender = row.text(1);
          out->client = row.text(2);
          out->envid = row.text(3);
          out->subject = row.text(4);
          out->header = row.blob(5);
          out->report = row.text(6);
          out->bytes = static_cast<std::uint64_t>(row.integer(7));
          out->sha256_hex = hex(sha256_of(row.blob(8)));
          out->where.segment = static_cast<std::uint64_t>(row.integer(9));
          out->where.offset = static_cast<std::uint64_t>(row.integer(10));
          out->where.length = static_cast<std::uint32_t>(row.integer(11));
          out->original_kept = row.integer(12) != 0;
        },
        blob(id));
    return out;
  });
}

std::vector<RecipientRow> ItemStore::recipients(const ItemId& id) {
  return impl_->read([&](Database& db) {
    std::vector<RecipientRow> out;
    Statement& query = db.kept(KIYOME_RECIPIENT_COLUMNS "WHERE r.id=? ORDER BY r.number");
    query.each([&](const Row& row) { out.push_back(recipient_row(row)); }, blob(id));
    return out;
  });
}

std::optional<RecipientRow> ItemStore::recipient(const ItemId& id, std::uint32_t number) {
  return impl_->read([&](Database& db) {
    std::optional<RecipientRow> out;
    Statement& query = db.kept(KIYOME_RECIPIENT_COLUMNS "WHERE r.id=? AND r.number=?");
    query.one([&](const Row& row) { out = recipient_row(row); }, blob(id), number);
    return out;
  });
}

// A connection of its own: a slow asker holds up nobody else.
void ItemStore::list(const ListFilter& filter, const std::function<bool(const RecipientRow&)>& row) {
  Database db(impl_->at.place);
  std::string where = "WHERE r.state<>5 ";
  if (filter.held_only) where = "WHERE r.state=1 ";
  if (filter.state) where = "WHERE r.state=" + std::to_string(static_cast<int>(*filter.state)) + " ";
  Statement query(db, KIYOME_RECIPIENT_COLUMNS + where + "ORDER BY r.id, r.number");
  while (query.step())
    if (!row(recipient_row(query.row()))) return;
}

std::vector<std::pair<ItemId, std::uint16_t>> ItemStore::unaccepted_bundles() {
  return impl_->read([&](Database& db) {
    std::vector<std::pair<ItemId, std::uint16_t>> out;
    Statement query(db, "SELECT id, part FROM bundles WHERE sent_by=? ORDER BY id, part");
    query.each(
        [&](const Row& row) {
          out.emplace_back(item_id(row.blob(0)), static_cast<std::uint16_t>(row.integer(1)));
        },
        impl_->at.node);
    return out;
  });
}

bool ItemStore::has_bundle(const ItemId& id, std::uint16_t part) {
  return impl_->read([&](Database& db) {
    return db.kept("SELECT 1 FROM bundles WHERE id=? AND part=?").one([](const Row&) {}, blob(id), part);
  });
}

// What cannot be read now is tried again; what is lost or damaged becomes a hold, so that somebody sees it.
std::optional<transfer::AnyBundle> ItemStore::load_bundle(const ItemId& id, std::uint16_t part) {
  std::optional<std::string> frame = impl_->read([&](Database& db) {
    std::optional<std::string> found;
    Statement& query = db.kept("SELECT frame FROM bundles WHERE id=? AND part=?");
    query.one([&](const Row& row) { found = std::string(row.blob(0)); }, blob(id), part);
    return found;
  });
  if (!frame) return std::nullopt;
  if (frame->empty()) {
    const Descriptor file(
        ::openat(impl_->bundles.get(), bundle_file(id, part).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && impl_->bundles && errno != ENOENT) throw_errno("open a bundle");
    if (file) frame = read_whole(file.get());
    if (!file && impl_->at.shared()) {  // its folder may be away here alone: others try
      log::error("a bundle's file is not there", id, {{"part", std::int64_t{part}}});
      write(
          [id, part](ItemWriter& writer) {
            writer.database().kept("UPDATE bundles SET sent_by='' WHERE id=? AND part=?").run(blob(id), part);
          },
          {});
      return std::nullopt;
    }
  }
  Result<transfer::Forward> message =
      transfer::decode_forward(std::string_view(*frame).substr(std::min<std::size_t>(4, frame->size())));
  if (message)
    if (auto* mail = std::get_if<transfer::Bundle>(&*message)) return std::move(*mail);
  if (message)
    if (auto* drop = std::get_if<transfer::DropBundle>(&*message)) return std::move(*drop);
  if (message)
    if (auto* sealed = std::get_if<transfer::SealedOriginal>(&*message)) return std::move(*sealed);
  log::error("stored bundle is damaged", id, {{"part", std::int64_t{part}}});
  bundle_refused({id, part, transfer::RefusalReason::digest, 0}, std::nullopt, {});
  return std::nullopt;
}

std::vector<ReturnMail> ItemStore::due_returns(std::int64_t now_ms, std::size_t max,
                                               std::int64_t longest_ms) {
  return impl_->read([&](Database& db) {
    std::vector<ReturnMail> out;
    Statement& query = db.kept(
        "SELECT number, id, recipient, content, attempts, created_ms, next_ms FROM returns WHERE next_ms<=? "
        "OR next_ms>? ORDER BY next_ms LIMIT ?");
    std::size_t octets = 0;
    query.each(
        [&](const Row& row) {
          if (octets > kReturnsAtOnce) return;
          ReturnMail mail;
          mail.number = row.integer(0);
          mail.id = item_id(row.blob(1));
          mail.recipient = row.text(2);
          mail.content = row.blob(3);
          octets += mail.content.size();
          mail.attempts = static_cast<std::uint32_t>(row.integer(4));
          mail.created_ms = row.integer(5);
          mail.next_ms = row.integer(6);
          out.push_back(std::move(mail));
        },
        now_ms, now_ms + longest_ms, max);
    return out;
  });
}

std::uint16_t ItemStore::next_part(const ItemId& id) {
  return impl_->read([&](Database& db) {
    std::int64_t last = 0;
    Statement& query = db.kept("SELECT max(part) FROM recipients WHERE id=?");
    query.one([&](const Row& row) { last = row.integer(0); }, blob(id));
    return static_cast<std::uint16_t>(last + 1);
  });
}

AuditBook ItemStore::audit_book() {
  return {.write =
              [this](std::function<void(Database&, AuditLog&)> work, Done done) {
                write(
                    [work = std::move(work)](ItemWriter& writer) { work(writer.database(), writer.audit()); },
                    std::move(done));
              },
          .open = [this] { return std::make_unique<Database>(impl_->at.place); },
          .on_duty = [this] { return keeps_house(); }};
}

void ItemStore::keep(const ItemId& id, const std::string& by, const std::string& reason,
                     std::function<void(std::optional<Keep>)> done) {
  const auto result = std::make_shared<Keep>();  // shared by the two halves of one operation
  write([=](ItemWriter& writer) { *result = writer.keep(id, by, reason); },
        [=](bool written) { done(written ? std::optional(*result) : std::nullopt); });
}

void ItemStore::unkeep(const ItemId& id, const std::string& by,
                       std::function<void(std::optional<Keep>)> done) {
  const auto result = std::make_shared<Keep>();  // as above
  write([=](ItemWriter& writer) { *result = writer.unkeep(id, by); },
        [=](bool written) { done(written ? std::optional(*result) : std::nullopt); });
}

std::optional<LegalHold> ItemStore::legal_hold(const ItemId& id) {
  return impl_->read([&](Database& db) {
    std::optional<LegalHold> out;
    db.kept("SELECT kept_by, reason, kept_ms FROM kept WHERE id=?")
        .one(
            [&](const Row& row) {
              out = LegalHold{std::string(row.text(0)), std::string(row.text(1)), row.integer(2)};
            },
            blob(id));
    return out;
  });
}

void ItemStore::expire(const RetentionOf& retention, std::int64_t now_ms, std::vector<std::uint64_t> segments,
                       const std::function<void(std::uint64_t segment)>& unneeded) {
  struct Shared {
    std::vector<std::uint64_t> segments;
    Guarded<bool> finished;
  };
  const auto shared = std::make_shared<Shared>();  // shared by the two halves of one operation
  shared->segments = std::move(segments);
  impl_->submit(
      true,
      [=](ItemWriter& writer) {
        writer.expire(retention, now_ms);
        shared->segments = writer.unneeded(std::move(shared->segments));
      },
      [=](bool written) {
        if (written)
          for (const std::uint64_t segment : shared->segments) unneeded(segment);
        shared->finished.with([](bool& finished) { finished = true; });
        shared->finished.notify_all();
      });
  shared->finished.wait([](bool& finished) { return finished; }, [](bool&) {});
}

}  // namespace kiyome::store
