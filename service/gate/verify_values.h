// Section 4.1 of the clean output grammar: the values of header fields, each after unfolding, and file names
// (4.3). Trusts nothing. Linear. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

Checked check_received(std::string_view value, std::string_view& kiyome_id);  // the id it names
Checked check_kiyome_id(std::string_view value);
Checked check_mailbox_list(std::string_view value);  // From
Checked check_mailbox(std::string_view value);       // Sender
Checked check_address_list(std::string_view value);  // Reply-To, To, Cc: groups too
// `ours`: the mail is a notice of our own, whose Subject may begin like one.
Checked check_subject(std::string_view value, bool ours);
Checked check_date(std::string_view value);
Checked check_message_id(std::string_view value);
Checked check_message_ids(std::string_view value);
Checked check_auto_submitted(std::string_view value);
Checked check_list_id(std::string_view value);
Checked check_precedence(std::string_view value);

// Encoded words and what they decode to, with the place of each for telling where a fault is.
struct Words {
  struct Place {
    std::size_t decoded, written;
  };
  std::string text;
  std::vector<Place> places;
};
// One WORD or several with one SP between, from the begin of `value` on; `size` is how far they reach.
Checked read_words(std::string_view value, Words& words, std::size_t& size);

// A decoded output file name.
Checked check_file_name(std::string_view name, std::string_view extension);

}  // namespace kiyome::gate
