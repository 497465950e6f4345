// The tables of originals in a shared database: edges add to them, cleaners take from them. One step a
// version; a step that was released is never changed. There is no such database in a file: there the log of
// originals is (ORIGINALS.md), so what only PostgreSQL understands may stand here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "service/store/shared_folder.h"

namespace kiyome::store {

inline constexpr std::size_t kOriginalRow = 256u << 10;  // octets of a segment in one row of chunks
inline constexpr std::int64_t kOriginalsUncommittedMs =
    24LL * 3600 * 1000;  // no session and no upload lasts so long: what was not committed by then never is
inline constexpr std::size_t kOriginalsSweep = 10'000;  // segments looked at in one statement

// The clock of leases and ages: the database's own, because hosts' clocks differ. Milliseconds since 1970.
#define KIYOME_DATABASE_MS "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"

// segments: each the records of one group commit. `pending`: it also holds octets of items that were not
// committed with it, so nobody may need it yet. chunks: its octets in pieces of kOriginalRow, unless they are
// in the folder. arrivals: items that no cleaner has decided on; their octets stand in segments from
// first_segment to segment. deaths: how many cleaners died over it. cleaner_key: the one for which all
// segments are sealed; every host's cleaner has its other half.
inline constexpr std::array<const char*, 2> kOriginalsSchema{
    R"(CREATE TABLE segments (
         segment INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL, pending INTEGER NOT NULL,
         in_folder INTEGER NOT NULL);
       CREATE TABLE chunks (
         segment INTEGER NOT NULL, number INTEGER NOT NULL, octets BLOB NOT NULL,
         PRIMARY KEY (segment, number)) WITHOUT ROWID;
       ALTER TABLE chunks ALTER COLUMN octets SET STORAGE EXTERNAL;  -- sealed: nothing to compress
       CREATE TABLE arrivals (
         id BLOB PRIMARY KEY, first_segment INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
         length INTEGER NOT NULL, came_ms INTEGER NOT NULL, leased_by TEXT NOT NULL DEFAULT '',
         leased_until_ms INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
       CREATE INDEX arrivals_segment ON arrivals (segment);
       CREATE INDEX arrivals_came ON arrivals (came_ms);
       CREATE INDEX arrivals_leased ON arrivals (leased_by) WHERE leased_by <> '';
       CREATE INDEX arrivals_span ON arrivals (first_segment) WHERE first_segment < segment;
       CREATE TABLE cleaner_key (one INTEGER PRIMARY KEY CHECK (one = 1), public_key BLOB NOT NULL);)",
    KIYOME_SHARED_FOLDER,
};

}  // namespace kiyome::store
