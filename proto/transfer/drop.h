// What crosses for the file drop box: one file of a submission as it came out clean, or why it did not, and
// how it fares on the closed side. FORMAT.md tells the octets. Standard library only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"

namespace kiyome::transfer {

enum class CleanFileType : std::uint8_t { pdf = 1, text = 2, png = 3, zip = 4 };

// One clean output. Its name is an output file name (INTERFACE.md): it ends in the type it is, bears no path.
struct CleanFile {
  std::string name;
  CleanFileType type = CleanFileType::pdf;
  std::array<std::uint8_t, 32> sha256{};
  std::string content;
  bool operator==(const CleanFile&) const = default;
};

enum class DropVerdict : std::uint8_t { clean = 1, held = 2, rejected = 3 };
inline constexpr std::uint16_t kViewOnly = 86;  // clean::Finding::kViewOnly

// One file of a submission. (id, part) is its identity: the gate takes each once; a later part of the same id
// (a release) replaces what the earlier one said. All texts are clean lines but `message` (clean text, LF).
struct DropBundle {
  ItemId id;  // of the item: this file
  std::uint16_t part = 1;
  ItemId submission;
  std::uint32_t number = 1, count = 1;  // this file of so many
  std::string sender, sender_name;      // mail address (may be empty), name for people
  std::vector<std::string>
      recipients;  // mail addresses on the closed side; their order names them on the way back
  std::string title, message, importance;
  std::string name, type;  // of the file as it was sent; by content
  std::uint64_t bytes = 0;
  std::array<std::uint8_t, 32> sha256{};  // of it
  DropVerdict verdict = DropVerdict::clean;
  std::vector<std::uint16_t> findings;  // clean::Finding, ascending
  std::vector<std::string> approval;    // names of the rules that ask for an approval; empty: none is needed
  std::array<std::uint8_t, 32> policy{};  // SHA-256 of the configuration's policy that decided
  // Empty unless clean, or held with kViewOnly: then PNG pictures of its pages in order, to be looked at
  // only.
  std::vector<CleanFile> files;
  bool operator==(const DropBundle&) const = default;
};

// ---- the way back ----
enum class DropStage : std::uint8_t { waiting = 1, delivered = 2, returned = 3, picked_up = 4, expired = 5 };
// How a file fares for one recipient. Repeated until DropResultTaken says that it is on disk here.
struct DropResult {
  ItemId id;
  std::uint16_t part = 1;
  std::uint32_t recipient = 0;  // its place in DropBundle::recipients
  DropStage stage = DropStage::waiting;
  bool operator==(const DropResult&) const = default;
};
struct DropResultTaken {  // forward
  ItemId id;
  std::uint16_t part = 1;
  std::uint32_t recipient = 0;
  DropStage stage = DropStage::waiting;
  bool operator==(const DropResultTaken&) const = default;
};

// ---- intake: cleaner → edge, for the sender's page ----
enum class DropProgress : std::uint8_t {
  received = 1,
  cleaning = 2,
  clean = 3,
  held = 4,
  refused = 5,
  waiting = 6,
  delivered = 7,
  returned = 8,
  picked_up = 9
};
struct DropState {
  ItemId id;
  DropProgress state = DropProgress::received;
  std::uint32_t pages = 0;              // made so far
  std::vector<std::uint16_t> findings;  // clean::Finding, ascending
  std::uint32_t pictures = 0;           // how many previews AskPicture can have
  bool operator==(const DropState&) const = default;
};
// The forms the codec asks for. Whoever takes such texts from outside asks these first, so that a bundle can
// always be made of them.
bool is_drop_line(std::string_view text);           // UTF-8 without C0, C1, DEL, noncharacters; perhaps empty
bool is_drop_text(std::string_view text);           // the same, with TAB and LF
std::string_view extension_of(CleanFileType type);  // "pdf", "txt", "png", "zip"

// edge → cleaner: say the DropState of this item again (after a restart of either).
struct AskDrop {
  ItemId id;
  bool operator==(const AskDrop&) const = default;
};
// edge → cleaner: a preview of one page, for the sender's page.
struct AskPicture {
  ItemId id;
  std::uint32_t page = 1;  // 1 to limits::kPreviewPages
  bool operator==(const AskPicture&) const = default;
};
// cleaner → edge: answers each AskPicture.
struct Picture {
  ItemId id;
  std::uint32_t page = 1;
  std::string octets;  // a clean PNG; empty: there is none
  bool operator==(const Picture&) const = default;
};

}  // namespace kiyome::transfer
