#include "service/edge/drop/dispatch.h"

#include <algorithm>
#include <future>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/store/original_file.h"

namespace kiyome::edge::drop {
namespace {

store::Envelope envelope_of(const Submission& submission, const SubmittedFile& file) {
  store::Envelope out;
  out.id = file.item;
  out.received_ms = submission.created_ms;
  out.client_address = submission.client;
  out.protocol = "DROP";
  out.sender = submission.sender;
  out.smtputf8 = true;
  for (const std::string& recipient : submission.recipients)
    out.recipients.push_back({static_cast<std::uint32_t>(out.recipients.size()), recipient, 0, ""});
  out.drop = store::Drop{submission.id,
                         file.number,
                         static_cast<std::uint32_t>(submission.files.size()),
                         submission.sender_name,
                         file.name,
                         submission.title,
                         submission.message,
                         submission.importance,
                         file.password};
  return out;
}

void tell_accepted(const Submission& submission, const SubmittedFile& file) {
  log::info("accepted", file.item,
            {{"client", std::string_view(submission.client)},
             {"sender", std::string_view(submission.sender)},
             {"recipients", static_cast<std::int64_t>(submission.recipients.size())},
             {"bytes", static_cast<std::int64_t>(file.bytes)},
             {"protocol", std::string_view("DROP")},
             {"submission", std::string_view(submission.id.text())}});
}

}  // namespace

// One submission in hand; few at once, so that the copies do not starve what comes in.
class Dispatch::Turn {
 public:
  Turn(Guarded<Hands>& hands, const ItemId& id, std::chrono::milliseconds patience) : hands_(hands), id_(id) {
    const auto free = [&](const Hands& now) {
      return !now.busy.contains(id) && now.busy.size() < limits::kDropSendings;
    };
    mine_ = hands.wait_until(Steady::now() + patience, free,
                             [&](Hands& now) { return free(now) && now.busy.insert(id).second; });
  }
  ~Turn() {
    if (!mine_) return;
    hands_.with([&](Hands& now) { now.busy.erase(id_); });
    hands_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool mine() const { return mine_; }

 private:
  Guarded<Hands>& hands_;
  const ItemId id_;
  bool mine_ = false;
};

// A file given to the log, and what the commit thread will say of it.
struct Dispatch::Copy {
  const SubmittedFile* file = nullptr;
  std::future<Result<transfer::Announce>> said;
};

Dispatch::Dispatch(DropStore& store, UploadFiles& files, const Outside& outside,
                   const std::vector<ItemId>& announced)
    : store_(store), files_(files), outside_(outside) {
  const std::set<ItemId> known(announced.begin(), announced.end());
  for (const ItemId& id : store_.unsent()) {
    if (store_.shared()) earlier_.insert(id);
    std::vector<ItemId> committed;
    if (const auto submission = store_.find_submission(id))
      for (const SubmittedFile& file : submission->files)
        if (known.contains(file.item)) committed.push_back(file.item);
    store_.set_committed(committed);
  }
}

Dispatch::Outcome Dispatch::send(const ItemId& id, std::chrono::milliseconds patience) {
  const Turn turn(hands_, id, patience);
  if (!turn.mine()) return Outcome::underway;
  const auto submission = store_.find_submission(id);
  if (!submission) return Outcome::undone;
  if (submission->host != store_.host()) return submission->sent ? Outcome::sent : Outcome::underway;
  return submission->sent ? Outcome::sent : send_in_turn(*submission);
}

// Gives the file to the log. Throws TemporaryFailure when the disk has no room or the log stops: nothing of
// it is committed then.
void Dispatch::copy(const Submission& submission, const SubmittedFile& file, Copy& into) {
  const Descriptor from = files_.open_to_read(file.upload);
  auto writer = outside_.originals.begin(file.item);
  if (!from || !store::append_file(*writer, from.get(), file.bytes)) {
    log::error("upload_lost", file.item, {{"upload", std::string_view(file.upload.text())}});
    store_.set_lost(file.item, outside_.wall_ms());
    return;
  }
  into.file = &file;
  into.said = store::commit_file(outside_.originals, std::move(writer), envelope_of(submission, file));
}

// Gives what is left of the submission to the log and waits for what it says; the commits share their fsync.
Dispatch::Round Dispatch::give(const Submission& submission, const std::set<ItemId>& done) {
  Round out;
  std::vector<Copy> copies;
  try {
    for (const SubmittedFile& file : submission.files) {
      if (file.committed || done.contains(file.item)) continue;
      Copy copied;
      copy(submission, file, copied);
      if (copied.file != nullptr) copies.push_back(std::move(copied));
    }
  } catch (const TemporaryFailure& failed) {
    out.trouble = failed.what();
  }
  for (Copy& copied : copies) {
    const Result<transfer::Announce> said = copied.said.get();
    if (said) {
      out.announces.push_back(*said);
      tell_accepted(submission, *copied.file);
    } else {
      out.trouble = said.error().what;
    }
  }
  return out;
}

Dispatch::Outcome Dispatch::send_in_turn(const Submission& submission) {
  // What this process has committed before, and perhaps could not note in the store.
  const std::set<ItemId> done = hands_.with([&](const Hands& now) {
    std::set<ItemId> out;
    if (const auto found = now.held_back.find(submission.id); found != now.held_back.end())
      for (const transfer::Announce& item : found->second) out.insert(item.id);
    return out;
  });
  const Round round = give(submission, done);
  if (!round.announces.empty())
    hands_.with([&](Hands& now) {
      auto& held = now.held_back[submission.id];
      held.insert(held.end(), round.announces.begin(), round.announces.end());
    });
  if (round.trouble.empty()) {
    finish(submission);
    return Outcome::sent;
  }
  log::error("submission_not_stored", {{"submission", std::string_view(submission.id.text())},
                                       {"reason", std::string_view(round.trouble)}});
  outside_.write_failed();
  const bool before = !done.empty() || earlier_.contains(submission.id) ||
                      std::any_of(submission.files.begin(), submission.files.end(),
                                  [](const SubmittedFile& file) { return file.committed; });
  if (!before && round.announces.empty()) {
    store_.undo_submission(submission.id);
    return Outcome::undone;
  }
  std::vector<ItemId> committed;
  for (const transfer::Announce& item : round.announces) committed.push_back(item.id);
  store_.set_committed(committed);
  return Outcome::underway;
}

void Dispatch::finish(const Submission& submission) {
  store_.set_sent(submission.id);
  const auto announces = hands_.with([&](Hands& now) {
    auto found = now.held_back.extract(submission.id);
    return found ? std::move(found.mapped()) : std::vector<transfer::Announce>();
  });
  for (const transfer::Announce& item : announces) outside_.announce(item);
  for (const SubmittedFile& file : submission.files) files_.remove(file.upload);
}

}  // namespace kiyome::edge::drop
