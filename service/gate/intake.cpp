#include "service/gate/intake.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/gate/verify.h"
#include "service/gate/verify_sealed_zip.h"

namespace kiyome::gate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kReadSize = 256u << 10;
constexpr std::int64_t kMarkKept = 400LL * 86'400'000;  // ms; longer than any door is open
constexpr auto kAfterTrouble = 1s;  // before the next peer is heard, after a broken frame or a failed commit

// The mail bears the item's id, or the id and ".part". Gives the offset of the value when it is another one.
std::optional<std::size_t> other_identity(std::string_view mail, const ItemId& id, std::uint16_t part) {
  constexpr std::string_view kField = "\r\nX-Kiyome-Id: ";
  const std::string_view header = mail.substr(0, mail.find("\r\n\r\n"));
  const std::size_t field = header.find(kField);
  if (field == std::string_view::npos) return 0;
  const std::size_t begin = field + kField.size();
  const std::string_view value =
      header.substr(begin, std::min(header.find("\r\n", begin), header.size()) - begin);
  const std::string text = id.text();
  if (value == text || value == text + "." + std::to_string(part)) return std::nullopt;
  return begin;
}

}  // namespace

std::optional<Refusal> refuse(const transfer::Bundle& bundle) {
  using Reason = transfer::RefusalReason;
  const auto because = [&](Reason reason, std::uint64_t offset, std::string why) {
    return Refusal{{bundle.id, bundle.part, reason, offset}, std::move(why)};
  };
  if (sha256(bundle.content) != bundle.sha256) return because(Reason::digest, 0, "digest");
  if (const std::optional<Violation> violation = verify_mail(bundle.content))
    return because(Reason::grammar, violation->offset, violation->reason);
  if (const std::optional<std::size_t> offset = other_identity(bundle.content, bundle.id, bundle.part))
    return because(Reason::envelope, *offset, "X-Kiyome-Id is another item's");
  return std::nullopt;
}

std::optional<Refusal> refuse(const transfer::SealedOriginal& sealed) {
  using Reason = transfer::RefusalReason;
  const auto because = [&](Reason reason, std::uint64_t offset, std::string why) {
    return Refusal{{sealed.id, transfer::SealedOriginal::part, reason, offset}, std::move(why)};
  };
  if (sha256(sealed.content) != sealed.sha256) return because(Reason::digest, 0, "digest");
  if (const std::optional<Violation> violation = verify_sealed_zip(sealed.content, sealed.name))
    return because(Reason::grammar, violation->offset, violation->reason);
  return std::nullopt;
}

Intake::Intake(Descriptor listening, GateStore& store, Calls calls, zone::ZoneLink* zone)
    : listening_(std::move(listening)),
      zone_(zone),
      calls_(std::move(calls)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      way_back_(store) {
  if (!wake_) throw_errno("eventfd");
  room_.resize(kReadSize);
}

Intake::~Intake() { stop(); }

void Intake::start(Writer& writer) {
  writer_ = &writer;
  thread_ = std::thread([this] { run(); });
}

void Intake::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
}

void Intake::wake() { ::eventfd_write(wake_.get(), 1); }

void Intake::batch_done() {
  way_back_.flush();
  if (commit_failed_ || way_back_.unfinished() || (throttled_ && !full())) wake();
}

bool Intake::full() const {
  return unwritten_ >= 4 * limits::kGateBatch || unwritten_octets_ >= 2 * limits::kGateBatchBytes;
}

void Intake::hang_up(const char* why) {
  if (!peer_) return;
  log::warning("bundle connection ends", {{"why", why}});
  way_back_.connect(-1);
  peer_.reset();
  frames_.reset();
}

void Intake::accept_peer() {
  Descriptor next =
      zone_ != nullptr
          ? zone_->next()
          : Descriptor(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!next) return;
  hang_up("a newer one came");
  peer_ = std::move(next);
  frames_ = std::make_unique<transfer::FrameReader>(limits::kTransferFrame);
  way_back_.connect(peer_.get());
  meters::gate.connections.add();
  log::info("bundle connection");
}

