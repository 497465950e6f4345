// The append log of originals: edge writes it, cleaner reads it. ORIGINALS.md tells the format.
// A segment's key is random, lives only in edge's memory, and stands in the segment's header sealed to the
// cleaner's public key (crypto_box_seal): a conquered edge cannot read what it accepted before it started.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/base/result.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/intake.h"
#include "service/base/config_store.h"
#include "service/base/descriptor.h"
#include "service/store/database.h"

namespace kiyome::store {

// A file that came by the drop box: what its sender said with it.
struct Drop {
  ItemId submission;
  std::uint32_t number = 1, count = 1;  // this file of so many
  std::string sender_name;              // for people
  std::string file_name;                // as the browser gave it, folders parted by '/'
  std::string title, message, importance;
  std::string password;  // of the file, or empty
  bool operator==(const Drop&) const = default;
};
// Whether the texts are clean (proto/transfer/drop.h) and all is within its bounds. Asked before commit(): an
// item whose Drop is not sound cannot be read, and is held as a damaged original.
bool is_sound(const Drop& drop);

// The SMTP envelope of an item, as edge heard it; of a file of the drop box or the watched folder its like
// (protocol "DROP" or "FOLDER", sender and recipients are mail addresses).
struct Envelope {
  ItemId id;
  std::int64_t received_ms = 0;
  std::string client_address;  // "192.0.2.1", after XCLIENT / PROXY
  std::string client_helo;
  std::string protocol;  // "ESMTP", "ESMTPS", "SMTP", "UTF8SMTPS" … (RFC 3848, 6531) for Received
  std::string sender;    // reverse-path, empty for <>
  std::uint8_t ret = 0;  // as in transfer::Bundle
  std::string envid;
  bool smtputf8 = false;
  std::vector<transfer::Recipient> recipients;
  std::optional<Drop> drop;  // then the content is the file, not a mail
};

struct CleanerPublicKey {
  std::array<std::uint8_t, 32> bytes{};
};
struct CleanerKeyPair {
  CleanerPublicKey public_key;
  std::array<std::uint8_t, 32> secret_key{};
};
// Reads DIR/cleaner.key (0600, written with fsync when absent) and DIR/cleaner.pub (0644). Throws
// TemporaryFailure.
CleanerKeyPair load_or_make_cleaner_key(const std::string& directory);
CleanerPublicKey load_cleaner_public_key(const std::string& path);

// Where the originals of many hosts are: in the tables of originals_schema.h, their octets in rows or in a
// folder that all hosts see.
struct SharedOriginals {
  Place place;
  std::string folder;  // empty: in rows
};

// As it is configured. Only edges are given edge_url.
SharedOriginals shared_originals(const StoreConfig& config, bool for_edge);

// An item being written: octets may come in pieces as the client sends them, so a large message never stands
// in memory. Owned by one connection. Destroying it without commit abandons the octets.
class OriginalWriter;

// Ownership: one log per edge process. Thread-safe. A failed fsync ends the process (it is never tried
// again).
class OriginalLog {
 public:
  // Opens DIRECTORY (created by the supervisor) and begins a new segment; announces what earlier lives left,
  // in order, through `pending` before returning. Throws TemporaryFailure.
  OriginalLog(const std::string& directory, const CleanerPublicKey& key,
              const std::function<void(const transfer::Announce&)>& pending);
  // The same in a database that many edges share: what is committed there is known to cleaners by that alone.
  // Refuses (ConfigError) a key that is not the one of the other hosts. Throws TemporaryFailure.
  OriginalLog(SharedOriginals where, const CleanerPublicKey& key);
  ~OriginalLog();

  std::unique_ptr<OriginalWriter> begin(const ItemId& id);

  // Group commit: queues the envelope's record; `done` is called by the commit thread once everything of the
  // item is on disk (then the announcement is final), or with a failure text if it could not be written (disk
  // full: the item is gone). Many callers share one fdatasync.
  void commit(std::unique_ptr<OriginalWriter> item, Envelope envelope,
              std::function<void(Result<transfer::Announce>)> done);

  // The cleaner has the item on disk: it is not announced again (kept lazily; a repeat does no harm).
  void taken(const ItemId& id);
  // No item needs this segment: unlinks it if it is not the one being written.
  void free_segment(std::uint64_t segment);

 private:
  friend class OriginalWriter;
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with writers that may outlive a shutdown
};

class OriginalWriter {
 public:
  ~OriginalWriter();
  // Throws TemporaryFailure when the disk is full or fails; then the item can only be dropped.
  void append(std::string_view octets);
  std::uint64_t size() const;

 private:
  friend class OriginalLog;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An original as the cleaner gets it back.
struct Original {
  Envelope envelope;
  Descriptor content;  // a sealed memfd with the message octets
  std::uint64_t size = 0;
  std::array<std::uint8_t, 32> sha256{};
  std::vector<std::uint64_t> segments;  // that hold its octets
};

// Thread-safe.
class OriginalReader {
 public:
  OriginalReader(const std::string& directory, const CleanerKeyPair& key);
  // Refuses (ConfigError) a key that is not the one of the other hosts. Throws TemporaryFailure.
  OriginalReader(SharedOriginals where, const CleanerKeyPair& key);
  ~OriginalReader();
  // Every octet is authenticated; anything missing or altered is an Error. Throws TemporaryFailure for
  // trouble of the disk.
  Result<Original> read(const transfer::Announce& where);
  // The numbers of the segments that stand there. Throws TemporaryFailure.
  std::vector<std::uint64_t> segments() const;

  // ---- shared originals only: there the cleaner removes, not the edge ----
  // The segments are gone: nobody may need them any more. Throws TemporaryFailure.
  void remove(std::span<const std::uint64_t> segments);
  // Of the next kOriginalsSweep segments behind `after` those that no arrival and no item of `items` (the
  // schema of the item store) needs; what an edge wrote of items that it has not committed yet, or never
  // will, only when it is kOriginalsUncommittedMs old. Throws TemporaryFailure.
  struct Sweep {
    std::vector<std::uint64_t> unneeded;
    std::uint64_t next = 0;  // `after` of the next call; 0: all were looked at
  };
  Sweep sweep(const std::string& items, std::uint64_t after);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::store
