#include "service/cleaner/cleaner_role.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>

#include "service/base/admin.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/base/sockets.h"
#include "service/cleaner/admin_commands.h"
#include "service/cleaner/cleaner_sight.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/intake_server.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/refusal_notice.h"
#include "service/cleaner/returns.h"
#include "service/cleaner/review/review_desk.h"
#include "service/cleaner/shift.h"
#include "service/compose/compose.h"
#include "service/compose/words.h"
#include "service/document/content.h"
#include "service/document/sanitizers.h"
#include "service/policy/policy.h"
#include "service/policy/tenant.h"
#include "service/sight/speaker.h"
#include "service/store/arrivals.h"
#include "service/store/nodes.h"
#include "service/store/place.h"
#include "service/trail/keeper.h"

namespace kiyome::cleaner {
namespace {

constexpr auto kExpireEvery = std::chrono::minutes(10);
constexpr std::int64_t kClockSetMs = 60'000;
constexpr auto kStopPatience = std::chrono::seconds(6);  // of the ten that a stop may take

std::map<document::Kind, Descriptor> take_programs(RoleContext& context) {
  std::map<document::Kind, Descriptor> out;
  for (const document::Kind kind : document::kAllKinds)
    out.emplace(kind, context.take_one(std::string("sanitizer.") + document::name_of(kind)));
  return out;
}

// Absent where they were not built.
SelftestPrograms take_selftests(RoleContext& context) {
  SelftestPrograms out;
  for (const char* kind : {"selftest", "selftest-office"})
    for (Descriptor& program : context.take(std::string("sanitizer.") + kind))
      out.emplace_back(kind, std::move(program));
  return out;
}

// Each may take what its largest sandbox may; together they leave a quarter of the machine to all others.
unsigned document_workers(const DocumentsConfig& config) {
  if (config.workers != 0) return config.workers;
  const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  const auto octets = pages * static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  const auto fitting = static_cast<unsigned>(octets / 4 * 3 / limits::kOfficeJobMemory);
  return std::clamp(fitting, 1U, std::max(1U, std::thread::hardware_concurrency()));
}

void count(const transfer::DeliveryResult& result) {
  using transfer::ResultClass;
  meters::cleaning.deliveries[static_cast<std::size_t>(result.result) - 1].add();
  if (result.result == ResultClass::delivered || result.result == ResultClass::relayed)
    meters::cleaning.to_delivery.see(static_cast<double>(unix_ms_now() - result.id.unix_ms()) / 1000);
}

store::OriginalReader open_originals(RoleContext& context) {
  const store::CleanerKeyPair key = store::load_or_make_cleaner_key(".");
  const StoreConfig& config = context.config().store;
  if (!config.shared()) return store::OriginalReader("../edge/originals", key);
  return store::OriginalReader(store::shared_originals(config, false), key);
}

store::ItemsAt items_at(const StoreConfig& config) {
  if (!config.shared()) return {std::string(".")};
  return {".", config, store::node_name(".")};
}

// Members stand in the order of their dependence: what is below uses what is above, and ends first.
class Cleaner {
 public:
  explicit Cleaner(RoleContext& context);
  ~Cleaner();
  std::string reload(const Config& config, std::string certificate);

 private:
  void heard(const transfer::WayBack& message);
  void heard_result(const transfer::DeliveryResult& result);
  void heard_drop(const transfer::DropResult& result);
  void heard_checkpoint(const transfer::Checkpoint& checkpoint);
  GateLink make_gate_link();
  trail::Keeper::Around trail_around();
  transfer::DropState state_of(const ItemId& id);
  std::optional<std::string> picture_of(const ItemId& id, std::uint32_t page);
  template <class Take>
  void work(Take&& take);
  void note_clock();
  void keep_house();
  void keep_shared_house(const store::ItemStore::RetentionOf& days, std::int64_t erase_ms);
  SightParts sight_parts() {
    return {items_, queue_, gate_, intake_, sanitizers_, keeper_, config_, shift_.get()};
  }