void Intake::run() {
  while (!stopping_) {
    const auto now = Steady::now();
    const bool listen = now >= listen_again_;
    const int comes = zone_ != nullptr ? zone_->ready() : listening_.get();
    throttled_ = full() || way_back_.crowded();
    const bool read = peer_ && !full() && !way_back_.crowded();
    const short events = static_cast<short>((read ? POLLIN : 0) | (way_back_.waiting() ? POLLOUT : 0));
    pollfd entries[3] = {
        {wake_.get(), POLLIN, 0}, {listen ? comes : -1, POLLIN, 0}, {peer_ ? peer_.get() : -1, events, 0}};
    const auto pause =
        listen ? -1 : std::chrono::ceil<std::chrono::milliseconds>(listen_again_ - now).count();
    if (::poll(entries, 3, static_cast<int>(pause)) < 0 && errno != EINTR) throw_errno("poll");
    eventfd_t count = 0;
    if (entries[0].revents != 0) ::eventfd_read(wake_.get(), &count);
    if (commit_failed_.exchange(false)) {
      hang_up("the store could not write");  // what was not accepted is offered again
      listen_again_ = Steady::now() + kAfterTrouble;
      continue;
    }
    if (entries[1].revents != 0)
      accept_peer();
    else if ((entries[2].revents & POLLIN) != 0)
      read_peer();
    else if ((entries[2].revents & (POLLHUP | POLLERR)) != 0 && !read)
      hang_up("the peer is gone");
    try {
      way_back_.load_results();
    } catch (const TemporaryFailure& trouble) {
      hang_up(trouble.what());
      listen_again_ = Steady::now() + kAfterTrouble;
    }
    if (peer_ && !way_back_.flush()) hang_up("the peer is gone");
  }
  hang_up("stopping");
}

