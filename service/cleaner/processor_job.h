// What a worker knows of the item in its hands; for processor.cpp, drop_item.cpp and unlock.cpp only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "service/cleaner/file_item.h"
#include "service/cleaner/processor.h"
#include "service/document/content.h"
#include "service/document/password_words.h"

namespace kiyome::cleaner {

struct Processor::Job {
  std::shared_ptr<const Config> config;
  store::Original original;
  std::vector<std::size_t> recipients;  // indices into the envelope's list
  std::uint16_t first_ordinal = 1;
  store::DecidedItem decided;
  std::vector<Group> groups;
  std::optional<clean::MailAnswer> answer;
  std::map<std::uint32_t, document::Content> contents;  // of parts, when documents are to be cleaned
  Documents documents;
  double parse_ms = 0, compose_ms = 0;
  bool damaged = false;  // the original: nothing of it is known, not even whether it is a mail

  std::vector<store::LockedCopy> copies;         // of an unlock: what it is to open
  std::map<std::uint32_t, std::int64_t> tried;   // of a recipient: LockedCopy::tried
  std::vector<std::uint32_t> served;             // recipients who have their mail already
  std::map<std::size_t, Standing> standings;     // of recipients about whom somebody has decided
  std::vector<store::Allowed> allowed;           // of its sender; only what is proven to be his counts
  bool proven = false;                           // that was looked at
  std::vector<clean::Finding> why;               // of a later decision: what does not leave by it
  std::map<std::size_t, DoorLink> links;         // of its recipients, where they can ask for something
  std::optional<document::PasswordWords> words;  // of the mail itself, when they were looked for

  // Of a file of the drop box; what stands above about parts and groups tells of it for the report.
  std::unique_ptr<CleanedFile> file;  // the groups point into it, wherever the job goes
  DropOutcome outcome;
};

}  // namespace kiyome::cleaner
