// A list's row in table `entries`. Trusts the database to be ours.
#pragma once

#include <string>
#include <string_view>

#include "service/review/index/entry.h"
#include "service/store/database.h"

namespace kiyome::review {

// In the order that listed_item() reads them from column 1 on; column 0 is the number.
#define KIYOME_LISTED_COLUMNS                                                                              \
  "e.number, e.id, e.received_ms, e.direction, e.sender, e.subject, e.files, e.file_count, e.bytes, "      \
  "e.recipients, e.recipient_count, e.verdict, e.state, e.reasons, e.tenants, e.departments, e.requests, " \
  "e.proposals, e.kept "

ListedItem listed_item(const store::Row& row);

// "STATE VERDICT ADDRESS\n…"
std::string recipients_text(const std::vector<ListedRecipient>& recipients);
std::string joined(const std::vector<std::string>& words, char between);
std::vector<std::string> parted(std::string_view text, char between);

}  // namespace kiyome::review