void Intake::read_peer() {
  const ssize_t count = ::recv(peer_.get(), room_.data(), room_.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return hang_up("the peer is gone");
  frames_->feed(std::string_view(room_).substr(0, static_cast<std::size_t>(count)));
  while (peer_) {
    const Result<bool> got = frames_->next(frame_);
    if (!got) {
      meters::gate.frames_refused.add();
      log::error("bundle stream broken", {{"why", got.error().what}});
      hang_up("not our protocol");
      listen_again_ = Steady::now() + kAfterTrouble;
      return;
    }
    if (!*got) return;
    handle(frame_);
    if (frame_.capacity() > kReadSize) frame_ = std::string();
  }
}

void Intake::handle(std::string_view frame) {
  Result<transfer::Forward> message = transfer::decode_forward(frame);
  if (!message) {
    meters::gate.frames_refused.add();
    log::error(
        "bundle frame does not decode",
        {{"why", message.error().what}, {"offset", static_cast<std::int64_t>(message.error().offset)}});
    hang_up("a frame that does not decode");
    listen_again_ = Steady::now() + kAfterTrouble;
    return;
  }
  if (auto* bundle = std::get_if<transfer::Bundle>(&*message)) return take(std::move(*bundle));
  if (auto* bundle = std::get_if<transfer::DropBundle>(&*message)) return take(std::move(*bundle));
  if (const auto* sealed = std::get_if<transfer::SealedOriginal>(&*message)) return take(*sealed);
  if (auto* door = std::get_if<transfer::Door>(&*message)) return take(std::move(*door));
  if (const auto* state = std::get_if<transfer::DoorState>(&*message)) return take(*state);
  if (const auto* checkpoint = std::get_if<transfer::Checkpoint>(&*message)) {
    if (calls_.checkpoint) calls_.checkpoint(*checkpoint);
    return;
  }
  if (const auto* taken = std::get_if<transfer::DropResultTaken>(&*message))
    return forget([taken = *taken](GateStore& store) { store.drops().taken(taken); });
  forget([taken = std::get<transfer::ResultTaken>(*message)](GateStore& store) { store.taken(taken); });
}

void Intake::forget(std::function<void(GateStore&)> apply) {
  Writer::Work work;
  work.apply = std::move(apply);
  work.done = [this](bool written) {
    --unwritten_;
    if (!written) commit_failed_ = true;
  };
  work.lazy = true;
  ++unwritten_;
  writer_->submit(std::move(work));
}

void Intake::say_refused(const Refusal& refusal) {
  meters::gate.refused(static_cast<std::size_t>(refusal.told.reason));
  log::error("bundle refused", refusal.told.id,
             {{"part", refusal.told.part},
              {"why", refusal.why},
              {"offset", static_cast<std::int64_t>(refusal.told.offset)}});
  way_back_.say(transfer::WayBack(refusal.told));
}

void Intake::take(transfer::Bundle bundle) {
  if (const std::optional<Refusal> refusal = refuse(bundle)) return say_refused(*refusal);
  keep(std::move(bundle));
}

// The one thing that nobody cleaned: without our own switch it ends here, whatever it is.
void Intake::take(const transfer::SealedOriginal& sealed) {
  std::optional<transfer::Bundle> mail;
  if (const std::optional<Refusal> refusal = refuse(sealed)) return say_refused(*refusal);
  try {
    if (calls_.sealed) mail = calls_.sealed(sealed);
  } catch (const TemporaryFailure& trouble) {
    log::error("sealed original", sealed.id, {{"why", trouble.what()}});
  }
  if (!mail)
    return say_refused({{sealed.id, transfer::SealedOriginal::part, transfer::RefusalReason::envelope, 0},
                        "no originals are taken here"});
  log::warning("sealed original taken", sealed.id,
               {{"of", sealed.item.text()}, {"recipient", sealed.recipient}});
  keep(std::move(*mail), true);
}

void Intake::keep(transfer::Bundle bundle, bool sealed) {
  struct Taken {
    std::shared_ptr<const transfer::Bundle> bundle;  // shared with the outbox, which sends it
    std::int64_t received_ms = 0;
    std::optional<std::int64_t> row;
  };
  const auto taken = std::make_shared<Taken>();  // shared by the two halves of one work
  const std::size_t octets = bundle.content.size();
  taken->bundle = std::make_shared<transfer::Bundle>(std::move(bundle));
  taken->received_ms = calls_.now_ms();
  Writer::Work work;
  work.octets = octets;
  work.apply = [taken](GateStore& store) { taken->row = store.insert(*taken->bundle, taken->received_ms); };
  work.done = [this, taken, octets, sealed](bool written) {
    --unwritten_;
    unwritten_octets_ -= octets;
    if (!written) {
      commit_failed_ = true;
      return;
    }
    way_back_.say(transfer::WayBack(transfer::Accepted{taken->bundle->id, taken->bundle->part}));
    if (taken->row) meters::gate.bundles[sealed ? 2 : 0].add();
    if (taken->row) calls_.accepted(*taken->row, taken->received_ms, taken->bundle);
  };
  ++unwritten_;
  unwritten_octets_ += octets;
  writer_->submit(std::move(work));
}

void Intake::take(transfer::DropBundle bundle) {
  const auto envelope = [](const transfer::DropBundle& of, const char* why) {
    return Refusal{{of.id, of.part, transfer::RefusalReason::envelope, 0}, why};
  };
  if (!calls_.dropped || (calls_.has_takers && !calls_.has_takers(bundle)))
    return say_refused(envelope(bundle, "there is no pick-up here"));
  if (const std::optional<Refusal> refusal = refuse(bundle)) return say_refused(*refusal);
  struct Taken {
    transfer::DropBundle bundle;
    Asked asked;
    DropStore::Inserted inserted = DropStore::Inserted::known;
    std::vector<NumberedResult> results;
  };
  const auto taken = std::make_shared<Taken>();  // shared by the two halves of one work
  std::size_t octets = 0;
  for (const transfer::CleanFile& file : bundle.files) octets += file.content.size();
  taken->bundle = std::move(bundle);
  try {
    if (calls_.asked) taken->asked = calls_.asked(taken->bundle);
  } catch (const TemporaryFailure& trouble) {
    hang_up(trouble.what());
    listen_again_ = Steady::now() + kAfterTrouble;
    return;
  }
  Writer::Work work;
  work.octets = octets;
  work.apply = [taken, now_ms = calls_.now_ms()](GateStore& store) {
    taken->inserted = store.drops().insert(taken->bundle, taken->asked, now_ms, taken->results);
  };
  work.done = [this, taken, octets, envelope](bool written) {
    --unwritten_;
    unwritten_octets_ -= octets;
    if (!written) {
      commit_failed_ = true;
      return;
    }
    if (taken->inserted == DropStore::Inserted::contradicts)
      return say_refused(envelope(taken->bundle, "the submission is known with other words"));
    way_back_.say(transfer::WayBack(transfer::Accepted{taken->bundle.id, taken->bundle.part}));
    way_back_.say(taken->results);
    if (taken->inserted == DropStore::Inserted::taken) meters::gate.bundles[1].add();
    if (taken->inserted == DropStore::Inserted::taken) calls_.dropped(taken->bundle.submission);
  };
  ++unwritten_;
  unwritten_octets_ += octets;
  writer_->submit(std::move(work));
}

// It is written with or before the bundle that follows it: whose mail is accepted, his link is good.
void Intake::take(transfer::Door door) {
  if (const std::optional<std::string> why = refuse(door)) {
    log::error("door refused", door.id, {{"why", *why}});
    return;
  }
  Writer::Work work;
  work.apply = [door = std::move(door)](GateStore& store) { store.doors().insert(door); };
  work.done = [this](bool written) {
    if (written) --unwritten_;
  };
  work.kept = work.lazy = true;  // Accepted, said of the bundle, speaks for it, too
  ++unwritten_;
  writer_->submit(std::move(work));
}

void Intake::take(const transfer::DoorState& state) {
  Writer::Work work;
  work.apply = [state, until = calls_.now_ms() + kMarkKept](GateStore& store) {
    store.doors().heard(state, until);
  };
  work.done = [this, state](bool written) {
    --unwritten_;
    if (!written) commit_failed_ = true;
    if (written && calls_.door_state) calls_.door_state(state);
  };
  ++unwritten_;
  writer_->submit(std::move(work));
}

}  // namespace kiyome::gate
