// The parts of an item as its record (report.h) tells of them: for decisions that name one. Our own writing,
// but its texts are a sender's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::cleaner {

struct RecordedPart {
  std::string place;  // "3", "3/0"
  std::string type;   // by content, or what the sender said when the content told nothing
  std::uint64_t bytes = 0;
};

// Each place once, whomever it was told of; none when nothing is known of what the item holds (it could not
// be read), or the record is older than places.
std::vector<RecordedPart> recorded_parts(std::string_view report);

}  // namespace kiyome::cleaner
