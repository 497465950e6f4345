#include "service/store/original_writer_thread.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::store::original {
namespace {

constexpr const char* kTaken = "taken";
constexpr const char* kTakenNew = "taken.new";

// What the checkpoint says; nothing when it is missing or damaged (then everything is announced again).
std::map<std::uint64_t, TakenUpTo> read_taken(int directory) {
  std::map<std::uint64_t, TakenUpTo> out;
  const Descriptor file(::openat(directory, kTaken, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return out;
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  const auto decoded = decode_taken(read_at(file.get(), 0, size > 0 ? static_cast<std::size_t>(size) : 0));
  if (!decoded) {
    log::warning("original-taken-damaged", {{"why", std::string_view(decoded.error().what)}});
    return out;
  }
  for (const TakenUpTo& each : *decoded) out[each.segment] = each;
  return out;
}

// The segments from the first that an item's header names to the one with its commit record.
std::vector<std::uint64_t> span_of(std::uint64_t first, std::uint64_t last,
                                   const std::vector<std::uint64_t>& present) {
  std::vector<std::uint64_t> out;
  for (const std::uint64_t segment : present)
    if ((segment >= first && segment <= last) || segment == last) out.push_back(segment);
  return out;
}

}  // namespace

WriterThread::WriterThread(const std::string& directory, const CleanerPublicKey& key,
                           const std::function<void(const transfer::Announce&)>& pending)
    : directory_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), key_(key) {
  KIYOME_CHECK(sodium_init() >= 0);
  if (!directory_) throw_errno("open " + directory);
  if (::flock(directory_.get(), LOCK_EX | LOCK_NB) != 0)
    throw_errno("another process writes originals in " + directory);
  recover(pending);
  make_room(0);
  for (const std::uint64_t segment : index_.with([](Index& index) { return index.all_unneeded(); }))
    remove(segment);
  thread_ = std::thread([this] { run(); });
}

void WriterThread::recover(const std::function<void(const transfer::Announce&)>& pending) {
  const std::vector<std::uint64_t> present = segments_in(directory_.get());
  const std::map<std::uint64_t, TakenUpTo> taken = read_taken(directory_.get());
  const auto known = [&](std::uint64_t segment) {
    const auto at = taken.find(segment);
    return at == taken.end() ? TakenUpTo{segment, kSegmentHeader, false, {}} : at->second;
  };
  index_.with([&](Index& index) {
    for (const std::uint64_t segment : present) index.opened(segment, known(segment));
  });
  for (const std::uint64_t segment : present) {
    const TakenUpTo mine = known(segment);
    const Descriptor file(
        ::openat(directory_.get(), segment_name(segment).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file) throw_errno("open a segment of originals");
    const auto found = [&](const RecordHeader& header, const Place& place) {
      if (header.type != RecordType::commit) return;
      const std::vector<std::uint64_t> span = span_of(header.first_segment, segment, present);
      const bool was_taken =
          std::find(mine.later.begin(), mine.later.end(), place.offset) != mine.later.end();
      index_.with([&](Index& index) {
        was_taken ? index.was_taken(segment, place, span) : index.committed(header.id, place, segment, span);
      });
      if (!was_taken) pending({header.id, segment, place.offset, place.length});
    };
    const ScanEnd end =
        scan_segment(file.get(), segment, std::max<std::uint64_t>(mine.offset, kSegmentHeader), found);
    // What was preallocated behind the last record goes back; torn octets stay for whoever looks into them.
    if (!end.torn && end.good_end < end.size &&
        ::ftruncate(file.get(), static_cast<off_t>(end.good_end)) != 0)
      log::warning("original-trim", {{"error", std::string_view(std::strerror(errno))}});
    index_.with([&](Index& index) { index.closed(segment); });
    next_segment_ = segment + 1;
  }
}

// ---- any thread ----

void WriterThread::taken(const ItemId& id) {
  const bool first = index_.with([&](Index& index) {
    const bool was_dirty = index.dirty();
    index.taken(id);
    return !was_dirty && index.dirty();
  });
  if (!first) return;
  queue_.look();
}

void WriterThread::free_segment(std::uint64_t segment) {
  if (index_.with([&](Index& index) { return index.free(segment); })) remove(segment);
}

void WriterThread::stop() {
  queue_.stop();
  if (thread_.joinable()) thread_.join();
}

// The name is gone for good before the checkpoint may drop it: a segment that came back without its
// checkpoint would be announced again long after the cleaner has forgotten its items.
void WriterThread::remove(std::uint64_t segment) {
  if (::unlinkat(directory_.get(), segment_name(segment).c_str(), 0) != 0 && errno != ENOENT) {
    log::error("original-unlink", {{"segment", static_cast<std::int64_t>(segment)},
                                   {"error", std::string_view(std::strerror(errno))}});
    return;
  }
  if (::fsync(directory_.get()) != 0) {
    log::error("fsync-failed", {{"error", std::string_view(std::strerror(errno))}});
    ::_exit(EXIT_FAILURE);
  }
  index_.with([&](Index& index) { index.forget(segment); });
}

// ---- the writer thread ----

void WriterThread::run() {
  for (bool stopping = false; !stopping;) {
    const bool dirty = index_.with([](Index& index) { return index.dirty(); });
    const auto due = taken_written_ + std::chrono::milliseconds(limits::kOriginalTakenMs);
    JobQueue::Taken taken = dirty ? queue_.take(due) : queue_.take();
    stopping = taken.stopping;
    process(taken.jobs);
    if (stopping || Steady::now() >= due) write_taken();
  }
  if (segment_) {
    try {
      close_segment();
    } catch (const TemporaryFailure& trouble) {
      log::warning("original-close", {{"error", std::string_view(trouble.what())}});
    }
  }
}

void WriterThread::process(std::deque<Job>& jobs) {
  for (Job& job : jobs) {
    try {
      place(job);
    } catch (const TemporaryFailure& trouble) {
      lose(trouble.what());
      refuse(job, trouble.what());
    }
  }
  try {
    write();
    finish();
  } catch (const TemporaryFailure& trouble) {
    lose(trouble.what());
  }
}

void WriterThread::place(Job& job) {
  Item& item = *job.item;
  if (job.kind == Job::Kind::abandon) return release(item);
  if (item.failed) return refuse(job, "an earlier part of the original could not be written");

  if (job.kind == Job::Kind::chunk) {
    make_room(job.octets.size());
    note_segment(item);
    const Place at = segment_->add(RecordType::chunk, item.id, segment_->segment(), {}, job.octets);
    item.extents.push_back({segment_->segment(), at.offset, at.length});
  } else {
    const std::string head =
        job.envelope + encode_content(job.size, job.sha256, item.extents, job.octets.size());
    make_room(head.size() + job.octets.size());
    const std::uint64_t first = item.segments.empty() ? segment_->segment() : item.segments.front();
    const Place at = segment_->add(RecordType::commit, item.id, first, head, job.octets);
    job.where = {item.id, segment_->segment(), at.offset, at.length};
  }
  job.octets = {};
  gathered_.push_back(std::move(job));
  if (segment_->gathered() >= limits::kOriginalBatch) write();
}

void WriterThread::make_room(std::size_t plaintext) {
  if (segment_ && segment_->fits(plaintext)) return;
  if (segment_) {
    write();
    finish();
    close_segment();
  }
  const std::uint64_t number = next_segment_++;
  segment_ = std::make_unique<SegmentWriter>(directory_.get(), number, key_);
  index_.with([&](Index& index) { index.opened(number, {number, kSegmentHeader, false, {}}); });
}

void WriterThread::note_segment(Item& item) {
  const std::uint64_t segment = segment_->segment();
  if (!item.segments.empty() && item.segments.back() == segment) return;
  item.segments.push_back(segment);
  index_.with([&](Index& index) { index.writing(segment); });
}

void WriterThread::write() {
  if (gathered_.empty()) return;
  segment_->write();
  for (Job& job : gathered_)
    if (job.kind == Job::Kind::commit) written_.push_back(std::move(job));
  gathered_.clear();
}

// One sync for all that were written since the last one; only then they are told.
void WriterThread::finish() {
  if (written_.empty()) return;
  const auto began = Steady::now();
  segment_->sync();
  meters::original_commits.seconds.see(Steady::now() - began);
  meters::original_commits.group.see(static_cast<double>(written_.size()));
  index_.with([&](Index& index) {
    for (const Job& job : written_) {
      std::vector<std::uint64_t> segments = job.item->segments;
      if (segments.empty() || segments.back() != job.where.segment) segments.push_back(job.where.segment);
      index.committed(job.item->id, {job.where.offset, job.where.length}, job.where.segment, segments);
    }
  });
  for (Job& job : written_) {
    release(*job.item);
    meters::taken.one(job.by, job.size);
    job.done(job.where);
  }
  written_.clear();
}

// Chunks of items in hand stand here, so it is made durable also when no commit asked for it.
void WriterThread::close_segment() {
  const std::uint64_t segment = segment_->segment();
  segment_->sync();
  segment_->close();
  segment_.reset();
  const bool unneeded = index_.with([&](Index& index) {
    index.closed(segment);
    return index.unneeded(segment);
  });
  // The last segment stays when the process ends: its number is how the next life knows where to go on.
  if (unneeded && !queue_.stopping()) remove(segment);
}

// The disk refused what was gathered. Those items are told so; the segment ends behind its last whole write,
// and the next item tries a new one (a place is never written twice under one key).
void WriterThread::lose(const std::string& why) {
  log::error("original-lost",
             {{"why", std::string_view(why)}, {"records", static_cast<std::int64_t>(gathered_.size())}});
  std::vector<Job> lost;
  lost.swap(gathered_);
  for (Job& job : lost) refuse(job, why);
  if (!segment_) return;
  finish();
  segment_->give_up();
  const std::uint64_t segment = segment_->segment();
  const bool empty = segment_->empty();
  if (!empty) segment_->sync();
  segment_.reset();
  index_.with([&](Index& index) { index.closed(segment); });
  if (empty) remove(segment);
}

void WriterThread::refuse(Job& job, const std::string& why) {
  if (!job.item) return;
  job.item->failed = true;
  if (job.kind != Job::Kind::commit) return;
  release(*job.item);
  job.done(failure(why));
}

// The item is no longer in hand; segments that only it kept may go.
void WriterThread::release(Item& item) {
  std::vector<std::uint64_t> unneeded;
  index_.with([&](Index& index) {
    for (const std::uint64_t segment : item.segments) {
      index.written(segment);
      if (index.unneeded(segment)) unneeded.push_back(segment);
    }
  });
  for (const std::uint64_t segment : unneeded) remove(segment);
}

// Lazily: when it is lost, items are announced again and the cleaner knows them.
void WriterThread::write_taken() {
  taken_written_ = Steady::now();
  std::vector<TakenUpTo> checkpoint;
  if (!index_.with([&](Index& index) {
        const bool dirty = index.take_dirty();
        if (dirty) checkpoint = index.checkpoint();
        return dirty;
      }))
    return;
  const std::string octets = encode_taken(checkpoint);
  const Descriptor file(
      ::openat(directory_.get(), kTakenNew, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written =
      file && ::write(file.get(), octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) &&
      ::fdatasync(file.get()) == 0 && ::renameat(directory_.get(), kTakenNew, directory_.get(), kTaken) == 0;
  if (!written) log::warning("original-taken", {{"error", std::string_view(std::strerror(errno))}});
}

}  // namespace kiyome::store::original
