#include "sanitizers/image/tail.h"

#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr std::size_t kPadding = 64;         // octets that programs leave behind without meaning anything
constexpr std::size_t kZipEndRecord = 22;    // APPNOTE 4.3.16, without its comment
constexpr std::size_t kZipComment = 0xffff;  // at most
constexpr std::size_t kFilmHead = 16;        // ISO 14496-12: a length, then "ftyp"
constexpr std::size_t kPdfHead = 1024;       // readers look that far for "%PDF-"

bool only_padding(std::string_view tail) {
  constexpr std::string_view kFiller("\0\xff\r\n \x1a", 6);
  const std::size_t begin = tail.find_first_not_of(kFiller);
  return begin == std::string_view::npos || tail.find_last_not_of(kFiller) - begin < kPadding;
}

bool ends_as_zip(std::string_view octets) {
  if (octets.size() < kZipEndRecord) return false;
  const std::size_t reach = kZipEndRecord + kZipComment;
  const std::string_view end = octets.size() > reach ? octets.substr(octets.size() - reach) : octets;
  const std::size_t at = end.rfind("PK\x05\x06");
  if (at == std::string_view::npos || end.size() - at < kZipEndRecord) return false;
  const std::size_t size = type::le32(end, at + 12), comment = type::le16(end, at + 20);
  const std::size_t before = octets.size() - end.size() + at;
  // The directory it speaks of is there: chance does not make that.
  return comment <= end.size() - at - kZipEndRecord && size <= before &&
         (size == 0 || octets.substr(before - size).starts_with("PK\x01\x02"));
}

}  // namespace

void note_tail(std::string_view tail, bool multi_picture, std::vector<clean::Finding>& notes) {
  if (only_padding(tail)) return;
  if (tail.substr(0, kFilmHead).find("ftyp") != std::string_view::npos)
    return notes.push_back(clean::Finding::kAnimated);
  tail.remove_prefix(tail.find_first_not_of('\0'));
  if (multi_picture && tail.starts_with("\xff\xd8\xff")) return;  // CIPA DC-007: previews, depth, gain maps
  if (tail.ends_with("SEFT")) return notes.push_back(clean::Finding::kMetadataRemoved);  // Samsung's own
  notes.push_back(clean::Finding::kPolyglot);
}

void note_other_type(std::string_view octets, std::vector<clean::Finding>& notes) {
  if (ends_as_zip(octets) || octets.substr(0, kPdfHead).find("%PDF-") != std::string_view::npos)
    notes.push_back(clean::Finding::kPolyglot);
}

}  // namespace kiyome::sanitizer::image