  const GoingClock clock_;
  std::int64_t noted_ahead_ms_ = 0;  // of the thread that keeps house
  CurrentConfig config_;
  store::OriginalReader originals_;
  std::map<document::Kind, Descriptor> programs_;
  SelftestPrograms selftests_;
  document::Sanitizers sanitizers_;
  Attempts attempts_;
  WorkQueue queue_;
  IntakeServer intake_;
  store::ItemStore items_;
  store::Locks locks_;
  std::unique_ptr<zone::ZoneLink> zone_;  // none: the gate is on this host
  GateLink gate_;
  trail::Keeper keeper_;
  Returns returns_;
  Processor processor_;
  ReviewDesk review_;
  AdminCommands commands_;
  std::unique_ptr<Shift> shift_;  // none: the store is ours alone
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<sight::Speaker> speaker_;
  Guarded<bool> stopping_;
  Guarded<unsigned> working_;  // threads that may have an item in hand
  std::vector<std::thread> threads_;
};

Cleaner::Cleaner(RoleContext& context)
    : config_(context.config()),
      originals_(open_originals(context)),
      programs_(take_programs(context)),
      selftests_(take_selftests(context)),
      sanitizers_([this](document::Kind kind) { return std::move(programs_.at(kind)); }),
      attempts_("attempts"),
      intake_(context.take_one("intake"),
              {[this](const transfer::Announce& where) {
                 Work work;
                 work.where = where;
                 queue_.put(std::move(work));
               },
               [this](const ItemId& id) { intake_.say(state_of(id)); },
               [this](const ItemId& id, std::uint32_t page) { return picture_of(id, page); },
               [this](const transfer::Checkpoint& checkpoint) {
                 keeper_.heard(checkpoint, [this](const audit::Checkpoint& kept) { intake_.say(kept); });
               }}),
      items_(items_at(context.config().store),
             [this] {
               intake_.flush();
               gate_.flush();
             },
             {[this](const ItemId& id, std::uint16_t part) {
                gate_.offer(BundleKey{id, part});
              },
              [this](const ItemId& id) { intake_.say(state_of(id)); }}),
      locks_(items_.at(), store::load_or_make_cleaner_key(".")),
      zone_(zone::take_link(context, zone::Side::internet)),
      gate_(make_gate_link()),
      keeper_(".", context.config(), trail_around()),
      returns_(items_, config_),
      processor_({originals_, items_, locks_, sanitizers_, attempts_, queue_, config_,
                  [this](const ItemId& id) {
                    if (shift_) return shift_->has_room();
                    intake_.say(transfer::Taken{id});
                  },
                  [this](std::vector<transfer::AnyBundle> bundles) {
                    for (transfer::AnyBundle& bundle : bundles) gate_.offer(std::move(bundle));
                  },
                  [this](const transfer::DropState& state) {
                    intake_.say(state);
                    intake_.flush();
                  }}),
      review_({items_, locks_, originals_, sanitizers_, queue_, gate_, processor_, config_, keeper_, intake_,
               selftests_, context.take_text("tls_certificate")}),
      commands_(items_, locks_, originals_, queue_, gate_, keeper_, review_.decisions()) {
  compose::warm_up();
  if (items_.at().shared())
    shift_ = std::make_unique<Shift>(Shift::Parts{items_, queue_, attempts_, gate_});
  else
    for (const auto& [id, part] : items_.unaccepted_bundles()) gate_.offer(BundleKey{id, part});
  if (zone_) zone_->start();
  gate_.start();
  keeper_.start();
  review_.start();
  admin_ = std::make_unique<AdminServer>(
      context.take_one("admin"),
      [this](const std::string& request, const AdminReply& reply) { commands_.handle(request, reply); });
  unsigned workers = context.config().cleaner.workers;
  if (workers == 0) workers = std::thread::hardware_concurrency() + 1;
  const unsigned documents = document_workers(context.config().documents);
  working_.with([&](unsigned& count) { count = workers + documents; });
  sanitizers_.get(document::Kind::mail);
  if (policy::passes_documents(context.config()) ||
      !context.config().drop_box.http.listen.empty())  // warm when the first one comes
    for (const document::Kind kind : document::kAllKinds) sanitizers_.get(kind);
  for (unsigned i = 0; i < workers; ++i)
    threads_.emplace_back([this] { work([this] { return queue_.take(); }); });
  for (unsigned i = 0; i < documents; ++i)
    threads_.emplace_back([this, documents] { work([&] { return queue_.take_document(documents); }); });
  processor_.try_locked();
  threads_.emplace_back([this] { keep_house(); });
  if (Descriptor review = context.take_optional("review")) review_.serve(std::move(review));
  if (Descriptor told = context.take_optional("sight"))
    speaker_ = std::make_unique<sight::Speaker>(
        std::move(told), [this](sight::Sheet& sheet) { show_now(sheet, sight_parts()); },
        [this](sight::Sheet& sheet) { show_house(sheet, sight_parts()); });
  intake_.start();
  if (shift_) shift_->start();
}

Cleaner::~Cleaner() {
  queue_.stop();
  stopping_.with([](bool& stopping) { stopping = true; });
  stopping_.notify_all();
  // The items in hand are finished, but for those that take longer than a stop may: they are begun again in
  // the next life, and that is no death of theirs.
  working_.wait_until(
      Steady::now() + kStopPatience, [](unsigned& count) { return count == 0; }, [](unsigned&) {});
  sanitizers_.stop();
  for (std::thread& thread : threads_) thread.join();
  if (shift_) shift_->stop();
  admin_.reset();
  speaker_.reset();
  review_.stop();
  intake_.stop();
  keeper_.stop();
  // Nobody gives the store work any more; then it ends, while all that its answers reach is still there.
  gate_.stop();
  if (zone_) zone_->stop();
  returns_.stop();
  items_.stop();
}

template <class Take>
void Cleaner::work(Take&& take) {
  while (std::optional<Work> next = take()) processor_.process(std::move(*next));
  working_.with([](unsigned& count) { --count; });
  working_.notify_all();
}

void Cleaner::heard(const transfer::WayBack& message) {
  if (const auto* accepted = std::get_if<transfer::Accepted>(&message)) {
    if (const auto taken = gate_.settled({accepted->id, accepted->part}))
      meters::cleaning.to_gate.see(*taken);
    const BundleKey key{accepted->id, accepted->part};
    items_.bundle_accepted(key.id, key.part, [this, key](bool written) {
      if (!written) gate_.offer(key);  // it is asked again, and answers again
    });
  } else if (const auto* refused = std::get_if<transfer::Refused>(&message)) {
    log::error("gate refused", refused->id,
               {{"part", std::int64_t{refused->part}},
                {"reason", std::int64_t(refused->reason)},
                {"offset", std::int64_t(refused->offset)}});
    const BundleKey key{refused->id, refused->part};
    const std::optional<transfer::Bundle> notice = refusal_notice(*refused, items_, *config_.get());
    items_.bundle_refused(*refused, notice, [this, key, notice, reason = refused->reason](bool written) {
      if (!written) return gate_.hear_again();
      meters::cleaning.refused_by_gate(static_cast<std::size_t>(reason));
      gate_.settled(key);
      if (notice) gate_.offer(*notice);
    });
  } else if (const auto* result = std::get_if<transfer::DeliveryResult>(&message)) {
    heard_result(*result);
  } else if (const auto* request = std::get_if<transfer::DoorRequest>(&message)) {
    review_.doors().heard(*request);
  } else if (const auto* password = std::get_if<transfer::DoorPassword>(&message)) {
    review_.doors().heard(*password);
  } else if (const auto* checkpoint = std::get_if<transfer::Checkpoint>(&message)) {
    heard_checkpoint(*checkpoint);
  } else {
    heard_drop(std::get<transfer::DropResult>(message));
  }
}

GateLink Cleaner::make_gate_link() {
  GateLink::Calls calls{[this](const BundleKey& key) { return items_.load_bundle(key.id, key.part); },
                        [this](const transfer::WayBack& message) { heard(message); },
                        [this](const BundleKey& key) { return review_.doors().before(key); },
                        [this] { review_.doors().connected(); }};
  if (zone_) return GateLink(*zone_, std::move(calls));
  return GateLink("../run/gate.sock", std::move(calls));
}

trail::Keeper::Around Cleaner::trail_around() {
  return {.trail = audit::Trail::cleaner,
          .book = items_.audit_book(),
          .carries = {audit::Trail::cleaner, audit::Trail::edge, audit::Trail::console},
          .tell =
              [this](const audit::Checkpoint& checkpoint) {
                gate_.say(checkpoint);
                gate_.flush();
              },
          .connected = [this] { return gate_.connected(); }};
}

// The gate's own stand here from now on; of ours it says what stands there, and who made it hears that.
void Cleaner::heard_checkpoint(const transfer::Checkpoint& checkpoint) {
  if (checkpoint.trail == audit::Trail::gate)
    return keeper_.heard(checkpoint, [this](const audit::Checkpoint& kept) { gate_.say(kept); });
  keeper_.confirmed(checkpoint, [this, checkpoint] {
    if (checkpoint.trail == audit::Trail::edge) intake_.say(checkpoint);
  });
}

void Cleaner::heard_drop(const transfer::DropResult& result) {
  items_.drop_result(result, [this, result](bool written) {
    if (!written) return gate_.hear_again();
    gate_.say(transfer::DropResultTaken{result.id, result.part, result.recipient, result.stage});
  });
}

// What edge may tell the sender. Before the verdict an item is known to the queue alone.
transfer::DropState Cleaner::state_of(const ItemId& id) {
  if (const auto decided = items_.drop_state(id)) return *decided;
  for (const transfer::Announce& each : queue_.in_hand())
    if (each.id == id) return {id, transfer::DropProgress::cleaning, 0, {}};
  return {id, transfer::DropProgress::received, 0, {}};
}

// Only of what was clean: the store has no others.
std::optional<std::string> Cleaner::picture_of(const ItemId& id, std::uint32_t page) {
  try {
    return items_.drop_picture(id, page);
  } catch (const TemporaryFailure& trouble) {
    log::warning("preview", id, {{"why", trouble.what()}});
    return std::nullopt;
  }
}

void Cleaner::heard_result(const transfer::DeliveryResult& result) {
  const std::string notice = owed_notice(result, items_, *config_.get());
  items_.delivery(result, notice, [this, result, owed = !notice.empty()](bool written) {
    if (!written) return gate_.hear_again();
    count(result);
    gate_.say(transfer::ResultTaken{result.id, result.part, result.recipient,
                                    static_cast<std::uint8_t>(result.result)});
    if (owed) returns_.wake();
  });
}

// Said once for each time that somebody sets it by more than a clock may go wrong between two looks.
void Cleaner::note_clock() {
  const std::int64_t ahead_ms = unix_ms_now() - clock_.now_ms();
  if (std::abs(ahead_ms - noted_ahead_ms_) < kClockSetMs) return;
  log::warning("the clock was set", {{"seconds", (ahead_ms - noted_ahead_ms_) / 1000}});
  noted_ahead_ms_ = ahead_ms;
}

void Cleaner::keep_house() {
  for (;;) {
    const bool stop = stopping_.wait_until(
        Steady::now() + kExpireEvery, [](bool& stopping) { return stopping; },
        [](bool& stopping) { return stopping; });
    if (stop) return;
    note_clock();
    // What is erased is gone: a clock that is set forward while we run erases nothing before its time.
    const std::int64_t erase_ms = std::min(unix_ms_now(), clock_.now_ms());
    try {
      // All that nobody needs, every time: edge refuses those with items that we have not heard of, and
      // forgets our word when it dies.
      const std::shared_ptr<const Config> config = config_.get();
      const auto days = [&](std::span<const std::string> tenants) {
        return policy::retention_of(*config, tenants);
      };
      if (shift_) {
        if (items_.keeps_house()) keep_shared_house(days, erase_ms);
      } else {
        items_.expire(days, erase_ms, originals_.segments(),
                      [this](std::uint64_t segment) { intake_.say(transfer::FreeSegment{segment}); });
        processor_.try_locked();
      }
      review_.keep_house(erase_ms);
    } catch (const std::exception& trouble) {
      log::warning("retention waits", {{"why", trouble.what()}});
    }
  }
}

// Once for all hosts: here the cleaner removes what nobody needs.
void Cleaner::keep_shared_house(const store::ItemStore::RetentionOf& days, std::int64_t erase_ms) {
  // By this host's clock and by the database's: neither alone erases what is everybody's.
  store::Arrivals arrivals(items_.at().originals());
  items_.expire(days, std::min(erase_ms, arrivals.now_ms()), {}, [](std::uint64_t) {});
  for (std::uint64_t after = 0;;) {
    const store::OriginalReader::Sweep sweep = originals_.sweep(items_.at().place.schema, after);
    originals_.remove(sweep.unneeded);
    if (after = sweep.next; after == 0) break;
  }
  processor_.try_locked();
}

std::string Cleaner::reload(const Config& config, std::string certificate) {
  if (config.cleaner.workers != config_.get()->cleaner.workers)
    return "cleaner.workers: changing it takes a restart";
  if (config.documents.workers != config_.get()->documents.workers)
    return "documents.workers: changing it takes a restart";
  try {
    compose::check_words(config);
  } catch (const ConfigError& mistakes) {
    return mistakes.what();
  }
  if (zone_)
    if (std::string why = zone_->reload(config.transfer); !why.empty()) return why;
  try {
    returns_.reload(config);
  } catch (const std::exception& trouble) {
    return std::string("edge.return: ") + trouble.what();
  }
  config_.set(config);
  keeper_.reload(config);
  review_.reload(std::move(certificate));
  return {};
}

}  // namespace

int run_cleaner(RoleContext& context) {
  raise_descriptor_limit();
  Cleaner cleaner(context);
  context.serve(
      [&](const Config& config) { return cleaner.reload(config, context.take_text("tls_certificate")); });
  return 0;
}

}  // namespace kiyome::cleaner
