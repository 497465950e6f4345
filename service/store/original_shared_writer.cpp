#include "service/store/original_shared_writer.h"

#include <sched.h>
#include <sys/stat.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/store/arrivals.h"
#include "service/store/original_seal.h"
#include "service/store/original_sharing.h"
#include "service/store/originals_schema.h"
#include "service/store/postgres.h"

namespace kiyome::store::original {
namespace {

constexpr const char* kNewSegment =
    "INSERT INTO segments (created_ms, pending, in_folder) VALUES (" KIYOME_DATABASE_MS
    ", ?, ?) RETURNING segment, created_ms";
// All of them in one statement: a line each, "ID FIRST_SEGMENT OFFSET LENGTH". One that is there already came
// by an earlier life of ours.
constexpr const char* kArrive =
    "INSERT INTO arrivals (id, first_segment, segment, offset, length, came_ms) "
    "SELECT decode(split_part(line, ' ', 1), 'hex'), CAST(split_part(line, ' ', 2) AS bigint), ?2, "
    "CAST(split_part(line, ' ', 3) AS bigint), CAST(split_part(line, ' ', 4) AS bigint), " KIYOME_DATABASE_MS
    " FROM string_to_table(?1, ',') AS line ON CONFLICT DO NOTHING";

// A chunk of an item whose commit is not in the same batch.
bool has_pending(const std::vector<Job>& jobs) {
  return std::any_of(jobs.begin(), jobs.end(), [&](const Job& chunk) {
    return chunk.kind == Job::Kind::chunk && std::none_of(jobs.begin(), jobs.end(), [&](const Job& commit) {
             return commit.kind == Job::Kind::commit && commit.item == chunk.item;
           });
  });
}

// Seals a job's record behind `out`, which is the segment so far.
void add(const SegmentSeal& seal, std::uint64_t segment, Job& job, std::string& out, std::string& arrivals) {
  Item& item = *job.item;
  if (job.kind == Job::Kind::chunk) {
    const Place at = seal.add(out, out.size(), RecordType::chunk, item.id, segment, {}, job.octets);
    item.extents.push_back({segment, at.offset, at.length});
    if (item.segments.empty() || item.segments.back() != segment) item.segments.push_back(segment);
    return;
  }
  const std::string head =
      job.envelope + encode_content(job.size, job.sha256, item.extents, job.octets.size());
  const std::uint64_t first = item.segments.empty() ? segment : item.segments.front();
  const Place at = seal.add(out, out.size(), RecordType::commit, item.id, first, head, job.octets);
  job.where = {item.id, segment, at.offset, at.length};
  if (!arrivals.empty()) arrivals += ',';
  arrivals += hex(item.id.bytes) + ' ' + std::to_string(first) + ' ' + std::to_string(at.offset) + ' ' +
              std::to_string(at.length);
}

void refuse(Job& job, const std::string& why) {
  job.item->failed = true;
  if (job.kind == Job::Kind::commit) job.done(failure(why));
}

}  // namespace

SharedWriter::SharedWriter(SharedOriginals where, const CleanerPublicKey& key)
    : database_(where.place), folder_(open_originals(database_, where.folder, key)), key_(key) {
  thread_ = std::thread([this] { run(); });
}

void SharedWriter::stop() {
  queue_.stop();
  if (thread_.joinable()) thread_.join();
}

void SharedWriter::run() {
  // This thread alone has no mask: the folders that it makes are for cleaners, too.
  if (folder_ && ::unshare(CLONE_FS) == 0) ::umask(0);
  for (bool stopping = false; !stopping;) {
    JobQueue::Taken taken = queue_.take();
    stopping = taken.stopping;
    for (Job& job : taken.jobs) gather(std::move(job));
    if (commits_) write();
  }
}

void SharedWriter::gather(Job job) {
  Item& item = *job.item;
  if (job.kind == Job::Kind::abandon) {
    std::erase_if(gathered_, [&](const Job& each) { return each.item == job.item; });
    return;
  }
  if (item.failed) return refuse(job, "an earlier part of the original could not be written");
  octets_ += job.octets.size() + job.envelope.size();
  commits_ = commits_ || job.kind == Job::Kind::commit;
  gathered_.push_back(std::move(job));
  if (octets_ >= limits::kOriginalBatch) write();
}

void SharedWriter::write() {
  const auto began = Steady::now();
  try {
    if (!gathered_.empty()) transact();
    if (commits_) meters::original_commits.seconds.see(Steady::now() - began);
    tell();
  } catch (const TemporaryFailure& trouble) {
    log::error("original-lost", {{"why", std::string_view(trouble.what())},
                                 {"records", static_cast<std::int64_t>(gathered_.size())}});
    for (Job& job : gathered_) refuse(job, trouble.what());
  }
  gathered_.clear();
  octets_ = 0;
  commits_ = false;
}

// A segment that was not committed is never tried again: the next one has another number and another key.
void SharedWriter::transact() {
  Transaction transaction(database_, Writers::beside);
  std::uint64_t segment = 0;
  std::int64_t created_ms = 0;
  database_.kept(kNewSegment)
      .one(
          [&](const Row& row) {
            segment = static_cast<std::uint64_t>(row.integer(0));
            created_ms = row.integer(1);
          },
          has_pending(gathered_) ? 1 : 0, folder_ ? 1 : 0);
  const SegmentSeal seal;
  std::string octets = seal.header(segment, created_ms, key_), arrivals;
  for (Job& job : gathered_) add(seal, segment, job, octets, arrivals);
  put(segment, octets);
  if (!arrivals.empty()) database_.kept(kArrive).run(arrivals, segment);
  transaction.commit();
}

void SharedWriter::put(std::uint64_t segment, std::string_view octets) {
  if (folder_) return write_shared(folder_.get(), segment, octets);
  for (std::int64_t number = 0; !octets.empty(); ++number) {
    const std::string_view piece = octets.substr(0, kOriginalRow);
    database_.kept("INSERT INTO chunks (segment, number, octets) VALUES (?, ?, ?)")
        .run(segment, number, Blob{piece});
    octets.remove_prefix(piece.size());
  }
}

// The callers first. A cleaner that misses the notice looks by itself; it is not part of the transaction,
// because those that notify commit one after the other.
void SharedWriter::tell() {
  if (!commits_) return;
  std::size_t count = 0;
  for (Job& job : gathered_) {
    if (job.kind != Job::Kind::commit) continue;
    ++count;
    meters::taken.one(job.by, job.size);
    job.done(job.where);
  }
  meters::original_commits.group.see(static_cast<double>(count));
  try {
    database_.kept("SELECT pg_notify('kiyome_arrivals', '')").each([](const Row&) {});
  } catch (const TemporaryFailure&) {
  }
}

}  // namespace kiyome::store::original
