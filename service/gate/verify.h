// The verifier: proves that octets are in the clean output grammar of INTERFACE.md. Written against the
// grammar alone; it shares no code with service/compose and links no parser of foreign formats. Standard
// library, utf8proc, SHA-256 and zlib's inflate only; no allocation that grows faster than its input; a file
// without attachments may be mapped memory, and next to nothing is allocated; fuzzed. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiyome::gate {

struct Violation {
  std::uint64_t offset = 0;  // of the first octet that cannot be in the grammar
  std::string reason;        // our own constant text
};

// Empty = proved clean.
std::optional<Violation> verify_mail(std::string_view octets);
std::optional<Violation> verify_text(std::string_view octets);  // clean text: a .txt output
std::optional<Violation> verify_pdf(std::string_view octets);   // compose/PDF.md
std::optional<Violation> verify_png(std::string_view octets);
std::optional<Violation> verify_zip(std::string_view octets);  // each entry by its own grammar
// Chosen by content: the signatures of PDF, PNG and ZIP; header fields from the first line to an empty one,
// the first of them one we keep → mail; else text.
std::optional<Violation> verify_file(std::string_view octets);

}  // namespace kiyome::gate
