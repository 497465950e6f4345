// The append log of originals, edge's side. One writer thread, of files or of rows, takes jobs (chunks,
// commits, ends of abandoned items) in the order they came, so that in a segment nothing that was
// acknowledged stands behind something that was not written.
#include "service/store/original_log.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/store/original_format.h"
#include "service/store/original_shared_writer.h"
#include "service/store/original_writer_thread.h"

namespace kiyome::store {

using namespace original;

namespace {

// What a reader would refuse must not be acknowledged.
bool within_bounds(const Envelope& envelope, std::uint64_t size) {
  if (size > limits::kMessageBytes || envelope.sender.size() > limits::kSmtpPath ||
      envelope.envid.size() > limits::kDsnEnvid || envelope.ret > 2 ||
      envelope.recipients.size() > limits::kSmtpRecipients)
    return false;
  return std::all_of(
      envelope.recipients.begin(), envelope.recipients.end(), [](const transfer::Recipient& recipient) {
        return recipient.address.size() <= limits::kSmtpPath && recipient.orcpt.size() <= limits::kDsnOrcpt;
      });
}

}  // namespace

struct OriginalLog::Impl {
  std::unique_ptr<JobWriter> writer;
};

struct OriginalWriter::Impl {
  std::shared_ptr<OriginalLog::Impl> log;
  std::shared_ptr<Item> item = std::make_shared<Item>();
  std::string buffer;
  std::uint64_t size = 0;
  std::unique_ptr<Sha256> hash;  // from the first chunk on
  bool committed = false;

  void put_chunk() {
    if (!hash) hash = std::make_unique<Sha256>();
    hash->add(buffer);
    Job job;
    job.kind = Job::Kind::chunk;
    job.item = item;
    job.octets = std::move(buffer);
    buffer.clear();
    log->writer->put_chunk(std::move(job));
  }
};

OriginalLog::OriginalLog(const std::string& directory, const CleanerPublicKey& key,
                         const std::function<void(const transfer::Announce&)>& pending)
    : impl_(std::make_shared<Impl>(Impl{std::make_unique<WriterThread>(directory, key, pending)})) {}

OriginalLog::OriginalLog(SharedOriginals where, const CleanerPublicKey& key)
    : impl_(std::make_shared<Impl>(Impl{std::make_unique<SharedWriter>(std::move(where), key)})) {}

OriginalLog::~OriginalLog() { impl_->writer->stop(); }

std::unique_ptr<OriginalWriter> OriginalLog::begin(const ItemId& id) {
  auto writer = std::make_unique<OriginalWriter>();
  writer->impl_ = std::make_unique<OriginalWriter::Impl>();
  writer->impl_->log = impl_;
  writer->impl_->item->id = id;
  return writer;
}

void OriginalLog::commit(std::unique_ptr<OriginalWriter> item, Envelope envelope,
                         std::function<void(Result<transfer::Announce>)> done) {
  OriginalWriter::Impl& mine = *item->impl_;
  if (!within_bounds(envelope, mine.size)) {
    done(failure("the envelope or the message is beyond its bounds"));
    return;
  }
  Job job;
  job.kind = Job::Kind::commit;
  job.item = mine.item;
  job.size = mine.size;
  if (mine.hash) {
    mine.hash->add(mine.buffer);
    job.sha256 = mine.hash->finish();
  } else {
    job.sha256 = sha256(mine.buffer);
  }
  if (envelope.drop) job.by = envelope.protocol == "FOLDER" ? meters::By::folder : meters::By::drop;
  job.envelope = encode_envelope(envelope);
  job.octets = std::move(mine.buffer);
  job.done = std::move(done);
  mine.committed = true;
  impl_->writer->put_commit(std::move(job));
}

void OriginalLog::taken(const ItemId& id) { impl_->writer->taken(id); }
void OriginalLog::free_segment(std::uint64_t segment) { impl_->writer->free_segment(segment); }

OriginalWriter::~OriginalWriter() {
  if (!impl_ || impl_->committed || !impl_->hash) return;  // without chunks the log knows nothing of it
  Job job;
  job.kind = Job::Kind::abandon;
  job.item = impl_->item;
  impl_->log->writer->put_abandon(std::move(job));
}

void OriginalWriter::append(std::string_view octets) {
  if (impl_->item->failed.load(std::memory_order_relaxed))
    throw TemporaryFailure("the original could not be written");
  impl_->size += octets.size();
  while (octets.size() > limits::kOriginalBuffer - impl_->buffer.size()) {
    const std::size_t room = limits::kOriginalBuffer - impl_->buffer.size();
    impl_->buffer += octets.substr(0, room);
    octets.remove_prefix(room);
    impl_->put_chunk();
  }
  impl_->buffer += octets;
}

std::uint64_t OriginalWriter::size() const { return impl_->size; }

}  // namespace kiyome::store
