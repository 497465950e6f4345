#include "service/store/original_source.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/store/original_segment.h"
#include "service/store/original_sharing.h"
#include "service/store/originals_schema.h"
#include "service/store/postgres.h"

namespace kiyome::store::original {
namespace {

class FileOctets final : public SegmentOctets {
 public:
  explicit FileOctets(Descriptor file) : file_(std::move(file)) {}
  std::string read(std::uint64_t offset, std::size_t size) override {
    return read_at(file_.get(), offset, size);
  }

 private:
  Descriptor file_;
};

std::unique_ptr<SegmentOctets> open_file(int folder, const std::string& name) {
  Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && (errno == ENOENT || errno == ELOOP)) return nullptr;
  if (!file) throw_errno("open a segment of originals");
  return std::make_unique<FileOctets>(std::move(file));
}

class FolderSource final : public SegmentSource {
 public:
  explicit FolderSource(const std::string& directory)
      : directory_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!directory_) throw_errno("open " + directory);
  }
  std::unique_ptr<SegmentOctets> open(std::uint64_t segment) override {
    return open_file(directory_.get(), segment_name(segment));
  }
  std::vector<std::uint64_t> segments() override { return segments_in(directory_.get()); }
  void remove(std::span<const std::uint64_t>) override { KIYOME_CHECK(false); }  // edge's
  OriginalReader::Sweep sweep(const std::string&, std::uint64_t) override { KIYOME_CHECK(false); }

 private:
  Descriptor directory_;
};

// Connections, as many as there are threads that read at the same time.
class Connections {
 public:
  explicit Connections(store::Place place) : place_(std::move(place)) {}

  template <class F>
  auto with(F&& use) {
    std::unique_ptr<Database> mine = idle_.with([](auto& idle) {
      std::unique_ptr<Database> out;
      if (idle.empty()) return out;
      out = std::move(idle.back());
      idle.pop_back();
      return out;
    });
    if (!mine) mine = std::make_unique<Database>(place_);
    struct Return {  // also when it throws: a lost connection is made anew by its next user
      Connections* to;
      std::unique_ptr<Database>* what;
      ~Return() {
        to->idle_.with([&](auto& idle) { idle.push_back(std::move(*what)); });
      }
    } const back{this, &mine};
    return use(*mine);
  }

 private:
  store::Place place_;
  Guarded<std::vector<std::unique_ptr<Database>>> idle_;
};

class RowOctets final : public SegmentOctets {
 public:
  RowOctets(Connections& connections, std::uint64_t segment) : connections_(connections), segment_(segment) {}

  std::string read(std::uint64_t offset, std::size_t size) override {
    return connections_.with([&](Database& database) {
      std::string out;
      while (out.size() < size) {
        const std::uint64_t at = offset + out.size(), within = at % kOriginalRow;
        const std::size_t wanted = std::min<std::uint64_t>(size - out.size(), kOriginalRow - within);
        std::size_t got = 0;
        database
            .kept(
                "SELECT substr(octets, CAST(? AS int), CAST(? AS int)) FROM chunks WHERE segment=? AND "
                "number=?")
            .one(
                [&](const Row& row) {
                  got = row.blob(0).size();
                  out += row.blob(0);
                },
                within + 1, wanted, segment_, at / kOriginalRow);
        if (got < wanted) break;
      }
      if (out.empty()) expect_rows(database);
      return out;
    });
  }

 private:
  // A folder that is not there, or not the one that edges write to, is trouble of this host, and no item is
  // damaged by it.
  void expect_rows(Database& database) const {
    bool in_folder = false;
    database.kept("SELECT in_folder FROM segments WHERE segment=?")
        .one([&](const Row& row) { in_folder = row.integer(0) != 0; }, segment_);
    if (in_folder) throw TemporaryFailure("a segment of originals is not in the folder that hosts share");
  }

  Connections& connections_;
  std::uint64_t segment_;
};

class SharedSource final : public SegmentSource {
 public:
  SharedSource(SharedOriginals where, const CleanerPublicKey& key) : connections_(where.place) {
    connections_.with([&](Database& database) { folder_ = open_originals(database, where.folder, key); });
  }

  // A folder may have been configured later than the first segments.
  std::unique_ptr<SegmentOctets> open(std::uint64_t segment) override {
    if (folder_)
      if (auto file = open_file(folder_.get(), shared_name(segment))) return file;
    return std::make_unique<RowOctets>(connections_, segment);
  }

  std::vector<std::uint64_t> segments() override {
    return connections_.with([](Database& database) {
      std::vector<std::uint64_t> out;
      database.kept("SELECT segment FROM segments ORDER BY segment").each([&](const Row& row) {
        out.push_back(static_cast<std::uint64_t>(row.integer(0)));
      });
      return out;
    });
  }

  // The files first: a death in between leaves a row, and that is found again.
  void remove(std::span<const std::uint64_t> segments) override {
    if (folder_) {
      for (const std::uint64_t segment : segments) remove_shared(folder_.get(), segment);
      for (const std::uint64_t segment : segments) sync_shared(folder_.get(), segment);
    }
    connections_.with([&](Database& database) {
      Transaction transaction(database, Writers::beside);
      for (const std::uint64_t segment : segments) {
        database.kept("DELETE FROM chunks WHERE segment=?").run(segment);
        database.kept("DELETE FROM segments WHERE segment=?").run(segment);
      }
      transaction.commit();
    });
  }

  // In one statement, and so of one instant: a cleaner moves an item from arrivals to its own table in one
  // transaction.
  OriginalReader::Sweep sweep(const std::string& items, std::uint64_t after) override {
    return connections_.with([&](Database& database) {
      OriginalReader::Sweep out;
      std::size_t looked_at = 0;
      const std::string sql =
          "SELECT s.segment, (s.pending = 0 OR s.created_ms < " KIYOME_DATABASE_MS
          " - ?2) AND NOT EXISTS (SELECT 1 FROM arrivals a WHERE a.segment = s.segment) AND NOT EXISTS "
          "(SELECT "
          "1 FROM arrivals a WHERE a.first_segment < a.segment AND a.first_segment <= s.segment AND "
          "a.segment "
          ">= s.segment) AND NOT EXISTS (SELECT 1 FROM " +
          items +
          ".item_segments i WHERE i.segment = s.segment) FROM (SELECT segment, created_ms, pending FROM "
          "segments WHERE segment > ?1 ORDER BY segment LIMIT ?3) AS s ORDER BY s.segment";
      Statement(database, sql)
          .each(
              [&](const Row& row) {
                out.next = static_cast<std::uint64_t>(row.integer(0));
                if (row.integer(1) != 0) out.unneeded.push_back(out.next);
                ++looked_at;
              },
              after, kOriginalsUncommittedMs, kOriginalsSweep);
      if (looked_at < kOriginalsSweep) out.next = 0;
      return out;
    });
  }

 private:
  Connections connections_;
  Descriptor folder_;
};

}  // namespace

std::unique_ptr<SegmentSource> folder_source(const std::string& directory) {
  return std::make_unique<FolderSource>(directory);
}

std::unique_ptr<SegmentSource> shared_source(SharedOriginals where, const CleanerPublicKey& key) {
  return std::make_unique<SharedSource>(std::move(where), key);
}

}  // namespace kiyome::store::original
