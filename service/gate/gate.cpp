#include "service/gate/gate.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <atomic>
#include <sstream>

#include "service/auth/admin_commands.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/gate/door_back.h"
#include "service/gate/folder/output_folder.h"
#include "service/gate/intake.h"
#include "service/gate/lease.h"
#include "service/gate/outbox.h"
#include "service/gate/sealed_mail.h"
#include "service/http/json_text.h"
#include "service/sight/families.h"
#include "service/sight/process.h"
#include "service/trail/keeper.h"
#include "service/trail/words.h"

namespace kiyome::gate {
namespace {

using namespace std::chrono_literals;

constexpr auto kMailsInHand = 7000ms;   // of the 10 s that a stop may take
constexpr double kRememberedDays = 30;  // (id, part) of finished bundles
constexpr auto kPruneEvery = 1h;
constexpr std::uint64_t kRoomMin = 64u << 20;  // octets of disk; with less it is not ready for bundles

std::string text_of(const Poco::JSON::Object& object) {
  std::ostringstream out;
  object.stringify(out);
  return out.str();
}

Poco::JSON::Object::Ptr parse_request(const std::string& request) {
  try {
    return Poco::JSON::Parser().parse(request).extract<Poco::JSON::Object::Ptr>();
  } catch (const Poco::Exception&) {
    throw PermanentFailure("a JSON object is expected");
  }
}

}  // namespace

// Built and ended in an order: the writer ends after everybody who gives it work, the intake's way back after
// the writer.
struct Gate::Impl {
  const GoingClock clock;
  GateStore store;
  std::unique_ptr<zone::ZoneLink> zone;  // none: the Internet side is on this host
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<Lease> lease;
  std::unique_ptr<trail::Keeper> keeper;
  std::unique_ptr<DoorBack> doors;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<OutputFolder> output;    // may be none
  std::unique_ptr<PickUpService> pick_up;  // may be none
  SmtpClientConfig deliver;
  std::string hostname;
  struct Originals {
    bool taken = false;  // gate.originals
    SealedHead head;
  };
  Guarded<Originals> originals;
  std::atomic<std::int64_t> prune_next_ms{0};

  const std::string home;  // its folder

