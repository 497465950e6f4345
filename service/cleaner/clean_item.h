// From the clean language and the policy to what each recipient gets. Pure: no I/O, no clock, no store.
// Thread-safe. `kiyome sanitize` and the cleaner role use the same function, so what an operator tries is
// what the relay does.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "service/base/config.h"
#include "service/cleaner/decide/standing.h"
#include "service/compose/compose.h"
#include "service/document/document_cleaner.h"
#include "service/store/original_log.h"

namespace kiyome::cleaner {

// A link of one recipient: door_links.h.
struct DoorLink {
  std::string url;
  std::array<std::uint8_t, 32> token_hash{};
};

// What was decided about a part for one group of recipients.
struct PartVerdict {
  std::uint32_t part = 0;  // clean::Part::index
  Action action = Action::strip;
  std::vector<clean::Finding> reasons;
  const document::Made* made = nullptr;  // when a document sanitizer had it
};

// A part that some recipient is to get as text, pages or picture.
struct DocumentWish {
  std::uint32_t part = 0;
  Action action = Action::flatten;
  std::set<std::string> left_out{};  // places within it
  auto operator<=>(const DocumentWish&) const = default;
};
using Documents = std::map<DocumentWish, document::Made>;

// One mail that leaves, or one hold: the recipients (indices into the envelope's list) who are treated alike.
struct Group {
  Verdict verdict = Verdict::clean;
  std::vector<std::size_t> recipients;
  std::vector<clean::Finding> reasons;  // of the item
  std::vector<PartVerdict> parts;       // leaves, the body among them
  compose::ComposedMail mail;           // when clean
  std::uint16_t ordinal = 1;            // of this mail of the item
  Standing standing;                    // of its recipients; `further`: the mail brings what is new
  std::set<std::string> given;          // places of the files that the mail brings
};

struct Request {
  const store::Envelope* envelope = nullptr;
  std::uint64_t bytes = 0;  // of the original
  const clean::MailAnswer* answer = nullptr;
  std::vector<std::size_t> recipients;  // whom to serve; all of the envelope's when empty
  // What was decided about some of them, by their indices.
  const std::map<std::size_t, Standing>* standings = nullptr;
  std::span<const store::Allowed> allowed{};  // of its sender, who is proven to be it
  std::string_view text{};                    // a person's word to those who get a further mail
  std::int64_t now_ms = 0;                    // … and its date; 0: that of the item
  const Documents* documents = nullptr;       // what wanted_documents() asked for; null: none was looked at
  std::uint16_t first_ordinal = 1;            // mails of this item that left before, plus one
  // By which they can ask for what is missing: then each gets a mail of his own. Null or empty: nobody can.
  const std::map<std::size_t, DoorLink>* links = nullptr;
};

// Whether a recipient of this group's mail may want something that it does not bring.
bool misses_something(const Group& group);

// Whether nothing of what lies at this place goes along; where there is no such place, nobody knows.
bool is_left_out(std::string_view place, const Group& group);

// What a document sanitizer has to look at before clean_item() can decide. Empty for most mails.
std::vector<DocumentWish> wanted_documents(const Request& request, const Config& config);

// Looks at them: each part whose octets are at hand and are those that were told of. The others are held.
Documents make_documents(const Request& request, const Config& config,
                         const std::map<std::uint32_t, document::Content>& contents,
                         document::DocumentCleaner& cleaner, const std::vector<std::string>& passwords,
                         document::Budget& budget);

// Groups come in the order of their first recipient. The composed mails await the gate's verifier.
std::vector<Group> clean_item(const Request& request, const Config& config);

// Whether the sender should learn of a part in notice and report: whatever a person might miss or an attacker
// hide.
bool is_listed(const clean::Part& part);

// Findings whose effect holds the whole item.
std::vector<clean::Finding> item_holds(const clean::MailAnswer& answer);

}  // namespace kiyome::cleaner
