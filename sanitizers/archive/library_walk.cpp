// See library_walk.h.
#include "sanitizers/archive/library_walk.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>

#include "proto/base/limits.h"
#include "sanitizers/archive/blocks.h"
#include "sanitizers/archive/library.h"
#include "sanitizers/archive/names.h"
#include "sanitizers/type/bytes_at.h"
#include "sanitizers/type/sealed.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;
using Support = int (*)(::archive*);

// Which readers a type switches on. A packed file may hold a tar, or be one file by itself ("raw").
struct Reader {
  std::string_view type;
  Support first, second;  // second may be null
  bool packed_file = false;
  bool frail = false;  // not asked for more after an error: what it gives then is made up
};
constexpr Support kTar = archive_read_support_format_tar;
constexpr Reader kReaders[] = {
    {"application/x-7z-compressed", archive_read_support_format_7zip, nullptr},
    {"application/vnd.rar", archive_read_support_format_rar, archive_read_support_format_rar5},
    {"application/x-tar", kTar, nullptr},
    {"application/x-cpio", archive_read_support_format_cpio, nullptr},
    {"application/x-archive", archive_read_support_format_ar, nullptr},
    {"application/vnd.ms-cab-compressed", archive_read_support_format_cab, nullptr, false, true},
    {"application/gzip", archive_read_support_filter_gzip, kTar, true},
    {"application/x-bzip2", archive_read_support_filter_bzip2, kTar, true},
    {"application/x-xz", archive_read_support_filter_xz, kTar, true},
    {"application/x-lzma", archive_read_support_filter_lzma, kTar, true},
    {"application/x-lzip", archive_read_support_filter_lzip, kTar, true},
    {"application/zstd", archive_read_support_filter_zstd, kTar, true},
    {"application/x-lz4", archive_read_support_filter_lz4, kTar, true},
    {"application/x-compress", archive_read_support_filter_compress, kTar, true},
};

// What a packed file is called when it is unpacked: "a.pdf.gz" → "a.pdf", "a.tgz" → "a.tar".
std::string unpacked_name(std::string_view name) {
  const std::size_t dot = name.find_last_of('.');
  if (dot == std::string_view::npos || dot == 0) return std::string(name);
  const std::string_view extension = name.substr(dot + 1);
  std::string stem(name.substr(0, dot));
  const bool tar = extension.size() >= 3 && (extension[0] | 0x20) == 't' && extension != "txt";
  return tar ? stem + ".tar" : stem;
}

class LibraryWalk : public Walk {
 public:
  LibraryWalk(std::string_view octets, const Reader& reader, std::string_view name)
      : octets_(octets), reader_(reader) {
    if (!reader.packed_file) return;
    name_ = unpacked_name(base_name(name));
    if (reader.type != "application/gzip") return;
    header_name_ = base_name(gzip_name(octets));
    gzip_ = look_at_gzip(octets);
  }

  WalkEnd walk(Visitor& visitor) override;
  bool has_directory() const override { return false; }

 private:
  enum class Step { next, stop, lost };
  WalkEnd walk_once(Visitor& visitor);
  Library opened(WalkEnd& end);
  Step visit(::archive* library, archive_entry* entry, Visitor& visitor);
  std::optional<Finding> lost_entry(::archive* library, Visitor& visitor);
  Finding trouble(::archive* library) const;
  Step give_octets(::archive* library, const EntryHead& head, Visitor& visitor);

  std::string_view octets_;
  const Reader& reader_;
  std::string name_;
  std::string_view header_name_;
  GzipLook gzip_{true, false};
  bool told_ = false;    // an entry was
  bool single_ = false;  // a packed file that holds no tar
};

Library LibraryWalk::opened(WalkEnd& end) {
  Library library(archive_read_new());
  if (reader_.type == "application/vnd.rar" && is_rar_volume(octets_))
    end.refusal = Finding::kUnsupportedType;
  bool ready = library && reader_.first(library.get()) == ARCHIVE_OK &&
               (reader_.second == nullptr || single_ || reader_.second(library.get()) == ARCHIVE_OK);
  if (reader_.packed_file && ready)
    ready = archive_read_support_format_raw(library.get()) == ARCHIVE_OK &&
            archive_read_support_format_empty(library.get()) == ARCHIVE_OK;
  if (!ready)
    end.refusal = Finding::kLimitMemory;
  else if (archive_read_open_memory(library.get(), octets_.data(), octets_.size()) != ARCHIVE_OK)
    end.refusal = trouble_of(library.get());
  else if (const int filters = archive_filter_count(library.get()); reader_.packed_file && filters != 2)
    // One of them is libarchive's own.
    end.refusal = filters > 2 ? Finding::kLimitNesting : Finding::kDamagedPart;
  return library;
}

