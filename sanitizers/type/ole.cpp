// The directory of a compound file, walked with a bound; where the chain is broken, the rest is read as if it
// lay in a row.
#include "sanitizers/type/ole.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::type {
namespace {

constexpr std::uint32_t kEndOfChain = 0xfffffffe;

struct Stream {
  std::string name;  // ASCII of UTF-16, other characters as '?'
  std::uint32_t start = 0;
  std::uint64_t size = 0;
  unsigned kind = 0;  // 0 unused, 1 storage, 2 stream, 5 root
  std::uint32_t left = 0, right = 0, child = 0;
  bool top = false;  // directly below the root: names of embedded objects do not count
};

// Names of streams differ by more than case.
bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

class Compound {
 public:
  explicit Compound(std::string_view octets);
  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool has_prefix(std::string_view prefix) const;
  const Stream* find(std::string_view name) const;
  // The first octets of a stream.
  std::string head(const Stream& stream, std::size_t most) const;
  std::string_view root_class() const { return root_class_; }

 private:
  std::uint32_t next_sector(std::uint32_t sector) const;
  std::string_view sector(std::uint32_t index) const;
  std::string chain(std::uint32_t first, std::size_t most) const;
  std::string mini_head(const Stream& stream, std::size_t most) const;
  void read_entries(std::string_view octets);
  void mark_top();

  std::string_view s_;
  std::size_t sector_size_ = 512;
  std::vector<Stream> streams_;
  std::string_view root_class_;
};

std::string_view Compound::sector(std::uint32_t index) const {
  return slice(s_, (static_cast<std::size_t>(index) + 1) * sector_size_, sector_size_);
}

std::uint32_t Compound::next_sector(std::uint32_t index) const {
  const std::size_t per_sector = sector_size_ / 4;
  const std::size_t fat = index / per_sector;
  std::uint32_t fat_sector = kEndOfChain;
  if (fat < 109) {
    fat_sector = le32(s_, 76 + fat * 4);
  } else {
    // The rest of the table of tables: a chain of sectors, the last entry of each naming the next.
    std::uint32_t difat = le32(s_, 68);
    std::size_t skip = fat - 109;
    for (std::size_t n = 0; n < limits::kOleSectors && skip >= per_sector - 1 && difat < kEndOfChain; ++n) {
      difat = le32(sector(difat), (per_sector - 1) * 4);
      skip -= per_sector - 1;
    }
    if (difat < kEndOfChain) fat_sector = le32(sector(difat), skip * 4);
  }
  const std::string_view table = fat_sector < kEndOfChain ? sector(fat_sector) : std::string_view();
  if (table.empty()) return kEndOfChain;
  return le32(table, index % per_sector * 4);
}

void Compound::read_entries(std::string_view octets) {
  for (std::size_t at = 0; at + 128 <= octets.size() && streams_.size() < limits::kOleStreams; at += 128) {
    const std::size_t name_octets = std::min<std::uint32_t>(le16(octets, at + 64), 64);
    Stream stream;
    stream.kind = static_cast<unsigned char>(octets[at + 66]);
    for (std::size_t i = 0; i + 2 < name_octets; i += 2) {
      const std::uint32_t c = le16(octets, at + i);
      stream.name += c > 0 && c < 0x80 ? static_cast<char>(c) : '?';
    }
    stream.left = le32(octets, at + 68);
    stream.right = le32(octets, at + 72);
    stream.child = le32(octets, at + 76);
    stream.start = le32(octets, at + 116);
    stream.size = le64(octets, at + 120) & 0xffffffff;
    if (stream.kind == 5 && root_class_.empty()) root_class_ = slice(octets, at + 80, 16);
    streams_.push_back(std::move(stream));
  }
}

Compound::Compound(std::string_view octets) : s_(octets) {
  sector_size_ = le16(s_, 30) == 12 ? 4096 : 512;
  std::uint32_t at = le32(s_, 48);
  for (std::size_t n = 0; n < limits::kOleSectors && at < kEndOfChain; ++n) {
    const std::string_view one = sector(at);
    if (one.empty()) break;
    read_entries(one);
    const std::uint32_t next = next_sector(at);
    if (next == at) break;
    at = next;
  }
  if (streams_.size() < 2)
    read_entries(slice(s_, (static_cast<std::size_t>(le32(s_, 48)) + 1) * sector_size_, 64 * 128));
  mark_top();
}

// The tree of the root's children; where it is damaged, every name counts.
void Compound::mark_top() {
  std::vector<std::uint32_t> open;
  for (const Stream& stream : streams_)
    if (stream.kind == 5) {
      open.push_back(stream.child);
      break;
    }
  std::size_t found = 0;
  while (!open.empty()) {
    const std::uint32_t index = open.back();
    open.pop_back();
    if (index >= streams_.size() || streams_[index].top || streams_[index].kind == 0) continue;
    streams_[index].top = true;
    ++found;
    open.push_back(streams_[index].left);
    open.push_back(streams_[index].right);
  }
  if (found == 0)
    for (Stream& stream : streams_) stream.top = stream.kind != 0;
}

const Stream* Compound::find(std::string_view name) const {
  for (const Stream& stream : streams_)
    if (stream.top && same_name(stream.name, name)) return &stream;
  return nullptr;
}

bool Compound::has_prefix(std::string_view prefix) const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [&](const Stream& s) { return s.top && s.name.starts_with(prefix); });
}

