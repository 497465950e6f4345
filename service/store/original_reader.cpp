// The log of originals, cleaner's side. Everything in the segments was written by a process that talks to
// strangers, so every length is held against the file and the bounds before it is used, and nothing is given
// out that was not authenticated.
#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <map>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/store/original_format.h"
#include "service/store/original_seal.h"
#include "service/store/original_source.h"

namespace kiyome::store {

using namespace original;

namespace {

using SegmentKey = std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_KEYBYTES>;

// The keys of the segments used last.
class KeyCache {
 public:
  KeyCache() = default;
  KeyCache(KeyCache&&) = default;
  KeyCache& operator=(KeyCache&&) = default;
  ~KeyCache() {
    for (auto& [segment, key] : order_) sodium_memzero(key.data(), key.size());
  }

  bool find(std::uint64_t segment, SegmentKey& key) {
    const auto at = by_segment_.find(segment);
    if (at == by_segment_.end()) return false;
    order_.splice(order_.begin(), order_, at->second);
    key = at->second->second;
    return true;
  }
  void put(std::uint64_t segment, const SegmentKey& key) {
    if (by_segment_.count(segment) != 0) return;
    order_.emplace_front(segment, key);
    by_segment_[segment] = order_.begin();
    if (order_.size() <= limits::kOriginalKeys) return;
    by_segment_.erase(order_.back().first);
    sodium_memzero(order_.back().second.data(), order_.back().second.size());
    order_.pop_back();
  }

