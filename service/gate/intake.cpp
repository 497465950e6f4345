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

void Intake::hang_up(Peer& peer, const char* why) {
  if (peer.gone) return;
  log::warning("bundle connection ends", {{"why", why}});
  way_back_.disconnect(peer.line);
  peer.gone = true;
}

void Intake::hang_up_all(const char* why) {
  for (Peer& peer : peers_) hang_up(peer, why);
}

void Intake::bury() {
  std::erase_if(peers_, [](const Peer& peer) { return peer.gone; });
}

void Intake::accept_peer() {
  Descriptor next =
      zone_ != nullptr
          ? zone_->next()
          : Descriptor(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!next) return;
  if (zone_ == nullptr) hang_up_all("a newer one came");
  Peer& peer = peers_.emplace_back();
  peer.socket = std::move(next);
  peer.frames = std::make_unique<transfer::FrameReader>(limits::kTransferFrame);
  peer.line = way_back_.connect(peer.socket.get());
  meters::gate.connections.add();
  log::info("bundle connection");
}

void Intake::run() {
  while (!stopping_) {
    const auto now = Steady::now();
    const bool listen = now >= listen_again_;
    const int comes = zone_ != nullptr ? zone_->ready() : listening_.get();
    const bool closed = full();
    bool throttled = closed;
    std::vector<pollfd> entries{{wake_.get(), POLLIN, 0}, {listen ? comes : -1, POLLIN, 0}};
    for (const Peer& peer : peers_) {
      const bool crowded = way_back_.crowded(peer.line);
      throttled = throttled || crowded;
      const int events = (!closed && !crowded ? POLLIN : 0) | (way_back_.waiting(peer.line) ? POLLOUT : 0);
      entries.push_back({peer.socket.get(), static_cast<short>(events), 0});
    }
    throttled_ = throttled;
    const auto pause =
        listen ? -1 : std::chrono::ceil<std::chrono::milliseconds>(listen_again_ - now).count();
    if (::poll(entries.data(), entries.size(), static_cast<int>(pause)) < 0 && errno != EINTR)
      throw_errno("poll");
    eventfd_t count = 0;
    if (entries[0].revents != 0) ::eventfd_read(wake_.get(), &count);
    if (commit_failed_.exchange(false)) {
      hang_up_all("the store could not write");  // what was not accepted is offered again
      bury();
      listen_again_ = Steady::now() + kAfterTrouble;
      continue;
    }
    const std::size_t known = peers_.size();
    if (entries[1].revents != 0) accept_peer();
    for (std::size_t i = 0; i < known; ++i) {
      const pollfd& entry = entries[2 + i];
      if (peers_[i].gone) continue;
      if ((entry.revents & POLLIN) != 0)
        read(peers_[i]);
      else if ((entry.revents & (POLLHUP | POLLERR)) != 0 && (entry.events & POLLIN) == 0)
        hang_up(peers_[i], "the peer is gone");
    }
    try {
      way_back_.load_results();
    } catch (const TemporaryFailure& trouble) {
      hang_up_all(trouble.what());
      listen_again_ = Steady::now() + kAfterTrouble;
    }
    for (Peer& peer : peers_)
      if (!peer.gone && !way_back_.flush(peer.line)) hang_up(peer, "the peer is gone");
    bury();
  }
  hang_up_all("stopping");
  bury();
}

void Intake::refuse_stream(Peer& peer, const char* event, const Error& error, const char* why) {
  meters::gate.frames_refused.add();
  log::error(event, {{"why", error.what}, {"offset", static_cast<std::int64_t>(error.offset)}});
  hang_up(peer, why);
  listen_again_ = Steady::now() + kAfterTrouble;
}