  Impl(const std::string& where, const StoreConfig& config) : store(GateAt(where, config)), home(where) {}
  std::int64_t now_ms() const { return clock.now_ms(); }
  void read_originals(const Config& config);
  std::optional<transfer::Bundle> sealed(const transfer::SealedOriginal& original);
  void add_to_outbox(std::int64_t row, std::int64_t received_ms,
                     std::shared_ptr<const transfer::Bundle> bundle);
  void join_others();
  PickUpParts pick_up_parts();
  store::AuditBook audit_book();
  void look_after_trail(const std::string& folder, const Config& config);
  void heard(const transfer::Checkpoint& checkpoint);
  bool has_takers(const transfer::DropBundle& bundle);
  void prune_sometimes();
  void drops(const AdminReply& reply);
  void list(const AdminReply& reply);
  void status(const AdminReply& reply);
  void retry(const std::string& id, const AdminReply& reply);
};

void Gate::Impl::add_to_outbox(std::int64_t row, std::int64_t received_ms,
                               std::shared_ptr<const transfer::Bundle> bundle) {
  PendingBundle pending;
  pending.row = row;
  pending.id = bundle->id;
  pending.part = bundle->part;
  pending.received_ms = pending.next_ms = received_ms;
  pending.size = bundle->content.size();
  pending.own = bundle->kind == kOwnMail;
  outbox->add(pending, std::move(bundle));
}

void Gate::Impl::read_originals(const Config& config) {
  Originals next;
  next.taken = config.gate_takes_originals;
  next.head.hostname = config.smtp.hostname;
  next.head.from =
      !config.notice.sender.empty() ? config.notice.sender : "postmaster@" + config.smtp.hostname;
  originals.with([&](Originals& now) { now = std::move(next); });
}

std::optional<transfer::Bundle> Gate::Impl::sealed(const transfer::SealedOriginal& original) {
  const Originals now = originals.with([](const Originals& held) { return held; });
  if (!now.taken) return std::nullopt;
  return sealed_mail(original, now.head, now_ms());
}

PickUpParts Gate::Impl::pick_up_parts() {
  return {store,
          *writer,
          [this] { return now_ms(); },
          [this](const std::vector<NumberedResult>& results) { intake->way_back().say(results); },
          [this](std::int64_t row, std::int64_t now, std::shared_ptr<const transfer::Bundle> mail) {
            add_to_outbox(row, now, std::move(mail));
          },
          [this](const std::string& address) { return output && output->is_for(address); },
          [this] {
            if (output) output->wake();
          },
          [this] { doors->wake(); },
          [this](transfer::DoorPassword password) { return doors->give(std::move(password)); },
          [this] { return lease->has(Duty::house); },
          [this] { return lease->has(Duty::folder); }};
}

void Gate::Impl::join_others() {
  Lease::Calls calls;
  calls.adopted = [this](const std::vector<PendingBundle>& bundles) { outbox->adopt(bundles); };
  calls.abandon = [this] { outbox->abandon(); };
  calls.made_due = [this](const std::vector<std::int64_t>& rows) { outbox->make_due(rows); };
  calls.tick = [this] {
    lease->wish(Duty::doors, intake->way_back().connected());
    intake->way_back().say_again();
  };
  lease = std::make_unique<Lease>(store, *writer, std::move(calls));
}

store::AuditBook Gate::Impl::audit_book() {
  return {
      .write =
          [this](std::function<void(store::Database&, store::AuditLog&)> change,
                 std::function<void(bool)> done) {
            Writer::Work work;
            work.apply = [change = std::move(change)](GateStore& disk) { disk.look_after_trail(change); };
            work.done = std::move(done);
            writer->submit(std::move(work));
          },
      .open = [this] { return store.open(); },
      // Each gate tells checkpoints to the hosts that are connected with it; a collector wants one sender.
      .forwards = [this] { return lease->has(Duty::house); }};
}

void Gate::Impl::look_after_trail(const std::string& folder, const Config& config) {
  keeper = std::make_unique<trail::Keeper>(
      folder, config,
      trail::Keeper::Around{.trail = audit::Trail::gate,
                            .book = audit_book(),
                            .carries = {audit::Trail::gate},
                            .tell =
                                [this](const audit::Checkpoint& checkpoint) {
                                  intake->way_back().say(transfer::WayBack(checkpoint));
                                  intake->way_back().flush();
                                },
                            .connected = [this] { return intake->way_back().connected(); }});
}

// Those of the Internet side stand here from now on, and it hears that; of ours it says what stands there.
void Gate::Impl::heard(const transfer::Checkpoint& checkpoint) {
  if (checkpoint.trail == audit::Trail::gate) return keeper->confirmed(checkpoint);
  keeper->heard(checkpoint,
                [this](const audit::Checkpoint& kept) { intake->way_back().say(transfer::WayBack(kept)); });
}

// Without pages the output folder takes what nobody has to approve.
bool Gate::Impl::has_takers(const transfer::DropBundle& bundle) {
  return bundle.approval.empty() &&
         std::all_of(bundle.recipients.begin(), bundle.recipients.end(),
                     [this](const std::string& address) { return output->is_for(lower(address)); });
}

Gate::Gate(const std::string& folder, const Config& config, Descriptor listening,
           std::optional<PickUpGifts> pick_up, Descriptor output, std::unique_ptr<zone::ZoneLink> zone)
    : impl_(std::make_unique<Impl>(folder, config.store)) {
  Impl& gate = *impl_;
  gate.zone = std::move(zone);
  gate.deliver = config.deliver;
  gate.hostname = config.smtp.hostname;
  gate.read_originals(config);
  Intake::Calls intake_calls;
  intake_calls.now_ms = [&gate] { return gate.now_ms(); };
  intake_calls.accepted = [&gate](std::int64_t row, std::int64_t received_ms,
                                  std::shared_ptr<const transfer::Bundle> bundle) {
    gate.add_to_outbox(row, received_ms, std::move(bundle));
    gate.prune_sometimes();
  };
  intake_calls.checkpoint = [&gate](const transfer::Checkpoint& checkpoint) { gate.heard(checkpoint); };
  if (pick_up || output) {
    intake_calls.asked = [&gate](const transfer::DropBundle& bundle) { return gate.pick_up->asked(bundle); };
    intake_calls.dropped = [&gate](const ItemId&) {
      gate.pick_up->wake();
      if (gate.output) gate.output->wake();
    };
  }
  if (output && !pick_up) {
    intake_calls.has_takers = [&gate](const transfer::DropBundle& bundle) { return gate.has_takers(bundle); };
    pick_up.emplace();  // its rounds end what is old; it listens nowhere
  }
  intake_calls.sealed = [&gate](const transfer::SealedOriginal& original) { return gate.sealed(original); };
  intake_calls.door_state = [&gate](const transfer::DoorState& state) { gate.doors->answered(state); };
  gate.intake =
      std::make_unique<Intake>(std::move(listening), gate.store, std::move(intake_calls), gate.zone.get());
  gate.writer = std::make_unique<Writer>(gate.store, [&gate] { gate.intake->batch_done(); });
  gate.join_others();
  gate.look_after_trail(folder, config);
  gate.doors = std::make_unique<DoorBack>(DoorBack::Parts{
      gate.store, *gate.writer, gate.intake->way_back(), [&gate] { return gate.now_ms(); },
      [&gate] { gate.intake->batch_done(); }, [&gate] { return gate.lease->has(Duty::doors); }});
  Outbox::Calls outbox_calls;
  outbox_calls.now_ms = [&gate] { return gate.now_ms(); };
  outbox_calls.results = [&gate](const std::vector<NumberedResult>& results) {
    gate.intake->way_back().say(results);
  };
  outbox_calls.may_send = [&gate] { return gate.lease->valid(); };
  gate.outbox = std::make_unique<Outbox>(gate.store, *gate.writer, gate.deliver, gate.hostname,
                                         std::move(outbox_calls));
  if (output) {
    gate.lease->wish(Duty::folder, true);
    gate.output =
        std::make_unique<OutputFolder>(std::move(output), config.output_folder, gate.pick_up_parts());
  }
  if (pick_up) {
    gate.pick_up = std::make_unique<PickUpService>(folder, config, gate.pick_up_parts(), std::move(*pick_up));
    gate.pick_up->start();
  }
  if (gate.output) gate.output->start();
  const Outbox::Numbers numbers = gate.outbox->numbers();
  log::info("gate serves", {{"pending", static_cast<std::int64_t>(numbers.waiting + numbers.sending)}});
  gate.lease->start();
  if (gate.zone) gate.zone->start();
  gate.intake->start(*gate.writer);
  gate.keeper->start();
}

Gate::~Gate() {
  if (impl_->pick_up) impl_->pick_up->stop();
  if (impl_->output) impl_->output->stop();
  impl_->intake->stop();
  if (impl_->zone) impl_->zone->stop();
  impl_->doors->stop();
  impl_->outbox->stop(kMailsInHand);
  impl_->keeper->stop();
  impl_->lease->stop();
  impl_->writer.reset();
  log::info("gate stopped");
}

// On the writer's thread; the work itself rides a later batch.
void Gate::Impl::prune_sometimes() {
  const std::int64_t now = now_ms();
  if (now < prune_next_ms) return;
  prune_next_ms = now + std::chrono::milliseconds(kPruneEvery).count();
  const double days = std::max(kRememberedDays, deliver.lifetime_hours / 24 + 1);
  const std::int64_t before = now - static_cast<std::int64_t>(days * 86'400'000);
  Writer::Work work;
  work.lazy = true;
  work.apply = [before](GateStore& disk) { disk.prune(before); };
  writer->submit(std::move(work));
}

std::string Gate::reload(const Config& next, const std::string& certificate_pem, const std::string& key_pem) {
  if (next.deliver.connections_max != impl_->deliver.connections_max)
    return "gate.deliver.connections_max: changing it takes a restart";
  if (impl_->zone)
    if (std::string why = impl_->zone->reload(next.transfer); !why.empty()) return why;
  try {
    impl_->outbox->reload(next.deliver, next.smtp.hostname);
  } catch (const std::exception& trouble) {
    return std::string("gate.deliver: ") + trouble.what();
  }
  impl_->read_originals(next);
  if (impl_->output) impl_->output->reload(next.output_folder);
  impl_->keeper->reload(next);
  return impl_->pick_up ? impl_->pick_up->reload(next, certificate_pem, key_pem) : std::string();
}

void Gate::admin(const std::string& request, const AdminReply& reply) {
  const Poco::JSON::Object::Ptr object = parse_request(request);
  const std::string command = object->optValue<std::string>("command", "");
  if (command == "list") return impl_->list(reply);
  if (command == "status") return impl_->status(reply);
  if (command == "retry") return impl_->retry(object->optValue<std::string>("id", ""), reply);
  if (command == "drops") return impl_->drops(reply);
  if (trail::tell_trail(*impl_->keeper, request, reply)) return;
  if (impl_->pick_up && auth::handle_admin(impl_->pick_up->accounts(), request, reply)) return;
  throw PermanentFailure("unknown command");
}

void Gate::show_now(sight::Sheet& sheet) {
  sight::show_gate(sheet);
  sight::show_commits(sheet, "gate", meters::gate_commits);
  sight::show_pages(sheet);
  sight::show_zone(sheet, impl_->zone ? impl_->zone->counts() : meters::ZoneCounts());
  const Outbox::Numbers numbers = impl_->outbox->numbers();
  sheet.gauge("kiyome_gate_waiting", "Bundles that wait for an attempt to deliver",
              static_cast<double>(numbers.waiting));
  sheet.gauge("kiyome_gate_sending", "Bundles that are being delivered",
              static_cast<double>(numbers.sending));
  sheet.gauge("kiyome_next_hop_reached", "1: the last attempt came to a session with a mail server",
              numbers.reached ? 1 : 0);
  sheet.gauge("kiyome_gate_connected", "1: the Internet side is connected",
              impl_->intake->way_back().connected() ? 1 : 0);
}

void Gate::show_house(sight::Sheet& sheet) {
  sight::show_disk(sheet, impl_->home,
                   {{"database", impl_->home + "/gate.sqlite"},
                    {"database-journal", impl_->home + "/gate.sqlite-wal"},
                    {"clean", impl_->home + "/blobs"}});
  const auto space = sight::space_of(impl_->home);
  sheet.condition("disk", space && space->free > kRoomMin);
  sheet.gauge("kiyome_gate_results_unconfirmed", "Results that the Internet side has not confirmed",
              static_cast<double>(impl_->store.waiting_results()));
  sight::show_collector(sheet, impl_->keeper->collector());
}

void Gate::Impl::list(const AdminReply& reply) {
  store.list([&](const ListedDelivery& one) {
    Poco::JSON::Object line(Poco::JSON_PRESERVE_KEY_ORDER);
    line.set("id", one.bundle.id.text());
    line.set("part", static_cast<int>(one.bundle.part));
    line.set("recipient", one.recipient.address);
    line.set("state", "sending");
    line.set("sender", one.sender);
    line.set("bytes", one.bundle.size);
    line.set("received_at", iso_time(one.bundle.received_ms));
    line.set("attempts", one.bundle.attempts);
    line.set("next_try", iso_time(one.bundle.next_ms));
    line.set("status", one.status);
    return reply(text_of(line));
  });
}

void Gate::Impl::status(const AdminReply& reply) {
  const Outbox::Numbers numbers = outbox->numbers();
  Poco::JSON::Object line(Poco::JSON_PRESERVE_KEY_ORDER);
  line.set("waiting", static_cast<Poco::UInt64>(numbers.waiting));
  line.set("sending", static_cast<Poco::UInt64>(numbers.sending));
  line.set("next_hop_reached", numbers.reached);
  line.set("results_unconfirmed", static_cast<Poco::UInt64>(store.waiting_results()));
  line.set("internet_side_connected", intake->way_back().connected());
  if (zone) line.set("unknown_peers", static_cast<Poco::UInt64>(zone->counts().unknown_peers));
  reply(text_of(line));
}

void Gate::Impl::retry(const std::string& id, const AdminReply& reply) {
  const Result<ItemId> item = ItemId::parse(id);
  if (!item) throw PermanentFailure("id: not an item id");
  Poco::JSON::Object line;
  line.set("retried", outbox->retry(*item));
  if (store.shared()) {
    Writer::Work work;  // another gate may have it
    work.apply = [item = *item](GateStore& disk) { disk.make_due(item); };
    writer->submit(std::move(work));
  }
  reply(text_of(line));
}

// One line an item and recipient of the pick-up, also of those that have ended.
void Gate::Impl::drops(const AdminReply& reply) {
  static constexpr const char* kStages[] = {"held",     "waiting",   "delivered",
                                            "returned", "picked-up", "expired"};
  store.drops().list([&](const ListedDrop& one) {
    Poco::JSON::Object line(Poco::JSON_PRESERVE_KEY_ORDER);
    line.set("id", one.id.text());
    line.set("part", static_cast<int>(one.part));
    line.set("delivery", one.submission.text());
    line.set("recipient", one.recipient);
    const bool refused = one.verdict == transfer::DropVerdict::rejected && one.stage == Stage::told;
    line.set("state", refused ? "refused" : kStages[static_cast<std::size_t>(one.stage)]);
    line.set("sender", one.sender);
    line.set("name", one.name);
    line.set("received_at", iso_time(one.received_ms));
    return reply(text_of(line));
  });
}

}  // namespace kiyome::gate