 private:
  std::list<std::pair<std::uint64_t, SegmentKey>> order_;
  std::map<std::uint64_t, std::list<std::pair<std::uint64_t, SegmentKey>>::iterator> by_segment_;
};

// A segment opened for one read.
struct OpenSegment {
  std::unique_ptr<SegmentOctets> octets;
  SegmentKey key{};
  ~OpenSegment() { sodium_memzero(key.data(), key.size()); }
};

Descriptor new_memory_file() {
  Descriptor out(::memfd_create("original", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!out) throw_errno("memfd_create");
  return out;
}

void append_to(int file, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(file, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw_errno("write to a memory file");
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
}

void seal(int file) {
  if (::lseek(file, 0, SEEK_SET) != 0 ||
      ::fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    throw_errno("seal a memory file");
}

}  // namespace

struct OriginalReader::Impl {
  std::unique_ptr<SegmentSource> source;
  CleanerKeyPair pair;
  Guarded<KeyCache> keys;

  ~Impl() { sodium_memzero(pair.secret_key.data(), pair.secret_key.size()); }

  Result<void> open_key(std::uint64_t segment, OpenSegment& out) {
    if (keys.with([&](KeyCache& cache) { return cache.find(segment, out.key); })) return {};
    const std::string octets = out.octets->read(0, kSegmentHeader);
    if (octets.empty()) return failure("the segment is not there");
    const auto header = decode_segment_header(octets);
    if (!header) return tl::unexpected(header.error());
    if (header->segment != segment) return failure("a segment under another's name");
    if (crypto_box_seal_open(out.key.data(), header->sealed.data(), header->sealed.size(),
                             pair.public_key.bytes.data(), pair.secret_key.data()) != 0)
      return failure("a segment's key cannot be opened");
    keys.with([&](KeyCache& cache) { cache.put(segment, out.key); });
    return {};
  }

  Result<void> open(std::uint64_t segment, OpenSegment& out) {
    out.octets = source->open(segment);
    if (!out.octets) return failure("the segment is not there");
    return open_key(segment, out);
  }

  // The plaintext of one record, which must be of this type and item.
  Result<std::string> record(const OpenSegment& segment, RecordType type, const ItemId& id,
                             const Extent& at) {
    if (at.length < kRecordHeader + kTag || at.length > kRecordHeader + limits::kOriginalRecord ||
        at.offset < kSegmentHeader || at.offset > limits::kOriginalSegment)
      return failure("a record at a place that cannot be");
    std::string octets = segment.octets->read(at.offset, at.length);
    if (octets.size() != at.length) return failure("a record is cut");
    const auto header = decode_record_header(std::string_view(octets).substr(0, kRecordHeader));
    if (!header) return tl::unexpected(header.error());
    if (header->type != type || header->id != id || header->length != at.length - kRecordHeader)
      return failure("another record stands there");
    auto* const record = reinterpret_cast<unsigned char*>(octets.data());
    unsigned char* const body = record + kRecordHeader;
    const std::size_t plaintext = header->length - kTag;
    if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(body, nullptr, body, plaintext, body + plaintext,
                                                           record, kAssociated, nonce_of(at.offset).data(),
                                                           segment.key.data()) != 0)
      return failure("a record was altered");
    octets.erase(kRecordHeader + plaintext);
    octets.erase(0, kRecordHeader);
    return octets;
  }
};

OriginalReader::OriginalReader(const std::string& directory, const CleanerKeyPair& key)
    : impl_(std::make_unique<Impl>()) {
  KIYOME_CHECK(sodium_init() >= 0);
  impl_->pair = key;
  impl_->source = folder_source(directory);
}

OriginalReader::OriginalReader(SharedOriginals where, const CleanerKeyPair& key)
    : impl_(std::make_unique<Impl>()) {
  KIYOME_CHECK(sodium_init() >= 0);
  impl_->pair = key;
  impl_->source = shared_source(std::move(where), key.public_key);
}

OriginalReader::~OriginalReader() = default;

Result<Original> OriginalReader::read(const transfer::Announce& where) {
  OpenSegment segment;
  if (auto opened = impl_->open(where.segment, segment); !opened) return tl::unexpected(opened.error());
  const auto sealed =
      impl_->record(segment, RecordType::commit, where.id, {where.segment, where.offset, where.length});
  if (!sealed) return tl::unexpected(sealed.error());
  auto commit = decode_commit(*sealed, where.id);
  if (!commit) return tl::unexpected(commit.error());

  Original out;
  out.content = new_memory_file();
  std::uint64_t size = 0;
  Sha256 hash;
  const auto add = [&](std::string_view octets) {
    size += octets.size();
    if (size > commit->size) return false;
    hash.add(octets);
    append_to(out.content.get(), octets);
    return true;
  };
  OpenSegment other;
  std::uint64_t other_number = 0;
  for (const Extent& extent : commit->extents) {
    const bool here = extent.segment == where.segment;
    if (!here && extent.segment != other_number) {
      if (auto opened = impl_->open(extent.segment, other); !opened) return tl::unexpected(opened.error());
      other_number = extent.segment;
    }
    const auto chunk = impl_->record(here ? segment : other, RecordType::chunk, where.id, extent);
    if (!chunk) return tl::unexpected(chunk.error());
    if (!add(*chunk)) return failure("an original longer than it says");
    if (std::find(out.segments.begin(), out.segments.end(), extent.segment) == out.segments.end())
      out.segments.push_back(extent.segment);
  }
  if (!add(commit->tail) || size != commit->size) return failure("an original of another size than it says");
  if (hash.finish() != commit->sha256) return failure("an original of another digest than it says");
  seal(out.content.get());
  if (std::find(out.segments.begin(), out.segments.end(), where.segment) == out.segments.end())
    out.segments.push_back(where.segment);
  out.size = commit->size;
  out.sha256 = commit->sha256;
  out.envelope = std::move(commit->envelope);
  return out;
}

std::vector<std::uint64_t> OriginalReader::segments() const { return impl_->source->segments(); }

void OriginalReader::remove(std::span<const std::uint64_t> segments) { impl_->source->remove(segments); }

OriginalReader::Sweep OriginalReader::sweep(const std::string& items, std::uint64_t after) {
  return impl_->source->sweep(items, after);
}

}  // namespace kiyome::store
