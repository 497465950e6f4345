// A delivery of the pick-up as the store has it: a submission, the items of it that have come, their clean
// files, and how each fares for each recipient. Texts in it were sent from outside; they are clean lines.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/transfer/drop.h"
#include "service/store/database.h"

namespace kiyome::gate {

using Digest = std::array<std::uint8_t, 32>;

// transfer::DropStage, and what it lacks: an item without files has nothing to wait for.
enum class Stage : std::uint8_t { told = 0, waiting, delivered, returned, picked_up, expired };

struct FileView {
  std::uint32_t number = 0;  // within the delivery
  std::string name;
  transfer::CleanFileType type = transfer::CleanFileType::pdf;
  std::uint64_t bytes = 0;
  Digest sha256{};
  std::uint32_t crc = 0;  // CRC-32
};

struct RecipientView {
  std::uint32_t recipient = 0;
  std::string address;  // lower case in ASCII
  Stage stage = Stage::told;
  std::int64_t available_ms = 0;
  std::int64_t decision = 0;            // number of the one that decided for him; 0: none
  std::vector<std::string> approval{};  // rules that ask for one by his department, beside the item's own
};

struct ItemView {
  std::int64_t row = 0;
  ItemId id;
  std::uint16_t part = 0;
  std::uint32_t number = 0;
  std::string name, type;
  std::uint64_t bytes = 0;
  Digest sha256{};
  transfer::DropVerdict verdict = transfer::DropVerdict::clean;
  std::vector<std::uint16_t> findings;
  std::vector<std::string> approval;
  Digest policy{};
  std::int64_t received_ms = 0;
  std::vector<FileView> files;
  std::vector<RecipientView> recipients;
  const RecipientView* recipient(std::string_view address) const;  // none: nullptr
  // Its files are pictures of its pages: to be looked at, not to be had (画面転送).
  bool view_only() const { return verdict != transfer::DropVerdict::clean && !files.empty(); }
};

struct DecisionView {
  std::int64_t number = 0;
  bool approved = false;
  std::string comment, login, name, department;
  std::int64_t decided_ms = 0;
};

struct DropView {
  ItemId submission;
  std::uint32_t count = 0;
  std::string sender, sender_name, title, message, importance;
  std::vector<std::string> tenants;  // of its recipients, as policy::tenants_of() gives them
  std::int64_t received_ms = 0;      // of its first item
  std::int64_t changed_ms = 0;       // of its last one, or the last decision: its time runs from here
  std::int64_t look_ms = 0;          // when the rounds look after it; 0: no more
  std::vector<ItemView> items;       // by number and part; those that were replaced are not here
  std::vector<DecisionView> decisions;
  bool complete() const;  // all files that were sent have come
};

// Nothing when there is none, or its time is over. Throws TemporaryFailure.
std::optional<DropView> load_drop(store::Database& database, const ItemId& submission);

// SHA-256 over all that is shown of these items: whoever decides has seen exactly this.
Digest digest_of(const DropView& drop, const std::vector<const ItemView*>& items);

// Letters of either case, wide and narrow forms alike (NFKC, case folded): for searching.
std::string folded(std::string_view text);
// Lower case in ASCII, as addresses are compared.
std::string lower(std::string_view address);

}  // namespace kiyome::gate
