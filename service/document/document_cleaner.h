// One file from outside → clean files of our own writing, or a reason why not. The steps: malware scan,
// sandbox by its type (for office files two, one after the other), writer. Archives and mails within are
// opened and their entries go the same way. The service never looks into the octets.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "proto/clean/types.h"
#include "service/base/config.h"
#include "service/compose/compose.h"
#include "service/document/content.h"
#include "service/document/pictures.h"
#include "service/document/sanitizers.h"

namespace kiyome::document {

// Sealed octets and what a sanitizer said about them.
struct File {
  const Content* content = nullptr;
  std::string name;  // the sender's
  std::string type;  // by content, lower case, perhaps empty
  std::vector<clean::Finding> findings;
};

struct Entry;

// What became of a file: held with reasons, or clean files (none when only entries came of it).
struct Made {
  Action action = Action::hold;  // what was done: text, flatten, image; hold
  std::vector<clean::Finding> reasons;
  std::vector<compose::CleanFile> files;
  std::vector<Entry> entries;  // of an archive or a mail, in its order
  std::string malware;         // what the scanner calls it
  Pictures pictures;           // as they were wished for; of the whole file, so not in what lies within
  double render_ms = 0, compose_ms = 0;
  bool held() const { return action == Action::hold; }
};

// A file within another.
struct Entry {
  clean::Part part;
  Made made;
};

// How much of us one item may use, over all its files.
struct Budget {
  explicit Budget(const DocumentsConfig& config, std::uint64_t written_max = limits::kItemWritten)
      : entries(config.entries_max),
        expanded(config.expanded_bytes_max),
        written(written_max),
        milliseconds(1000.0 * config.seconds * limits::kItemSteps) {}
  std::uint64_t entries, expanded;  // files within files, and their octets
  std::uint64_t written;            // octets of clean files
  double milliseconds;              // in sandboxes
  std::uint32_t pages = 0;          // made so far, of all documents that are done
};

struct Wish {
  Action action = Action::flatten;  // text, flatten or image
  std::vector<std::string> passwords;
  bool personal_numbers = false;                   // look for them in the words: finding my-number
  std::function<void(std::uint32_t pages)> paged;  // how many pages the item has so far; may be empty
  std::set<std::string>
      left_out{};          // places of entries that are not looked at and do not go along: "0", "1/2"
  PictureWish pictures{};  // of pages as they are in the clean files; of plain words there are none
};

// Thread-safe: one call a thread at once, each blocks until its file is done.
class DocumentCleaner {
 public:
  DocumentCleaner(Sanitizers& sanitizers, const Config& config) : sanitizers_(sanitizers), config_(config) {}

  // Throws TemporaryFailure when no sanitizer is to be had; what the file does is a verdict.
  Made clean(const File& file, const Wish& wish, Budget& budget);

 private:
  Sanitizers& sanitizers_;
  const Config& config_;
};

}  // namespace kiyome::document
