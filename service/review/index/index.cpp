#include "service/review/index/index.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/review/index/entry_rows.h"
#include "service/review/index/expression.h"
#include "service/review/index/facts.h"
#include "service/review/index/index_writer.h"
#include "service/review/index/tokenizer.h"
#include "service/store/row_values.h"

namespace kiyome::review {
namespace {

using store::blob;
using store::Database;
using store::Row;

constexpr auto kPause = std::chrono::milliseconds(250);  // between two looks at the audit trail
constexpr auto kTroublePause = std::chrono::seconds(2);  // after a turn that failed
constexpr unsigned kTroubles = 5;                        // in a row: it is made anew
constexpr std::size_t kReadersKept = 8;                  // connections that wait for the next reader
constexpr int kNiceness = 10;                            // the relay goes first
constexpr std::int64_t kArrivals = 5000;                 // that one answer about what is new looks through
constexpr std::int64_t kFreshened = 32;                  // audit entries that a reader waits for
constexpr std::size_t kHashesAlike = 8;                  // of one item that similar ones are looked for by

struct Readers {
  std::vector<std::unique_ptr<Database>> idle;
  unsigned generation = 0;  // of review.db: a connection to one that was thrown away is closed
};

}  // namespace

struct SearchIndex::Impl {
  store::ItemsAt at;
  ConfigOf config;
  Guarded<std::unique_ptr<IndexWriter>> writer;
  Guarded<Readers> readers;
  Guarded<bool> stopping;
  Guarded<IndexState> state;
  std::thread thread;

  Impl(const store::ItemsAt& where, ConfigOf of) : at(where), config(std::move(of)) {
    // The relay does without it.
    try {
      writer.with([&](std::unique_ptr<IndexWriter>& made) { made = make(); });
    } catch (const TemporaryFailure& trouble) {
      log::error("search index cannot be opened", {{"why", trouble.what()}});
    }
  }

  // What cannot be opened as it is, is made anew.
  std::unique_ptr<IndexWriter> make() {
    try {
      return std::make_unique<IndexWriter>(at);
    } catch (const TemporaryFailure& trouble) {
      log::warning("search index is made anew", {{"why", trouble.what()}});
    }
    throw_away();
    return std::make_unique<IndexWriter>(at);
  }

  void throw_away() {
    readers.with([](Readers& all) {
      all.idle.clear();
      ++all.generation;
    });
    IndexWriter::forget(at.folder);
  }

  bool turn() {
    return writer.with([&](std::unique_ptr<IndexWriter>& now) {
      if (!now) now = make();
      const bool more = now->turn(config());
      const bool complete = now->complete();
      state.with([&](IndexState& known) { known.complete = complete; });
      return more;
    });
  }

  // Who decided something and looks at the list finds it so; where much happens, a moment later.
  void freshen() {
    try {
      writer.with([&](std::unique_ptr<IndexWriter>& now) {
        if (!now || !now->complete()) return;
        const std::int64_t behind = now->newest() - now->followed();
        if (behind > 0 && behind <= kFreshened) now->turn(config());
      });
    } catch (const TemporaryFailure&) {  // the thread that follows says so
    }
  }

  void make_anew() {
    writer.with([&](std::unique_ptr<IndexWriter>& now) {
      now.reset();
      throw_away();
    });
  }

  // Trouble is nobody's but its own: what is missing in the index is still in the store.
  void run() {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNiceness);
    unsigned troubles = 0;
    for (;;) {
      bool more = false;
      try {
        more = turn();
        troubles = 0;
      } catch (const std::exception& trouble) {
        log::warning("search index waits", {{"why", trouble.what()}});
        if (++troubles % kTroubles == 0) make_anew();
      }
      const auto until = Steady::now() + (more           ? std::chrono::milliseconds(0)
                                          : troubles > 0 ? std::chrono::milliseconds(kTroublePause)
                                                         : kPause);
      if (stopping.wait_until(
              until, [](bool& stop) { return stop; }, [](bool& stop) { return stop; }))
        return;
    }
  }

  // One connection a caller: nobody waits for another one's long search.
  template <class Use>
  auto read(Use&& use) {
    unsigned generation = 0;
    std::unique_ptr<Database> database = readers.with([&](Readers& all) {
      generation = all.generation;
      std::unique_ptr<Database> out;
      if (all.idle.empty()) return out;
      out = std::move(all.idle.back());
      all.idle.pop_back();
      return out;
    });
    if (!database) {
      database = std::make_unique<Database>(at.folder + "/review.db");
      add_tokenizer(*database);
      database->execute("PRAGMA query_only=ON; PRAGMA cache_size=-16384");
    }
    struct GiveBack {
      Guarded<Readers>& readers;
      std::unique_ptr<Database>& database;
      unsigned generation;
      ~GiveBack() {
        readers.with([&](Readers& all) {
          if (all.generation == generation && all.idle.size() < kReadersKept)
            all.idle.push_back(std::move(database));
        });
      }
    } give_back{readers, database, generation};
    return use(*database);
  }

  std::optional<std::int64_t> newest(Database& database) {
    std::optional<std::int64_t> out;
    database.kept("SELECT max(arrival) FROM entries WHERE arrival>0").one([&](const Row& row) {
      if (!row.null(0)) out = row.integer(0);
    });
    return out;
  }

  void find_in(Database& database, const Query& query, Found& out);
  void take_rows(Database& database, const std::string& match, const Query& query, std::int64_t first,
                 std::int64_t last, std::int64_t arrived, Found& out);
};

namespace {

std::int64_t first_number(std::int64_t ms) { return ms << 15; }

}  // namespace

