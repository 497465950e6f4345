// Mails that the pick-up writes by itself: plain text to one person, in the clean output grammar, proved by
// the gate's own verifier before it leaves. Titles and names in it were sent from outside; a text that cannot
// stand in a mail is left out.
#pragma once

#include <cstdint>
#include <string>

#include "proto/transfer/bundle.h"
#include "service/gate/drop_store.h"

namespace kiyome::gate {

struct Letter {
  MailKind kind = MailKind::available;
  std::string to;  // mail address
  std::string title, sender, sender_name;
  std::size_t files = 0, held = 0;  // items that can be picked up or decided about; and that cannot
  std::string comment;              // of who returned it
  std::int64_t expires_ms = 0;
};

struct Letterhead {
  std::string hostname, from, url;
};

// Ready for the outbox: kOwnMail, from the empty reverse-path. Throws TemporaryFailure when not even the
// plain form can be proved (a sender's address of the configuration that is none).
transfer::Bundle write_mail(const Letter& letter, const Letterhead& head, const ItemId& id,
                            std::int64_t now_ms);

}  // namespace kiyome::gate