// A header that cannot be read ends the archive: what was complete before it stays, and the loss is told.
WalkEnd LibraryWalk::walk(Visitor& visitor) {
  told_ = false;
  WalkEnd end = walk_once(visitor);
  // A disk image begins with zeros, which libarchive takes for a tar without files: then it is one file.
  if (reader_.packed_file && !told_ && !single_ && end.refusal != Finding::kLimitNesting) {
    single_ = true;
    end = walk_once(visitor);
  }
  const auto& notes = end.notes;
  if (!gzip_.sound && std::find(notes.begin(), notes.end(), Finding::kBrokenStructure) == notes.end())
    end.notes.push_back(Finding::kBrokenStructure);
  if (gzip_.tail) end.notes.push_back(Finding::kAmbiguousStructure);
  return end;
}

WalkEnd LibraryWalk::walk_once(Visitor& visitor) {
  WalkEnd end;
  const Library library = opened(end);
  if (end.refusal) return end;
  for (std::size_t n = 0;; ++n) {
    if (n > limits::kArchiveMembers) {
      end.refusal = Finding::kLimitEntries;
      return end;
    }
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(library.get(), &entry);
    if (result == ARCHIVE_EOF) return end;
    Step step = Step::lost;
    if (result >= ARCHIVE_WARN && entry != nullptr) {
      step = visit(library.get(), entry, visitor);
    } else {
      end.refusal = lost_entry(library.get(), visitor);
    }
    if (end.refusal) return end;
    if (step == Step::lost) end.notes.push_back(Finding::kBrokenStructure);
    if (step != Step::next) return end;
  }
}

// The first header refuses the whole; a later one stands for all that may have followed.
std::optional<Finding> LibraryWalk::lost_entry(::archive* library, Visitor& visitor) {
  // Without a format that question reads beyond libarchive's own memory.
  const bool sealed = archive_format(library) != 0 && archive_read_has_encrypted_entries(library) > 0;
  const Finding why = sealed ? Finding::kEncrypted : trouble(library);
  if (!told_) return why;
  EntryHead head;
  head.held = why;
  visitor.entry(head);
  return std::nullopt;
}

// libarchive cannot always tell a sealed RAR from a broken one.
Finding LibraryWalk::trouble(::archive* library) const {
  const bool sealed = reader_.type == "application/vnd.rar" && type::rar_is_encrypted(octets_);
  return sealed ? Finding::kEncrypted : trouble_of(library);
}

bool is_link(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr) return true;
  const auto type = archive_entry_filetype(entry);
  return type != AE_IFREG && type != 0;
}

LibraryWalk::Step LibraryWalk::visit(::archive* library, archive_entry* entry, Visitor& visitor) {
  if (archive_entry_filetype(entry) == AE_IFDIR) return Step::next;
  const bool raw = archive_format(library) == ARCHIVE_FORMAT_RAW;
  const char* stored = archive_entry_pathname(entry);
  if (stored == nullptr) stored = archive_entry_pathname_utf8(entry);
  EntryHead head;
  head.name = stored == nullptr ? std::string_view() : std::string_view(stored);
  if (raw) {
    head.name = name_.empty() ? header_name_ : std::string_view(name_);
    head.utf8 = !name_.empty();
    head.other_name = header_name_;
  } else if (stored == nullptr) {
    head.notes.push_back(Finding::kUndecodableText);
  }
  head.name = head.name.substr(0, limits::kArchiveNameOctets);
  if (archive_entry_size_is_set(entry) != 0)
    head.size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  if (is_link(entry))
    head.held = Finding::kLinkEntry;
  else if (archive_entry_is_encrypted(entry) != 0)
    head.held = Finding::kEncrypted;
  const Visitor::Wish wish = visitor.entry(head);
  told_ = true;
  if (wish == Visitor::Wish::octets) return give_octets(library, head, visitor);
  return wish == Visitor::Wish::stop ? Step::stop : Step::next;
}

