// What looks like a body part or a file where a reader should see text only: behind a lost boundary, in a
// preamble, within a quoted message. Hostile input; linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"
#include "sanitizers/mail/tree.h"

namespace kiyome::sanitizer::mail {

struct Relic {
  enum class Kind : std::uint8_t {
    entity,    // a header of Content-… fields, up to the next one
    entities,  // the same behind a line "--…", up to the end of the text: several may follow
    base64,    // lines of base64 and nothing else
  } kind = Kind::base64;
  std::size_t begin = 0, end = 0;
};

// Entities, and base64 blocks of at least 512 octets, as they come. One more than kMailRelics means: there
// may be others.
std::vector<Relic> find_relics_in(std::string_view octets);

// Whether a scanned node is a file rather than words.
bool holds_file(const Node& node);

// Scans an entity relic below `parent` and keeps the nodes only when they hold a file. Result: whether they
// were kept. When a limit is reached, `limit` is set.
bool scan_relic(Tree& tree, std::int32_t parent, std::string_view octets, bool several,
                std::optional<clean::Finding>& limit);

}  // namespace kiyome::sanitizer::mail
