#include "service/cleaner/attempts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "proto/base/bytes.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::cleaner {
namespace {
// A record: u8 count (attempts so far that did not end; 0 = ended), 16 octets of id.
constexpr std::size_t kRecord = 17;
constexpr std::size_t kCompactAfter = 20000;

std::string record(unsigned count, const ItemId& id) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(count < 255 ? count : 255));
  out.raw(id.bytes);
  return out.take();
}
}  // namespace

Attempts::Attempts(const std::string& path) : path_(path) {
  const Descriptor old(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (old) {
    const std::string octets = read_whole(old.get());
    ByteReader in(octets);
    while (in.left() >= kRecord) {
      const unsigned count = in.u8();
      ItemId id;
      const std::string_view raw = in.raw(id.bytes.size());
      std::copy(raw.begin(), raw.end(), id.bytes.begin());
      if (count == 0)
        deaths_.erase(id);
      else
        deaths_[id] = count;
    }
  }
  compact();
}

// Writes only what still counts. The rename makes the change whole; no fsync, as told above.
void Attempts::compact() {
  const std::string fresh = path_ + ".new";
  Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!file) throw_errno("open " + fresh);
  std::string all;
  for (const auto& [id, count] : deaths_) all += record(count, id);
  for (const auto& [id, count] : open_) all += record(count, id);
  if (!write_all(file.get(), all, Steady::now())) throw_errno("write " + fresh);
  if (::rename(fresh.c_str(), path_.c_str()) != 0) throw_errno("rename " + fresh);
  file_ = std::move(file);
  records_ = 0;
}

std::vector<ItemId> Attempts::take_deaths() {
  std::lock_guard lock(mutex_);
  std::vector<ItemId> out;
  for (const auto& [id, count] : std::exchange(deaths_, {})) out.push_back(id);
  compact();
  return out;
}

unsigned Attempts::begin(const ItemId& id) {
  std::lock_guard lock(mutex_);
  const auto known = deaths_.find(id);
  const unsigned before = known == deaths_.end() ? 0 : known->second;
  if (known != deaths_.end()) deaths_.erase(known);
  open_[id] = before + 1;
  if (!write_all(file_.get(), record(before + 1, id), Steady::now())) throw_errno("write " + path_);
  if (++records_ > kCompactAfter) compact();
  return before;
}

void Attempts::end(const ItemId& id) noexcept {
  std::lock_guard lock(mutex_);
  close(id, 0);
}

void Attempts::lay_aside(const ItemId& id) noexcept {
  std::lock_guard lock(mutex_);
  const auto open = open_.find(id);
  if (open == open_.end()) return;  // never begun
  const unsigned deaths = open->second - 1;
  if (deaths > 0) deaths_[id] = deaths;
  close(id, deaths);
}

void Attempts::close(const ItemId& id, unsigned deaths) noexcept {
  open_.erase(id);
  unwritten_ += record(deaths, id);
  if (write_all(file_.get(), unwritten_, Steady::now())) {
    unwritten_.clear();
  } else if (unwritten_.size() > kRecord * kCompactAfter) {
    unwritten_.clear();  // nothing can be written for long: the next compaction starts afresh
  }
  ++records_;
}

}  // namespace kiyome::cleaner
