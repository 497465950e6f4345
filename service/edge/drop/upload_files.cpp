#include "service/edge/drop/upload_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::edge::drop {

// Where an upload stands while somebody writes to it. Whoever holds the highest turn may write.
struct UploadStanding {
  struct State {
    bool known = false;  // read from the store
    bool open = false;
    std::int64_t account = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;   // written
    std::uint64_t durable = 0;  // … and on the disk, and in the store
    std::uint64_t flushed = 0;  // … and handed to the disk
    std::uint64_t turn = 0;
    Descriptor file;
  };
  Guarded<State> state;
};

namespace {

using State = UploadStanding::State;

// After a failed fsync the kernel may have dropped the octets and will say "fine" the next time.
void sync_or_end(int fd, int (*sync)(int)) {
  if (sync(fd) == 0) return;
  std::fprintf(stderr, "fsync of an upload failed: %s: the process ends\n", std::strerror(errno));
  std::abort();
}

void make_durable(State& state, const ItemId& id, DropStore& store, std::int64_t now_ms) {
  if (state.durable == state.offset) return;
  sync_or_end(state.file.get(), ::fdatasync);
  store.set_offset(id, state.offset, now_ms);
  state.durable = state.flushed = state.offset;
}

// Writes all or throws NoRoom; counts what has come to stand.
void write_to(State& state, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count =
        ::pwrite(state.file.get(), octets.data(), octets.size(), static_cast<off_t>(state.offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) throw NoRoom();
    if (count <= 0) throw_errno("write an upload");
    state.offset += static_cast<std::uint64_t>(count);
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

// ---- a transfer ----

bool Transfer::write(std::string_view octets) {
  return standing_->state.with([&](State& state) {
    if (state.turn != turn_ || !state.open) return false;
    KIYOME_CHECK(octets.size() <= state.size - state.offset);
    write_to(state, octets);
    if (state.offset - state.durable >= limits::kDropDurable) {
      make_durable(state, id_, files_.store_, files_.wall_ms_());
    } else if (state.offset - state.flushed >= limits::kDropFlush) {
      // The disk begins now, so that the fsync has little left to wait for.
      ::sync_file_range(state.file.get(), static_cast<off_t>(state.flushed),
                        static_cast<off_t>(state.offset - state.flushed), SYNC_FILE_RANGE_WRITE);
      state.flushed = state.offset;
    }
    return true;
  });
}

std::optional<std::uint64_t> Transfer::finish() {
  return standing_->state.with([&](State& state) -> std::optional<std::uint64_t> {
    if (state.turn != turn_ || !state.open) return std::nullopt;
    make_durable(state, id_, files_.store_, files_.wall_ms_());
    return state.offset;
  });
}

// Also when the connection broke: what came is kept. If the store cannot note it, the upload stands where it
// was certain before.
Transfer::~Transfer() {
  try {
    finish();
  } catch (const std::exception& trouble) {
    log::warning("upload_offset_not_kept",
                 {{"upload", std::string_view(id_.text())}, {"reason", std::string_view(trouble.what())}});
  }
  files_.release(id_);
}

// ---- the files ----

UploadFiles::UploadFiles(const std::string& folder, DropStore& store, std::function<std::int64_t()> wall_ms)
    : folder_(folder + "/uploads"), store_(store), wall_ms_(std::move(wall_ms)) {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("create " + folder_);
  directory_.reset(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) throw_errno("open " + folder_);
  settle();
}

void UploadFiles::settle() {
  std::set<ItemId> belonging;
  store_.open_uploads([&](const Upload& upload) {
    belonging.insert(upload.id);
    const Descriptor file(::openat(directory_.get(), upload.id.text().c_str(),
                                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) throw_errno("open an upload");
    const auto length = static_cast<std::uint64_t>(status.st_size);
    // Octets behind the certain ones came in the last moments before a crash; the disk may lack some of them.
    if (length > upload.offset && ::ftruncate(file.get(), static_cast<off_t>(upload.offset)) != 0)
      throw_errno("cut an upload");
    if (length < upload.offset) {
      log::warning("upload_damaged", {{"upload", std::string_view(upload.id.text())}});
      store_.set_offset(upload.id, length, upload.touched_ms);
    }
  });
  for (const ItemId& id : store_.unsent())
    if (const auto submission = store_.find_submission(id))
      for (const SubmittedFile& file : submission->files) belonging.insert(file.upload);
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const Result<ItemId> id = ItemId::parse(entry.path().filename().string());
    if (!id || !belonging.contains(*id)) ::unlink(entry.path().c_str());
  }
  sync_or_end(directory_.get(), ::fsync);
}

void UploadFiles::create(const ItemId& id) {
  const Descriptor file(::openat(directory_.get(), id.text().c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file && (errno == ENOSPC || errno == EDQUOT)) throw NoRoom();
  if (!file) throw_errno("create an upload");
  sync_or_end(directory_.get(), ::fsync);
}

void UploadFiles::remove(const ItemId& id) {
  if (::unlinkat(directory_.get(), id.text().c_str(), 0) != 0 && errno != ENOENT)
    log::warning("upload_not_removed", {{"upload", std::string_view(id.text())},
                                        {"reason", std::string_view(std::strerror(errno))}});
}

Descriptor UploadFiles::open_to_read(const ItemId& id) const {
  return Descriptor(::openat(directory_.get(), id.text().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

std::shared_ptr<UploadStanding> UploadFiles::hold(const ItemId& id) {
  return standings_.with([&](Standings& standings) {
    auto& [holders, standing] = standings[id];
    if (!standing) standing = std::make_shared<UploadStanding>();
    ++holders;
    return standing;
  });
}

void UploadFiles::release(const ItemId& id) {
  standings_.with([&](Standings& standings) {
    const auto found = standings.find(id);
    KIYOME_CHECK(found != standings.end());
    if (--found->second.first == 0) standings.erase(found);
  });
}

UploadFiles::Begun UploadFiles::begin(std::int64_t account, const ItemId& id, std::uint64_t offset) {
  auto standing = hold(id);
  Begun out;
  try {
    standing->state.with([&](State& state) {
      if (!state.known) {
        const auto upload = store_.find_upload(account, id);
        if (!upload || upload->state != UploadState::open) return;
        state.file.reset(::openat(directory_.get(), id.text().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!state.file) throw_errno("open an upload");
        state.account = account;
        state.size = upload->size;
        state.offset = state.durable = state.flushed = upload->offset;
        state.known = state.open = true;
      }
      if (!state.open || state.account != account) return;
      out.offset = state.offset;
      if (offset == state.offset) out.transfer.reset(new Transfer(*this, id, standing, ++state.turn));
    });
  } catch (...) {
    release(id);
    throw;
  }
  if (!out.transfer) release(id);
  return out;
}

std::optional<std::uint64_t> UploadFiles::standing(const ItemId& id, bool take_over) {
  const auto found = standings_.with([&](Standings& standings) {
    const auto at = standings.find(id);
    return at == standings.end() ? nullptr : at->second.second;
  });
  if (!found) return std::nullopt;
  return found->state.with([&](State& state) -> std::optional<std::uint64_t> {
    if (!state.known || !state.open) return std::nullopt;
    if (!take_over) return state.durable;
    make_durable(state, id, store_, wall_ms_());
    ++state.turn;
    return state.offset;
  });
}

bool UploadFiles::drop(const ItemId& id) {
  const auto standing = hold(id);
  bool dropped = false;
  try {
    dropped = standing->state.with([&](State& state) {
      if (state.known) make_durable(state, id, store_, wall_ms_());  // the day's octets count what had come
      const bool was_open = store_.drop_upload(id);
      if (was_open) state.open = false, state.known = true;
      return was_open;
    });
  } catch (...) {
    release(id);
    throw;
  }
  release(id);
  if (dropped) remove(id);
  return dropped;
}

}  // namespace kiyome::edge::drop