// Numbers in [first, last], newest first, that arrived after `arrived`.
void SearchIndex::Impl::take_rows(Database& database, const std::string& match, const Query& query,
                                  std::int64_t first, std::int64_t last, std::int64_t arrived, Found& out) {
  std::int64_t number = 0;
  const auto take = [&](const Row& row) {
    if (out.items.size() == query.limit) {
      out.next = number;
      return;
    }
    number = row.integer(0);
    out.items.push_back(listed_item(row));
  };
  const std::size_t limit = query.limit + 1;
  if (match.empty())
    database
        .kept("SELECT " KIYOME_LISTED_COLUMNS
              "FROM entries e WHERE e.number>=? AND e.number<=? AND e.arrival>=? ORDER BY e.number DESC "
              "LIMIT ?")
        .each(take, first, last, arrived, limit);
  else
    database
        .kept("SELECT " KIYOME_LISTED_COLUMNS
              "FROM words w CROSS JOIN entries e ON e.number=w.rowid WHERE words MATCH ? AND w.rowid>=? AND "
              "w.rowid<=? AND e.arrival>=? ORDER BY w.rowid DESC LIMIT ?")
        .each(take, match, first, last, arrived, limit);
}

void SearchIndex::Impl::find_in(Database& database, const Query& query, Found& out) {
  out.newest = newest(database).value_or(0);
  Known known;
  known.number_of = [&](const std::string& name) {
    std::int64_t number = 0;
    database.kept("SELECT number FROM names WHERE name=?")
        .one([&](const Row& row) { number = row.integer(0); }, name);
    return number;
  };
  known.is_found = [&](const std::string& words) {
    return database.kept("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1").one([](const Row&) {}, words);
  };
  const std::optional<std::string> match = expression_of(query, known);
  if (!match) return;
  std::int64_t first = query.since_ms == 0 ? 0 : first_number(query.since_ms);
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  if (query.until_ms != 0) last = first_number(query.until_ms) - 1;
  if (query.after) last = std::min(last, *query.after - 1);
  std::int64_t arrived = 0;
  if (query.id) {
    std::int64_t number = -1;
    database.kept("SELECT number FROM entries WHERE id=?")
        .one([&](const Row& row) { number = row.integer(0); }, blob(*query.id));
    first = std::max(first, number);
    last = std::min(last, number);
  }
  if (query.before) {
    arrived = *query.before + 1;
    std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
    database
        .kept(
            "SELECT min(number) FROM (SELECT number FROM entries WHERE arrival>? AND arrival>0 ORDER BY "
            "arrival DESC LIMIT ?)")
        .one(
            [&](const Row& row) {
              if (!row.null(0)) lowest = row.integer(0);
            },
            *query.before, kArrivals);
    first = std::max(first, lowest);
  }
  if (first <= last) take_rows(database, *match, query, first, last, arrived, out);
}

SearchIndex::SearchIndex(const store::ItemsAt& at, ConfigOf config)
    : impl_(std::make_unique<Impl>(at, std::move(config))) {}

SearchIndex::~SearchIndex() { stop(); }

void SearchIndex::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void SearchIndex::stop() {
  impl_->stopping.with([](bool& stopping) { stopping = true; });
  impl_->stopping.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool SearchIndex::turn() { return impl_->turn(); }

Found SearchIndex::find(const Query& query) {
  Found out;
  impl_->freshen();
  impl_->read([&](Database& database) { impl_->find_in(database, query, out); });
  return out;
}

std::vector<ListedItem> SearchIndex::similar(const ItemId& id, const std::vector<std::string>& tenants,
                                             std::size_t max) {
  std::vector<ListedItem> out;
  impl_->read([&](Database& database) {
    std::string hashes, sender;
    std::size_t taken = 0;
    const auto facts = [&](const Row& row) {
      for (const std::string& word : parted(row.text(0), ' ')) {
        if (is_hash_fact(word) && taken++ < kHashesAlike)
          hashes.append(hashes.empty() ? "\"" : " OR \"").append(word).append("\"");
        if (is_sender_fact(word)) sender = "\"" + word + "\"";
      }
    };
    database.kept("SELECT facts FROM entries WHERE id=?").one(facts, blob(id));
    Query narrowed;
    narrowed.tenants = tenants;
    narrowed.limit = max + 1;
    for (const std::string& match : {hashes.empty() ? hashes : "(" + hashes + ")", sender}) {
      if (match.empty()) continue;
      std::string all = match;
      for (const std::string& tenant : tenants) {
        std::int64_t number = 0;
        database.kept("SELECT number FROM names WHERE name=?")
            .one([&](const Row& row) { number = row.integer(0); }, "t" + tenant);
        all += " AND \"" + named_fact(number) + "\"";
      }
      Found found;
      impl_->take_rows(database, all, narrowed, 0, std::numeric_limits<std::int64_t>::max(), 0, found);
      for (ListedItem& each : found.items) {
        const bool known = each.id == id || std::any_of(out.begin(), out.end(), [&](const ListedItem& other) {
                             return other.id == each.id;
                           });
        if (!known && out.size() < max) out.push_back(std::move(each));
      }
    }
  });
  return out;
}

std::optional<ListedItem> SearchIndex::item(const ItemId& id) {
  Query query;
  query.id = id;
  query.limit = 1;
  Found found = find(query);
  if (found.items.empty()) return std::nullopt;
  return std::move(found.items.front());
}

IndexState SearchIndex::state() {
  IndexState out = impl_->state.with([](IndexState& known) { return known; });
  impl_->read([&](Database& database) {
    for (const CountRow& row :
         counts_by_key(database, {}, Count::items, 1, std::numeric_limits<std::int64_t>::max(), 1))
      out.items = static_cast<std::uint64_t>(row.count);
  });
  return out;
}

void SearchIndex::read(const std::function<void(Database&)>& use) { impl_->read(use); }

}  // namespace kiyome::review
