// Entry names of a ZIP, from both its directories: the central one and the local headers, so that neither can
// hide a name from us.
#include "sanitizers/type/zip.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"
#include "sanitizers/type/table.h"

namespace kiyome::sanitizer::type {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;

struct Entry {
  std::string_view name;
  std::uint32_t flags = 0, method = 0;
  std::string_view data;  // compressed octets, as far as they are known
};

// What the names seen so far tell.
struct Marks {
  bool content_types = false, word = false, xl = false, ppt = false, visio = false, vba = false, xlsb = false,
       xps = false;
  bool jar = false, dex = false, android = false, payload = false, appx = false, kml = false, iwork = false,
       hwpx = false;
  bool office_content = false, office_manifest = false, nuspec = false, vsix = false;
  bool encrypted = false;
  std::size_t lists = 0;  // of content types that were read
};

std::string lowered(std::string_view s) {
  std::string out(s.substr(0, 300));
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '\\' ? '/' : c;
  return out;
}

std::string inflated(const Entry& entry, std::size_t most);

void note(const Entry& entry, Marks& marks) {
  marks.encrypted = marks.encrypted || (entry.flags & 0x41) != 0;
  const std::string name = lowered(entry.name);
  const auto is = [&](std::string_view s) { return name == s; };
  const auto below = [&](std::string_view s) { return name.starts_with(s); };
  if (is("[content_types].xml")) {
    marks.content_types = true;
    // The main part says whether macros may run, whatever the project inside is called.
    if (!entry.data.empty() && !marks.vba && marks.lists++ < limits::kZipContentTypes) {
      const std::string types = inflated(entry, limits::kZipManifest);
      marks.vba = types.find("macroEnabled.main+xml") != std::string::npos ||
                  types.find("macroEnabledTemplate.main+xml") != std::string::npos;
    }
  }
  marks.word |= below("word/");
  marks.xl |= below("xl/");
  marks.ppt |= below("ppt/");
  marks.visio |= below("visio/");
  marks.vba |= name.find("vbaproject") != std::string::npos || name.ends_with("vbadata.xml") ||
               below("xl/macrosheets/");
  marks.xlsb |= is("xl/workbook.bin");
  marks.xps |= is("fixeddocseq.fdseq") || is("fixeddocumentsequence.fdseq") || name.ends_with(".fpage");
  marks.jar |= is("meta-inf/manifest.mf");
  marks.dex |= is("classes.dex");
  marks.android |= is("androidmanifest.xml");
  marks.payload |= below("payload/") && name.find(".app/") != std::string::npos;
  marks.appx |= is("appxmanifest.xml") || is("appxmetadata/appxbundlemanifest.xml");
  marks.kml |= is("doc.kml");
  marks.iwork |= below("index/document.iwa") || is("index.zip") || is("index.apxl") ||
                 is("buildversionhistory.plist") || is("index/metadata.iwa");
  marks.hwpx |= is("contents/content.hpf");
  marks.office_content |= is("content.xml") || is("encrypted-package");
  marks.office_manifest |= is("meta-inf/manifest.xml");
  marks.nuspec |= name.ends_with(".nuspec") && name.find('/') == std::string::npos;
  marks.vsix |= is("extension.vsixmanifest");
}

// Local header at `at`; `end` is where the next thing begins, 0 if the header does not say.
std::optional<Entry> local_entry(std::string_view s, std::size_t at, std::size_t& end) {
  if (le32(s, at) != kLocal || s.size() - at < 30) return std::nullopt;
  Entry entry;
  entry.flags = le16(s, at + 6);
  entry.method = le16(s, at + 8);
  const std::size_t name_size = le16(s, at + 26), extra = le16(s, at + 28);
  entry.name = slice(s, at + 30, name_size);
  const std::size_t data_at = at + 30 + name_size + extra;
  const std::size_t size = le32(s, at + 18);
  entry.data = slice(s, data_at, (entry.flags & 8) != 0 && size == 0 ? std::string_view::npos : size);
  end = (entry.flags & 8) != 0 && size == 0 ? 0 : data_at + size;
  return entry;
}

void walk_local(std::string_view s, Marks& marks) {
  std::size_t at = std::min(s.find("PK\x03\x04"), s.size());
  for (std::size_t n = 0; n < limits::kZipEntries && at < s.size(); ++n) {
    std::size_t end = 0;
    const auto entry = local_entry(s, at, end);
    if (!entry) {
      if (le32(s, at) == kCentral || le32(s, at) == kEnd) return;
      end = 0;
    } else {
      note(*entry, marks);
    }
    // Sizes come after the data: look for the next header.
    if (end == 0 || end <= at) {
      at = s.find("PK\x03\x04", at + 4);
    } else {
      at = end;
      if (at < s.size() && le32(s, at) != kLocal) at = s.find("PK\x03\x04", at);
    }
  }
}

void walk_central(std::string_view s, Marks& marks) {
  const std::size_t end = s.rfind("PK\x05\x06");
  if (end == std::string_view::npos) return;
  const std::size_t size = le32(s, end + 12);
  std::size_t at = le32(s, end + 16);
  // Octets before the archive move everything: then the directory lies right before its end record.
  if (le32(s, at) != kCentral && size <= end) at = end - size;
  for (std::size_t n = 0; n < limits::kZipEntries && at < end && le32(s, at) == kCentral; ++n) {
    Entry entry;
    entry.flags = le16(s, at + 8);
    entry.method = le16(s, at + 10);
    const std::size_t name_size = le16(s, at + 28);
    entry.name = slice(s, at + 46, name_size);
    note(entry, marks);
    at += 46 + name_size + le16(s, at + 30) + le16(s, at + 32);
  }
}

// At most `most` octets of a deflated or stored entry.
std::string inflated(const Entry& entry, std::size_t most) {
  if (entry.method == 0) return std::string(entry.data.substr(0, most));
  if (entry.method != 8) return {};
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) return {};
  std::string out(most, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(entry.data.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(entry.data.size(), most * 4));
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(most);
  inflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

// ODF, EPUB and their like say what they are in a stored entry that comes first. Only they are believed: any
// other word there would let a stranger name the type of his file.
std::string mimetype_entry(std::string_view s) {
  std::size_t end = 0;
  const auto first = local_entry(s, 0, end);
  if (!first || first->name != "mimetype") return {};
  std::string type = inflated(*first, 128);
  while (!type.empty() && static_cast<unsigned char>(type.back()) <= ' ') type.pop_back();
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  constexpr std::string_view kBelieved[] = {"application/vnd.oasis.opendocument.", "application/vnd.sun.xml.",
                                            "application/epub+zip", "application/hwp+zip"};
  const bool believed = std::any_of(std::begin(kBelieved), std::end(kBelieved),
                                    [&](std::string_view prefix) { return type.starts_with(prefix); });
  const TypeInfo* const known = believed ? find_type(type) : nullptr;
  return known == nullptr ? std::string() : std::string(known->type);
}

// An encrypted ODF lists how in its manifest; the entries themselves bear no flag.
bool manifest_tells_encryption(std::string_view s) {
  const std::size_t name = s.find("META-INF/manifest.xml");
  if (name == std::string_view::npos || name < 30) return false;
  std::size_t end = 0;
  const auto entry = local_entry(s, name - 30, end);
  return entry && inflated(*entry, limits::kZipManifest).find("encryption-data") != std::string::npos;
}

std::string type_of(const Marks& m, const std::string& mimetype) {
  if (m.content_types) {
    if (m.appx) return "application/appx";
    if (m.word)
      return m.vba ? "application/vnd.ms-word.document.macroenabled.12"
                   : "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    if (m.xlsb) return "application/vnd.ms-excel.sheet.binary.macroenabled.12";
    if (m.xl)
      return m.vba ? "application/vnd.ms-excel.sheet.macroenabled.12"
                   : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    if (m.ppt)
      return m.vba ? "application/vnd.ms-powerpoint.presentation.macroenabled.12"
                   : "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    if (m.visio)
      return m.vba ? "application/vnd.ms-visio.drawing.macroenabled.12" : "application/vnd.ms-visio.drawing";
    if (m.xps) return "application/vnd.ms-xpsdocument";
    if (m.vsix || m.nuspec) return "application/x-vsix";
  }
  if (m.android || m.dex) return "application/vnd.android.package-archive";
  if (m.payload) return "application/x-ios-app";
  if (m.appx) return "application/appx";
  if (!mimetype.empty()) return mimetype;
  if (m.hwpx) return "application/vnd.hancom.hwpx";
  if (m.jar) return "application/java-archive";
  if (m.kml) return "application/vnd.google-earth.kmz";
  if (m.iwork) return "application/x-iwork";
  if (m.xps) return "application/vnd.ms-xpsdocument";
  if (m.office_content && m.office_manifest) return "application/vnd.oasis.opendocument.text";
  return "application/zip";
}

}  // namespace

ZipLook look_into_zip(std::string_view octets) {
  Marks marks;
  walk_central(octets, marks);
  walk_local(octets, marks);
  ZipLook look;
  look.type = type_of(marks, mimetype_entry(octets));
  look.encrypted = marks.encrypted || (marks.office_manifest && manifest_tells_encryption(octets));
  return look;
}

}  // namespace kiyome::sanitizer::type
