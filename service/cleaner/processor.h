// One item's way through the cleaner: original → sandbox → policy → composed mails → one transaction.
#pragma once

#include <functional>
#include <memory>

#include "service/base/config.h"
#include "service/cleaner/attempts.h"
#include "service/cleaner/clean_item.h"
#include "service/cleaner/decide/allowances.h"
#include "service/cleaner/work_queue.h"
#include "service/document/sanitizers.h"
#include "service/store/item_store.h"
#include "service/store/locks.h"
#include "service/workers/pool.h"

namespace kiyome::cleaner {

// The configuration that counts now; a worker keeps the one it began with (hence shared), so a reload
// disturbs nobody.
class CurrentConfig {
 public:
  explicit CurrentConfig(Config config) : current_(std::make_shared<const Config>(std::move(config))) {}
  std::shared_ptr<const Config> get() {
    return current_.with([](std::shared_ptr<const Config>& config) { return config; });
  }
  void set(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    current_.with([&](std::shared_ptr<const Config>& held) { held = std::move(next); });
  }

 private:
  Guarded<std::shared_ptr<const Config>> current_;
};

// Thread-safe: process() is called by every worker.
class Processor {
 public:
  struct Parts {
    store::OriginalReader& originals;
    store::ItemStore& items;
    store::Locks& locks;
    document::Sanitizers& sanitizers;
    Attempts& attempts;
    WorkQueue& queue;
    CurrentConfig& config;
    std::function<void(const ItemId&)> taken;                       // the item's fate is on disk
    std::function<void(std::vector<transfer::AnyBundle>)> leaving;  // bundles that are on disk
    std::function<void(const transfer::DropState&)> progress;       // of a file of the drop box in work
  };
  explicit Processor(Parts parts) : parts_(std::move(parts)), allowances_(parts_.items) {}

  // Never throws: trouble of ours puts the work off; whatever the item does is a verdict.
  void process(Work work);
  // Queues the items that wait for passwords which came meanwhile. Those of one sender are looked for after
  // each of his mails that brings some; this is for what a restart or a full queue left undone.
  void try_locked();

 private:
  struct Job;
  void run(Work& work);
  void put_off(Work& work, const char* why);
  void sanitize(Job& job, Work& work);
  // What the mail sanitizer says of the original, which `input` has. false: nothing, and the job is held.
  bool parse(Job& job, const Work& work, int input, const clean::JobOptions& options);
  bool needs_documents(const Job& job, const Work& work);
  void clean_documents(Job& job, const Work& work);
  void decide(Job& job, const clean::MailAnswer& answer, const Work& work);
  static Request request_of(const Job& job, const Work& work);
  void hold(Job& job, clean::Finding why);
  void submit(Job job, Work& work);
  static std::optional<clean::Finding> scan_original(const Job& job);
  std::vector<clean::Authentication> upstream_results(const Job& job);
  bool is_loop(const clean::MailAnswer& answer);
  void write_down(Job job, Work& work, std::vector<transfer::AnyBundle> leaving);
  void finish(const Work& work, std::vector<transfer::AnyBundle> leaving, std::vector<clean::Finding> why);
  // orders.cpp
  static bool looks_into(const Job& job);
  void choose_ordered(Job& job, const Order& order);
  void prove_sender(Job& job);
  void keep_standings(Job& job);
  static void keep_new(Job& job, const Work& work);
  std::string merged_report(const Job& job, const ItemId& id, std::string fresh);
  // drop_item.cpp
  void sanitize_drop(Job& job, Work& work);
  void clean_drop(Job& job, const Work& work, const document::Content& content);
  void submit_drop(Job job, Work& work);
  std::function<void(std::uint32_t pages)> paged(const ItemId& id);
  // unlock.cpp
  void choose_copies(Job& job, const Work& work);
  std::vector<std::string> passwords_for(Job& job, const Work& work);
  void keep_opened(Job& job);
  void add_locks(Job& job, const Work& work);
  void try_locked(const std::vector<transfer::Announce>& due);
  // door_links.cpp
  static void add_door(Job& job, const Group& group);
  static void add_notices(Job& job, std::vector<std::size_t> told, const std::vector<clean::Finding>& why);

  Parts parts_;
  Allowances allowances_;
};

}  // namespace kiyome::cleaner
