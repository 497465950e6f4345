// The writers: clean mail, the notice within it, the notice about a held item, delivery status notifications.
// They write from the clean language and our own values only, never from octets of an original. Thread-safe,
// no I/O. Everything they give is in the clean output grammar; the gate proves that without their help.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/clean/types.h"
#include "service/base/config.h"

namespace kiyome::compose {

// A file of our own writing: a clean PDF, text or picture.
struct CleanFile {
  std::string name;    // the sender's, or one made of it; perhaps with folders; without our extension
  std::string type;    // application/pdf, text/plain, image/png, application/zip
  std::string octets;  // of a text: UTF-8 with LF, whose characters are made clean when it is written
  std::uint32_t pages = 0;
};
// The extension that files of a clean type bear, without the dot.
std::string_view extension_of_type(std::string_view clean_type);

// What was decided about one part, ready to be told.
struct PartOutcome {
  const clean::Part* part = nullptr;
  Action action = Action::strip;
  std::vector<clean::Finding> reasons;            // from the part, its type, and the policy
  const std::string* text = nullptr;              // its words, when they go along as a clean text
  const std::vector<CleanFile>* files = nullptr;  // what was made of it, when something else goes along
  bool entry = false;                             // of the archive or mail that was told before it
};

struct MailInput {
  ItemId id;
  std::uint16_t part = 1;         // ordinal of this mail of the item
  std::uint16_t parts_total = 1;  // more than one: X-Kiyome-Id bears ".<part>"
  // Its reader has a mail of this item already: this one answers that, with the outcomes that are new and
  // without the words of the first.
  bool further = false;
  std::string_view further_text{};  // a person's word to him, of several lines
  std::int64_t further_ms = 0;      // its date; 0: that of the item
  std::int64_t received_ms = 0;
  std::string_view client_address, client_helo, protocol;  // for Received
  std::string_view only_recipient;                         // for Received `for`, empty when there are several
  const clean::MailAnswer* answer = nullptr;
  std::vector<PartOutcome>
      outcomes;             // attachments in order; parts with role body, container … are not listed
  std::string_view link{};  // by which the one recipient can ask for what was held or removed; empty: none
};

struct Output {
  std::string name;  // file name in the mail
  std::string type;  // text/plain …
  std::uint64_t bytes = 0;
};
struct ComposedMail {
  std::string octets;  // CRLF, in the clean grammar
  std::vector<clean::Finding>
      findings;  // found while writing: private-use-character, forbidden-character, name-changed …
  std::vector<Output> outputs;  // clean attachments
};

// The clean mail of INTERFACE.md.
ComposedMail clean_mail(const MailInput& input, const Config& config);

// The notice that tells the recipient of a held item that it waits, why, and how to ask. From notice.sender,
// null envelope sender, Auto-Submitted: auto-generated, X-Kiyome-Id "<id>.0". Tells sender and subject
// (cleaned) if known.
struct HeldInput {
  ItemId id;
  std::int64_t received_ms = 0;
  std::string_view sender, recipient;
  const clean::MailHeader* header = nullptr;  // null when the sanitizer gave none
  std::vector<clean::Finding> reasons;
  std::string_view link{};         // by which its recipient can ask for it; empty: none
  std::optional<ItemId> own_id{};  // names this notice, where the item has several; empty: the item's
};
std::string held_notice(const HeldInput& input, const Config& config);

// RFC 3464 multipart/report to the sender on the Internet side: tells status, a standard reason and the item
// id, nothing of our inside. The original's header fields that we kept are returned as text/rfc822-headers,
// rewritten by us.
struct DsnRecipient {
  std::string address, orcpt;
  std::string action;  // "failed", "delayed", "relayed", "delivered"
  std::uint16_t status_class = 5, status_subject = 0, status_detail = 0;
};
struct DsnInput {
  ItemId id;
  std::int64_t received_ms = 0;
  std::string_view sender, envid;
  std::vector<DsnRecipient> recipients;
  const clean::MailHeader* header = nullptr;
};
std::string delivery_status(const DsnInput& input, const Config& config);

// Loads the character data, which ICU does at its first use, so that no two threads do it at once.
void warm_up();

// The character rules of INTERFACE.md on their own. Appends what was changed to `findings` (each code once).
std::string clean_text(std::string_view utf8, std::vector<clean::Finding>& findings);  // many lines, LF
std::string clean_line(std::string_view utf8,
                       std::vector<clean::Finding>& findings);  // one line: LF, TAB → space
std::string clean_body(std::string_view utf8, bool break_links,
                       std::vector<clean::Finding>& findings);  // clean_text + schemes + imitations
// The octets of a clean text as a file of its own: the rules of a body, CRLF.
std::string clean_text_file(std::string_view utf8, bool break_links, std::vector<clean::Finding>& findings);
// Without dots, blanks and joiners at the end: how no file name may end.
std::string_view without_name_end(std::string_view name);
std::string clean_file_name(std::string_view utf8, std::string_view extension,
                            std::vector<clean::Finding>& findings);

}  // namespace kiyome::compose