void Intake::read(Peer& peer) {
  const ssize_t count = ::recv(peer.socket.get(), room_.data(), room_.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return hang_up(peer, "the peer is gone");
  peer.frames->feed(std::string_view(room_).substr(0, static_cast<std::size_t>(count)));
  while (!peer.gone) {
    const Result<bool> got = peer.frames->next(frame_);
    if (!got) return refuse_stream(peer, "bundle stream broken", got.error(), "not our protocol");
    if (!*got) return;
    handle(peer, frame_);
    if (frame_.capacity() > kReadSize) frame_ = std::string();
  }
}

void Intake::handle(Peer& peer, std::string_view frame) {
  Result<transfer::Forward> message = transfer::decode_forward(frame);
  if (!message)
    return refuse_stream(peer, "bundle frame does not decode", message.error(),
                         "a frame that does not decode");
  line_ = peer.line;
  way_back_.heard(line_);
  trouble_.clear();
  std::visit([this](auto& one) { take(std::move(one)); }, *message);
  if (trouble_.empty()) return;
  hang_up(peer, trouble_.c_str());
  listen_again_ = Steady::now() + kAfterTrouble;
}

void Intake::take(const transfer::Checkpoint& checkpoint) {
  if (calls_.checkpoint) calls_.checkpoint(checkpoint);
}

void Intake::take(const transfer::ResultTaken& taken) {
  forget([taken](GateStore& store) { store.taken(taken); });
}

void Intake::take(const transfer::DropResultTaken& taken) {
  forget([taken](GateStore& store) { store.drops().taken(taken); });
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

void Intake::say_refused(WayBack::Line line, const Refusal& refusal) {
  meters::gate.refused(static_cast<std::size_t>(refusal.told.reason));
  log::error("bundle refused", refusal.told.id,
             {{"part", refusal.told.part},
              {"why", refusal.why},
              {"offset", static_cast<std::int64_t>(refusal.told.offset)}});
  way_back_.say(line, transfer::WayBack(refusal.told));
}

void Intake::take(transfer::Bundle bundle) {
  if (const std::optional<Refusal> refusal = refuse(bundle)) return say_refused(line_, *refusal);
  keep(std::move(bundle));
}

// The one thing that nobody cleaned: without our own switch it ends here, whatever it is.
void Intake::take(const transfer::SealedOriginal& sealed) {
  std::optional<transfer::Bundle> mail;
  if (const std::optional<Refusal> refusal = refuse(sealed)) return say_refused(line_, *refusal);
  try {
    if (calls_.sealed) mail = calls_.sealed(sealed);
  } catch (const TemporaryFailure& trouble) {
    log::error("sealed original", sealed.id, {{"why", trouble.what()}});
  }
  if (!mail)
    return say_refused(line_,
                       {{sealed.id, transfer::SealedOriginal::part, transfer::RefusalReason::envelope, 0},
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
  work.done = [this, taken, octets, sealed, line = line_](bool written) {
    --unwritten_;
    unwritten_octets_ -= octets;
    if (!written) {
      commit_failed_ = true;
      return;
    }
    way_back_.say(line, transfer::WayBack(transfer::Accepted{taken->bundle->id, taken->bundle->part}));
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
    return say_refused(line_, envelope(bundle, "there is no pick-up here"));
  if (const std::optional<Refusal> refusal = refuse(bundle)) return say_refused(line_, *refusal);
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
    trouble_ = trouble.what();
    return;
  }
  Writer::Work work;
  work.octets = octets;
  work.apply = [taken, now_ms = calls_.now_ms()](GateStore& store) {
    taken->inserted = store.drops().insert(taken->bundle, taken->asked, now_ms, taken->results);
  };
  work.done = [this, taken, octets, envelope, line = line_](bool written) {
    --unwritten_;
    unwritten_octets_ -= octets;
    if (!written) {
      commit_failed_ = true;
      return;
    }
    if (taken->inserted == DropStore::Inserted::contradicts)
      return say_refused(line, envelope(taken->bundle, "the submission is known with other words"));
    way_back_.say(line, transfer::WayBack(transfer::Accepted{taken->bundle.id, taken->bundle.part}));
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
