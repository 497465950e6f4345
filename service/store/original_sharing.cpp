#include "service/store/original_sharing.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/store/original_format.h"
#include "service/store/originals_schema.h"
#include "service/store/place.h"
#include "service/store/shared_folder.h"

namespace kiyome::store::original {
namespace {

std::string key_of(Database& database) {
  std::string out;
  Statement(database, "SELECT public_key FROM cleaner_key").one([&](const Row& row) { out = row.blob(0); });
  return out;
}

std::string subfolder_of(std::uint64_t segment) { return segment_name(segment).substr(14, 2); }

// Made when it is not there, with the rights of the folder that it stands in: its group comes from there, and
// a chmod by whoever is not of that group would lose it.
Descriptor subfolder(int folder, std::uint64_t segment) {
  const std::string name = subfolder_of(segment);
  const auto open = [&] {
    return Descriptor(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  };
  Descriptor out = open();
  if (out) return out;
  if (errno != ENOENT) throw_errno("open a folder of originals");
  struct stat about {};
  if (::fstat(folder, &about) != 0) throw_errno("look at the folder of originals");
  if (::mkdirat(folder, name.c_str(), about.st_mode & 0777) != 0 && errno != EEXIST)
    throw_errno("make a folder of originals");
  if (::fsync(folder) != 0) throw_errno("make a folder of originals durable");
  out = open();
  if (!out) throw_errno("open a folder of originals");
  return out;
}

void write_all(int file, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(file, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("write an original");
    if (written == 0) throw TemporaryFailure("write an original: nothing was written");
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Descriptor open_originals(Database& database, const std::string& folder, const CleanerPublicKey& key) {
  KIYOME_CHECK(sodium_init() >= 0);
  database.migrate(kOriginalsSchema);
  const std::string_view mine(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
  std::string theirs = key_of(database);
  if (theirs.empty()) {
    Statement(database, "INSERT INTO cleaner_key (one, public_key) VALUES (1, ?) ON CONFLICT DO NOTHING")
        .run(Blob{mine});
    theirs = key_of(database);
  }
  if (theirs != mine)
    throw ConfigError(
        "store.url: この台の cleaner.key は、ほかの台のものと違います。最初の台の "
        "data_dir/cleaner/cleaner.key を写してください / "
        "this host's cleaner.key is not the other hosts': copy data_dir/cleaner/cleaner.key of the first "
        "one");
  return folder.empty() ? Descriptor() : open_shared_folder(database, folder);
}

std::string shared_name(std::uint64_t segment) { return subfolder_of(segment) + "/" + segment_name(segment); }

// A file that could not be made durable is taken away, and its number never used again: nobody has to know
// which of its pages the disk has.
void write_shared(int folder, std::uint64_t segment, std::string_view octets) {
  const Descriptor within = subfolder(folder, segment);
  const std::string name = segment_name(segment);
  const Descriptor file(
      ::openat(within.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file) throw_errno("create a segment of originals");
  try {
    if (::fchmod(file.get(), 0640) != 0) throw_errno("set the mode of a segment");
    write_all(file.get(), octets);
    if (::fsync(file.get()) != 0 || ::fsync(within.get()) != 0) throw_errno("make a segment durable");
  } catch (const TemporaryFailure&) {
    ::unlinkat(within.get(), name.c_str(), 0);
    throw;
  }
}

void remove_shared(int folder, std::uint64_t segment) {
  if (::unlinkat(folder, shared_name(segment).c_str(), 0) != 0 && errno != ENOENT)
    throw_errno("remove a segment of originals");
}

void sync_shared(int folder, std::uint64_t segment) {
  const Descriptor within = subfolder(folder, segment);
  if (::fsync(within.get()) != 0) throw_errno("make a removal of originals durable");
}

}  // namespace kiyome::store::original

kiyome::store::SharedOriginals kiyome::store::shared_originals(const StoreConfig& config, bool for_edge) {
  return {for_edge ? edge_place_of(config, {}, schema::kOriginals) : place_of(config, {}, schema::kOriginals),
          config.blobs_in_folder() ? config.blobs + "/originals" : std::string()};
}
