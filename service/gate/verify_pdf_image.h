// An image of a clean PDF (compose/PDF.md): its dictionary, and its stream decoded to exactly its pixels.
// Trusts nothing.
#pragma once

#include "service/gate/verify_document.h"
#include "service/gate/verify_inflate.h"
#include "service/gate/verify_reader.h"

namespace kiyome::gate {

// `in` stands behind kImageBegin; afterwards behind the stream's last octet. What is wrong stays in `in`.
inline constexpr std::string_view kImageBegin = "<< /Type /XObject /Subtype /Image /Width ";
void check_image(Reader& in, Inflater& inflater, Scope& scope);

// ` /Length N >>`, `stream` and the octets; gives these. The caller expects `endstream`.
std::string_view read_stream(Reader& in);

}  // namespace kiyome::gate