std::string Compound::head(const Stream& stream, std::size_t most) const {
  return stream.size < le32(s_, 56) ? mini_head(stream, most) : chain(stream.start, most);
}

// A small stream lies in pieces of 64 octets in the root's own stream, [MS-CFB] sections 2.4 and 2.6.4.
std::string Compound::mini_head(const Stream& stream, std::size_t most) const {
  constexpr std::size_t kPiece = 64;
  const auto root =
      std::find_if(streams_.begin(), streams_.end(), [](const Stream& s) { return s.kind == 5; });
  if (root == streams_.end()) return {};
  const std::string pieces = chain(root->start, limits::kOleMini);
  const std::string table = chain(le32(s_, 60), limits::kOleMini / kPiece * 4);
  most = std::min<std::uint64_t>(most, stream.size);
  std::string out;
  for (std::uint32_t at = stream.start; out.size() < most && at < kEndOfChain;
       at = le32(table, std::size_t{at} * 4)) {
    const std::string_view piece = slice(pieces, std::size_t{at} * kPiece, kPiece);
    if (piece.empty() || std::size_t{at} * 4 + 4 > table.size()) break;
    out.append(piece);
  }
  out.resize(std::min(out.size(), most));
  return out;
}

std::string Compound::chain(std::uint32_t first, std::size_t most) const {
  std::string out;
  std::uint32_t at = first;
  while (out.size() < most && at < kEndOfChain) {
    const std::string_view one = sector(at);
    if (one.empty()) break;
    out.append(one);
    at = next_sector(at);
  }
  return out;
}

// FILEPASS (0x2F) among the first records of a workbook, before any sheet is named.
bool has_file_pass(const std::string& book) {
  std::size_t at = 0;
  while (at + 4 <= book.size()) {
    const std::uint32_t record = le16(book, at), size = le16(book, at + 2);
    if (record == 0x2f) return true;
    if (record == 0x85 || record == 0x0a) return false;  // BOUNDSHEET, EOF
    at += 4 + size;
  }
  return false;
}

struct Named {
  std::string_view stream, type;
};
// In this order: a message that encloses a document has the message's streams too.
constexpr Named kByName[] = {
    {"EncryptedPackage", "application/x-ms-encrypted-package"},
    {"__properties_version1.0", "application/vnd.ms-outlook"},
    {"__nameid_version1.0", "application/vnd.ms-outlook"},
    {"WordDocument", "application/msword"},
    {"Workbook", "application/vnd.ms-excel"},
    {"Book", "application/vnd.ms-excel"},
    {"PowerPoint Document", "application/vnd.ms-powerpoint"},
    {"PP97_DUALSTORAGE", "application/vnd.ms-powerpoint"},
    {"VisioDocument", "application/vnd.visio"},
    {"Quill", "application/vnd.ms-publisher"},
    {"HwpSummaryInformation", "application/x-hwp"},
    {"\x05HwpSummaryInformation", "application/x-hwp"},
    {"BodyText", "application/x-hwp"},
    {"DocumentText", "application/x-js-taro"},
    {"JSRV_SegmentInformation", "application/x-js-taro"},
    {"JSRV_SummaryInformation", "application/x-js-taro"},
    {"Props9", "application/vnd.ms-project"},
    {"Props12", "application/vnd.ms-project"},
    {"Props14", "application/vnd.ms-project"},
    {"MatOST", "application/vnd.ms-works"},
    {"StarWriterDocument", "application/vnd.sun.xml.writer"},
    {"Catalog", "application/x-thumbs-db"},
};

}  // namespace

OleLook look_into_ole(std::string_view octets) {
  const Compound compound(octets);
  OleLook look;
  constexpr std::string_view kInstallerTail("\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", 13);
  const std::string_view root = compound.root_class();
  const std::uint32_t id = le32(root, 0);
  if (slice(root, 3) == kInstallerTail &&
      (id == 0x000c1084 || id == 0x000c1086 || id == 0x000c1082 || id == 0x000c1088)) {
    look.type = "application/x-msi";
    return look;
  }
  for (const Named& one : kByName)
    if (compound.has(one.stream)) {
      look.type = one.type;
      break;
    }
  if (look.type == "application/x-ole-storage" && compound.has_prefix("JSRV_"))
    look.type = "application/x-js-taro";
  if (compound.has("EncryptedPackage") || compound.has("EncryptedSummary")) look.encrypted = true;
  if (const Stream* document = compound.find("WordDocument"))
    // FibBase.fEncrypted, [MS-DOC] section 2.5.2.
    look.encrypted = look.encrypted || (le16(compound.head(*document, 64), 10) & 0x0100) != 0;
  if (const Stream* user = compound.find("Current User"))
    // CurrentUserAtom.headerToken, [MS-PPT] section 2.3.2.
    look.encrypted = look.encrypted || le32(compound.head(*user, 64), 12) == 0xf3d1c4df;
  for (const std::string_view name : {"Workbook", "Book"})
    if (const Stream* book = compound.find(name))
      look.encrypted = look.encrypted || has_file_pass(compound.head(*book, limits::kOleWorkbookHead));
  return look;
}

}  // namespace kiyome::sanitizer::type