LibraryWalk::Step LibraryWalk::give_octets(::archive* library, const EntryHead& head, Visitor& visitor) {
  std::uint64_t given = 0;
  for (;;) {
    const la_ssize_t count = archive_read_data(library, block().data(), block().size());
    if (count < 0) {
      const Finding why = trouble(library);
      visitor.end_of_entry(why);
      if (count == ARCHIVE_FATAL) return Step::lost;
      return reader_.frail && why != Finding::kUnsupportedType ? Step::lost : Step::next;
    }
    if (count == 0) break;
    given += static_cast<std::uint64_t>(count);
    if (!visitor.octets({reinterpret_cast<const char*>(block().data()), static_cast<std::size_t>(count)})) {
      visitor.end_of_entry(std::nullopt);
      return Step::stop;
    }
  }
  // Which file of a damaged tar is not what it was, nobody can tell; a single one is it.
  const bool sound = gzip_.sound || archive_format(library) != ARCHIVE_FORMAT_RAW;
  const bool whole = sound && (!head.size || *head.size == given);
  visitor.end_of_entry(whole ? std::nullopt : std::optional(Finding::kDamagedPart));
  return Step::next;
}

}  // namespace

std::unique_ptr<Walk> library_walk(std::string_view octets, std::string_view type, std::string_view name) {
  const auto* const reader = std::find_if(std::begin(kReaders), std::end(kReaders),
                                          [&](const Reader& one) { return one.type == type; });
  if (reader == std::end(kReaders)) return nullptr;
  return std::make_unique<LibraryWalk>(octets, *reader, name);
}

bool is_rar_volume(std::string_view s) {
  constexpr unsigned kVolume = 1;
  if (!s.starts_with(std::string_view("Rar!\x1a\x07\x01\0", 8)))
    return type::slice(s, 9, 1) == "s" && (type::le16(s, 10) & kVolume) != 0;
  // CRC, then variable-length integers: size, type, flags, perhaps the size of extra data, archive flags.
  std::size_t at = 12;
  const auto number = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && at < s.size(); shift += 7) {
      const auto octet = static_cast<unsigned char>(s[at++]);
      value |= std::uint64_t{octet & 0x7fu} << shift;
      if ((octet & 0x80) == 0) break;
    }
    return value;
  };
  number();
  if (number() != 1) return false;  // an encryption header: nothing can be read anyway
  if ((number() & 1) != 0) number();
  return (number() & kVolume) != 0;
}

GzipLook look_at_gzip(std::string_view s) {
  constexpr int kWithHeader = MAX_WBITS + 16;
  z_stream stream{};
  if (s.size() > limits::kMessageBytes || inflateInit2(&stream, kWithHeader) != Z_OK) return {};
  GzipLook out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(s.data()));
  stream.avail_in = static_cast<uInt>(s.size());
  for (std::uint64_t given = 0; given <= limits::kArchiveExpanded;) {  // the walk refuses what is larger
    stream.next_out = block().data();
    stream.avail_out = static_cast<uInt>(kBlock);
    const int result = inflate(&stream, Z_NO_FLUSH);
    given += kBlock - stream.avail_out;
    if (result == Z_OK) continue;
    if (result != Z_STREAM_END) break;
    const std::string_view rest = s.substr(s.size() - stream.avail_in);
    out.sound = !rest.starts_with("\x1f\x8b");  // else another member follows
    out.tail = out.sound && rest.find_first_not_of('\0') != rest.npos;
    if (out.sound || inflateReset(&stream) != Z_OK) break;
  }
  inflateEnd(&stream);
  return out;
}

std::string_view gzip_name(std::string_view s) {
  constexpr unsigned kExtra = 4, kName = 8;
  if (s.size() < 10 || !s.starts_with("\x1f\x8b")) return {};
  const unsigned flags = static_cast<unsigned char>(s[3]);
  if ((flags & kName) == 0) return {};
  const std::size_t at = (flags & kExtra) != 0 ? 12 + std::size_t{type::le16(s, 10)} : 10;
  const std::string_view rest = type::slice(s, at, limits::kArchiveNameOctets);
  return rest.substr(0, rest.find('\0'));
}

}  // namespace kiyome::sanitizer::archive
