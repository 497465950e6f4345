// From the clean language and the policy to what each recipient gets. Pure: no I/O, no clock, no store.
// Thread-safe. `kiyome sanitize` and the cleaner role use the same function, so what an operator tries is
// what the relay does.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "service/base/config.h"
#include "service/compose/compose.h"
#include "service/document/document_cleaner.h"
#include "service/store/original_log.h"

namespace kiyome::cleaner {

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
};

struct Request {
  const store::Envelope* envelope = nullptr;
  std::uint64_t bytes = 0;  // of the original
  const clean::MailAnswer* answer = nullptr;
  std::vector<std::size_t> recipients;   // whom to serve; all of the envelope's when empty
  bool released = false;                 // an operator's release: a policy hold counts no more
  const Documents* documents = nullptr;  // what wanted_documents() asked for; null: none was looked at
  std::uint16_t first_ordinal = 1;       // mails of this item that left before, plus one
  bool further = false;                  // these recipients have a mail of this item already
};

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
