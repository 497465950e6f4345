// The fields of a mail written into an entity: the kept ones of an original, the trace field, the content.
#pragma once

#include "proto/clean/types.h"
#include "service/compose/entity.h"
#include "service/compose/header.h"

namespace kiyome::compose {

struct KeptFields {
  const clean::MailHeader* header = nullptr;
  std::string_view subject_mark;           // before the subject, or empty
  std::string_view fallback_message_id;    // when the original has no valid one
  std::int64_t fallback_unix_seconds = 0;  // when the original has no valid date
};

// From … Message-ID … Precedence. Always writes From, Date and Message-ID.
void write_kept_fields(const KeptFields& kept, const HeaderContext& context, Entity& mail);

// The trace field (RFC 5321 section 4.4). The client's words are hostile; `recipient` is empty when there are
// several.
struct Trace {
  std::string_view helo, client, host, protocol, kiyome_id, recipient;
  std::int64_t unix_seconds = 0;
};
std::string received_value(const Trace& trace);

// MIME-Version, and for text/plain the whole of Content-Type, Content-Transfer-Encoding and body.
void write_mime_version(Entity& mail);
void write_text(std::string_view text, std::string_view type_parameters, std::string_view disposition,
                Entity& entity);
// The same of a clean file of another type, in base64.
void write_file(std::string_view type, std::string_view octets, std::string_view type_parameters,
                std::string_view disposition, Entity& entity);

}  // namespace kiyome::compose
