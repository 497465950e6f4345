// Outlook's .msg ([MS-OXMSG], a compound file of MAPI properties) → the same message as mail: header, texts
// and attachments as MIME, so that it is read by the one way that mail is read. Everything of it stands in
// base64 or in lines that begin with a field's name, so nothing in it can act as a boundary. Hostile input.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::mail {

struct OutlookMail {
  std::string octets;
  bool damaged = false;                 // some of it could not be read
  bool left_out = false;                // an OLE object in it is no file
  std::optional<clean::Finding> limit;  // then nothing else counts
};
OutlookMail outlook_as_mail(std::string_view octets);

}  // namespace kiyome::sanitizer::mail
