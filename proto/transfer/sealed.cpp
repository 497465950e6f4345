#include "proto/transfer/sealed.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/characters.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/fields.h"

namespace kiyome::transfer {

void payload(ByteWriter& w, const SealedOriginal& sealed) {
  put(w, sealed.id);
  put(w, sealed.item);
  w.counted(sealed.recipient);
  w.counted(sealed.name);
  w.raw(sealed.sha256);
  w.counted(sealed.content);
}

SealedOriginal sealed_original(Fields& f) {
  SealedOriginal out;
  out.id = item_id(f.in);
  out.item = item_id(f.in);
  out.recipient = f.in.counted(limits::kSmtpPath);
  f.require(is_envelope_address(out.recipient), "a recipient's address");
  out.name = f.in.counted(kSealedName);
  f.require(!out.name.empty() && is_line(out.name) && out.name.find('\t') == std::string::npos &&
                out.name.find_first_of("/\\\x7f") == std::string::npos,
            "a file's name");
  take(f, out.sha256);
  const std::string_view content = f.in.counted(kSealedZip);
  if (f.in.done()) out.content = content;
  return out;
}

}  // namespace kiyome::transfer
