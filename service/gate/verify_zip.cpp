// A clean ZIP as compose/PDF.md lays it down: stored entries one behind the other, each clean by itself, then
// records that say the same again (APPNOTE.TXT 4.3). Trusts nothing; keeps names and some octets an entry.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "service/base/digest.h"
#include "service/gate/verify_document.h"
#include "service/gate/verify_inflate.h"
#include "service/gate/verify_reader.h"
#include "service/gate/verify_text.h"
#include "service/gate/verify_values.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;
using namespace std::string_view_literals;

constexpr std::uint64_t kLargest = 0xFFFFFFFE;  // FFFFFFFF means that a ZIP64 record knows
constexpr std::size_t kLongestName = (limits::kCleanZipDepth + 1) * (limits::kCleanFileName + 1);
// Version 2.0, UTF-8 names, stored, no time, 1 January 1980.
constexpr View kCommon = "\x14\x00\x00\x08\x00\x00\x00\x00\x21\x00"sv;
constexpr View kLocal = "PK\x03\x04"sv, kCentral = "PK\x01\x02\x14\x03"sv, kEnd = "PK\x05\x06\0\0\0\0"sv;
// No comment, first disk, no internal attributes, a plain file that its owner may write.
constexpr View kCentralRest = "\0\0\0\0\0\0\0\0\xA4\x81"sv;

std::string little(std::uint64_t value, unsigned octets) {
  std::string out;
  for (; octets != 0; --octets, value >>= 8) out += static_cast<char>(value & 0xFF);
  return out;
}

// Paths that are alike, ASCII case ignored, have one mark. Two that are not may share one too: then the
// verifier refuses what it need not, once in a world of honest ZIPs.
std::uint64_t mark(View path) {
  std::string small(path);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  std::uint64_t out = 0;
  const auto digest = sha256(small);
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | digest[i];
  return out;
}

// A folder whose extension is a class: Windows opens the object of that class in its place.
bool is_shell_object(View folder) {
  const std::size_t dot = folder.rfind('.');
  return dot != View::npos && folder.substr(dot + 1).starts_with('{');
}

class Zip {
 public:
  Zip(View octets, Scope& scope) : octets_(octets), in_(octets), scope_(scope) {}

  Checked check() {
    if (octets_.size() > kLargest) return fault(static_cast<std::size_t>(kLargest), "too large a ZIP");
    do {
      local();
    } while (!in_.bad() && !in_.rest().starts_with(kCentral));
    const std::uint64_t begin = in_.at();
    in_.about("central record unlike the local one");
    for (const Entry& entry : entries_) central(entry);
    const std::uint64_t size = in_.at() - begin;
    in_.about("not the end record of these entries");
    in_.expect(kEnd);
    in_.expect(little(entries_.size(), 2) + little(entries_.size(), 2) + little(size, 4) + little(begin, 4) +
               little(0, 2));
    if (!in_.bad() && !in_.done()) in_.refuse(in_.at(), "octets behind the end");
    return in_.bad();
  }

 private:
  struct Entry {
    std::uint32_t offset = 0, crc = 0, size = 0;
    View name;
  };

  std::uint32_t number(unsigned octets) {
    std::uint32_t out = 0;
    const View text = in_.take(octets);
    for (std::size_t i = text.size(); i != 0; --i) out = out << 8 | static_cast<unsigned char>(text[i - 1]);
    return out;
  }

  void local() {
    if (entries_.size() == limits::kCleanZipEntries) return in_.refuse(in_.at(), "too many entries");
    Entry entry;
    entry.offset = static_cast<std::uint32_t>(in_.at());
    in_.about("not a local entry in our form");
    in_.expect(kLocal);
    in_.expect(kCommon);
    const std::size_t crc_at = in_.at();
    entry.crc = number(4);
    const std::size_t size_at = in_.at();
    entry.size = number(4);
    if (number(4) != entry.size) in_.refuse(size_at, "sizes that differ");
    const std::size_t name_at = in_.at();
    const std::uint32_t name_size = number(2);
    in_.expect("\0\0"sv);
    if (name_size == 0 || name_size > kLongestName) in_.refuse(name_at, "not a name");
    entry.name = in_.take(name_size);
    if (const Checked bad = in_.bad() ? Checked() : name(entry.name))
      in_.refuse(in_.at() - name_size + bad->offset, bad->reason);
    const std::size_t at = in_.at();
    const View content = in_.take(entry.size);
    if (in_.bad()) return;
    const auto crc = crc32_z(0, reinterpret_cast<const unsigned char*>(content.data()), content.size());
    if (crc != entry.crc) return in_.refuse(crc_at, "wrong CRC");
    if (const Checked bad = check_entry(entry.name, content)) in_.refuse(at + bad->offset, bad->reason);
    entries_.push_back(entry);
  }

  // By the end of the name, which name() knows to be one of these.
  Checked check_entry(View name, View content) {
    if (name.ends_with(".pdf")) return check_pdf(content, scope_);
    if (name.ends_with(".png")) return check_png(content, scope_);
    if (name.ends_with(".eml")) return check_mail(content, scope_);
    return check_text(content, TextKind::attachment);
  }

  // Folders and a file, none of which has another's place.
  Checked name(View whole) {
    std::size_t begin = 0;
    for (std::size_t depth = 0;; ++depth) {
      const std::size_t end = whole.find('/', begin);
      const View component = whole.substr(begin, end - begin);
      if (end == View::npos) return shifted(file_name(whole, component), begin);
      if (depth == limits::kCleanZipDepth) return fault(begin, "too many folders");
      if (const Checked bad = check_file_name(component, "")) return shifted(bad, begin);
      if (is_shell_object(component)) return fault(begin, "folder that Windows takes for something else");
      const std::uint64_t folder = mark(whole.substr(0, end));
      if (files_.count(folder) != 0) return fault(begin, "folder with the name of a file");
      folders_.insert(folder);
      begin = end + 1;
    }
  }

  Checked file_name(View whole, View component) {
    static constexpr View kExtensions[] = {".pdf", ".txt", ".png", ".eml"};
    const auto extension = std::find_if(std::begin(kExtensions), std::end(kExtensions),
                                        [&](View one) { return component.ends_with(one); });
    if (extension == std::end(kExtensions)) return fault(0, "file that is of no clean kind by its name");
    if (const Checked bad = check_file_name(component, *extension)) return bad;
    const std::uint64_t file = mark(whole);
    if (folders_.count(file) != 0) return fault(0, "file with the name of a folder");
    return files_.insert(file).second ? std::nullopt : fault(0, "two entries of one name");
  }

  void central(const Entry& entry) {
    in_.expect(kCentral);
    in_.expect(kCommon);
    in_.expect(little(entry.crc, 4) + little(entry.size, 4) + little(entry.size, 4) +
               little(entry.name.size(), 2) + little(0, 2));
    in_.expect(kCentralRest);
    in_.expect(little(entry.offset, 4));
    in_.expect(entry.name);
  }

  View octets_;
  Reader in_;
  Scope& scope_;
  std::vector<Entry> entries_;
  std::set<std::uint64_t> files_, folders_;  // marks of whole paths
};

}  // namespace

Checked check_zip(View octets, Scope& scope) {
  if (scope.within_zip) return fault(0, "ZIP within a ZIP");
  scope.within_zip = true;
  const Checked bad = Zip(octets, scope).check();
  scope.within_zip = false;
  return bad;
}

}  // namespace kiyome::gate
