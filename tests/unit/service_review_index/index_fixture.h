// A small item store with its search index in a folder of its own.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/review/index/index.h"
#include "service/store/database.h"
#include "service/store/item_store.h"
#include "service/store/item_writer.h"
#include "tests/unit/store_place.h"

namespace kiyome::test {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/kiyome-index-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

struct Made {
  std::string subject = "件名";
  std::string sender = "a@outside.example";
  std::vector<std::string> to{"b@city.example"};
  Verdict verdict = Verdict::clean;
  std::vector<clean::Finding> reasons{};
  std::string report = R"({"groups":[]})";
  std::vector<std::string> tenants{};
  std::int64_t received_ms = 0;  // 0: now
};

inline std::string report_of(const std::string& name, const std::string& sha256, const std::string& reason) {
  return R"({"groups":[{"parts":[{"place":"1","name":")" + name +
         R"(","type":"application/pdf","type_name":"PDF","bytes":1,"sha256":")" + sha256 +
         R"(","action":"strip","reasons":[)" + (reason.empty() ? "" : "\"" + reason + "\"") + "]}]}]}";
}

class Store {
 public:
  Folder folder;
  store::ItemStore items{store::items_at(folder.path), [] {}};
  std::shared_ptr<const Config> config = std::make_shared<const Config>();
  std::unique_ptr<review::SearchIndex> index = opened();

  std::unique_ptr<review::SearchIndex> opened() {
    return std::make_unique<review::SearchIndex>(store::items_at(folder.path), [this] { return config; });
  }
  void catch_up() {
    while (index->turn()) {
    }
  }

  ItemId add(const Made& made) {
    store::DecidedItem item;
    const ItemId id = made.received_ms == 0
                          ? new_item_id()
                          : ItemId::make(made.received_ms, {0, 0, 0, 0, 0, 0, 0, 0, 0, tail_});
    item.envelope.id = item.where.id = id;
    item.envelope.received_ms = made.received_ms == 0 ? id.unix_ms() : made.received_ms;
    item.envelope.sender = made.sender;
    item.subject = made.subject;
    item.report = made.report;
    item.tenants = made.tenants;
    item.bytes = 1000;
    item.sha256[0] = 0xab;
    item.sha256[3] = tail_++;
    store::DecidedGroup group;
    group.verdict = made.verdict;
    group.reasons = made.reasons;
    std::uint32_t number = 0;
    for (const std::string& address : made.to) {
      item.envelope.recipients.push_back({number, address, 0, ""});
      group.recipients.push_back(number++);
    }
    if (made.verdict == Verdict::clean) {
      group.bundle.emplace();
      group.bundle->id = id;
      group.bundle->part = 1;
      group.bundle->sender = made.sender;
      group.bundle->recipients = item.envelope.recipients;
      group.bundle->content = "x";
    }
    item.groups.push_back(std::move(group));
    REQUIRE(waited([&](store::ItemStore::Done done) { items.decide(std::move(item), std::move(done)); }));
    return id;
  }
  void deliver(const ItemId& id, std::uint32_t recipient = 0,
               transfer::ResultClass result = transfer::ResultClass::delivered) {
    REQUIRE(waited([&](store::ItemStore::Done done) {
      items.delivery({id, 1, recipient, result, 2, 0, 0}, "", std::move(done));
    }));
  }
  // What other rooms write into tables of theirs, with the audit entry that has to go with it.
  void change(const ItemId& id, const std::string& event, const char* sql) {
    REQUIRE(waited([&](store::ItemStore::Done done) {
      items.write(
          [&](store::ItemWriter& writer) {
            writer.database().kept(sql).run(store::blob(id));
            audit::Entry entry;
            entry.event = event;
            entry.item = id;
            entry.actor = "test";
            entry.detail = "{}";
            writer.note(entry);
          },
          std::move(done));
    }));
  }

  std::vector<ItemId> ids(const review::Query& query) {
    std::vector<ItemId> out;
    for (const review::ListedItem& item : index->find(query).items) out.push_back(item.id);
    return out;
  }
  std::size_t count(const review::Query& query) { return ids(query).size(); }
  std::size_t count_text(const std::string& text) {
    review::Query query;
    query.text = text;
    return count(query);
  }
  std::int64_t counted(const review::CountScope& scope, review::Count kind, const std::string& key) {
    std::int64_t out = 0;
    index->read([&](store::Database& database) {
      const bool now = kind == review::Count::open;
      for (const auto& row :
           review::counts_by_key(database, scope, kind, now ? 0 : 1, now ? 0 : 1'000'000, 1000))
        if (row.key == key) out = row.count;
    });
    return out;
  }

 private:
  static bool waited(const std::function<void(store::ItemStore::Done)>& submit) {
    std::promise<bool> written;
    submit([&](bool done) { written.set_value(done); });
    return written.get_future().get();
  }
  std::uint8_t tail_ = 1;
};

}  // namespace kiyome::test
