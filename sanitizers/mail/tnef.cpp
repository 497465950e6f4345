// TNEF ([MS-OXTNEF]): a flat list of attributes, some of which hold lists of MAPI properties. One pass over
// each; every length is held against what is left, and where one lies the rest is taken as the value, so that
// no file is lost.
#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/little_endian.h"
#include "sanitizers/mail/rtf_words.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::uint32_t kSignature = 0x223e9f78;

// Attribute ids without their type, [MS-OXTNEF] section 2.1.3.2.
constexpr std::uint16_t kAttBody = 0x800c, kAttAttachData = 0x800f, kAttAttachTitle = 0x8010,
                        kAttTransportName = 0x9001, kAttRenderData = 0x9002, kAttMessageProps = 0x9003,
                        kAttAttachment = 0x9005, kAttOemCodePage = 0x9007;

// MAPI property ids and types.
constexpr std::uint16_t kBody = 0x1000, kRtfCompressed = 0x1009, kBodyHtml = 0x1013, kDisplayName = 0x3001,
                        kAttachData = 0x3701, kAttachFileName = 0x3704, kAttachMethod = 0x3705,
                        kAttachLongFileName = 0x3707, kAttachMimeTag = 0x370e, kInternetCodePage = 0x3fde;
constexpr std::uint16_t kMultiple = 0x1000, kString8 = 0x001e, kUnicode = 0x001f, kBinary = 0x0102,
                        kObject = 0x000d;
constexpr std::uint32_t kEmbeddedMessage = 5;
constexpr std::size_t kInterfaceId = 16;

struct Property {
  std::uint16_t id = 0, type = 0;
  std::string_view value;  // the first, when there are several
};

// Octets of one value of a fixed type as it is stored (padded to 4), 0 for a type of variable or unknown
// size.
std::size_t fixed_size(std::uint16_t type) {
  switch (type) {
    case 0x0002:
    case 0x0003:
    case 0x0004:
    case 0x000a:
    case 0x000b:
      return 4;
    case 0x0005:
    case 0x0006:
    case 0x0007:
    case 0x0014:
    case 0x0040:
      return 8;
    case 0x0048:
      return 16;
    default:
      return 0;
  }
}

void skip_padding(LittleEndian& in, std::size_t length) {
  in.take(std::min<std::size_t>((4 - length % 4) % 4, in.left()));  // the last may be left out
}

// Reads the values of one property and calls `each` for them. Result: false when the walk cannot go on.
template <class Each>
bool read_values(LittleEndian& in, std::uint16_t id, std::uint16_t full_type, Each&& each) {
  const bool multiple = (full_type & kMultiple) != 0;
  const auto type = static_cast<std::uint16_t>(full_type & ~kMultiple);
  const bool variable = type == kString8 || type == kUnicode || type == kBinary || type == kObject;
  const std::size_t fixed = fixed_size(type);
  if (type == 0x0001) return true;  // PtypNull has no value
  if (!variable && fixed == 0) return false;
  // A variable value stands behind a count also when there can be only one.
  const std::uint32_t count = multiple || variable ? in.u32() : 1;
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {  // each takes 4 octets at least
    const std::size_t length = variable ? in.u32() : fixed;
    if (in.failed()) break;
    each(Property{id, type, in.take_up_to(length)});
    if (variable && !in.failed()) skip_padding(in, length);
  }
  return !in.failed();
}

// Calls `each` for every value in a list of MAPI properties. Result: false when the list is damaged.
template <class Each>
bool read_properties(std::string_view octets, Each&& each) {
  LittleEndian in(octets);
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    const std::uint16_t type = in.u16();
    const std::uint16_t id = in.u16();
    if (id >= 0x8000) {  // a named property: its set, then a number or a name
      in.take(16);
      if (in.u32() == 0) {
        in.u32();
      } else {
        const std::uint32_t length = in.u32();
        in.take(length);
        skip_padding(in, length);
      }
    }
    if (in.failed() || !read_values(in, id, type, each)) return false;
  }
  return !in.failed();
}

// UTF-16LE → UTF-8; a lone surrogate becomes U+FFFD.
std::string from_utf16(std::string_view octets) {
  std::string out;
  const auto unit = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(octets[i]) |
           static_cast<std::uint32_t>(static_cast<unsigned char>(octets[i + 1])) << 8;
  };
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    const std::uint32_t c = unit(i);
    const bool high = c >= 0xd800 && c < 0xdc00;
    if (high && i + 3 < octets.size() && unit(i + 2) >= 0xdc00 && unit(i + 2) < 0xe000) {
      rtf_put_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (unit(i + 2) - 0xdc00));
      i += 2;
    } else {
      rtf_put_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
  }
  return out;
}

std::string_view without_end(std::string_view text) {
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return text;
}

// The file name so far: a long name is better than a short one, Unicode better than a code page.
struct Name {
  std::string text;
  bool utf8 = false;
  int rank = 0;

  void offer(int rank_offered, std::string_view octets, bool unicode) {
    std::string found = unicode ? from_utf16(octets) : std::string(octets);
    found.resize(without_end(found).size());
    if (found.empty() || rank_offered <= rank) return;
    *this = {std::move(found), unicode, rank_offered};
  }
};

struct Attachment {
  Name name;
  std::string_view mime_tag;
  std::vector<std::string_view>
      data;                  // of attAttachData, PR_ATTACH_DATA_BIN, an object: seldom more than one
  std::string_view message;  // an embedded message
  std::uint32_t method = 0;
  std::string_view object;
  bool any = false;
};

class Walk {
 public:
  explicit Walk(std::string_view octets) : in_(octets) {}

  Tnef run() {
    in_.u32();
    in_.u16();
    while (in_.left() > 0 && !is_tail(in_.rest())) {
      const std::uint8_t level = in_.u8();
      const std::uint32_t attribute = in_.u32();
      const std::uint32_t length = in_.u32();
      if (in_.failed() || (level != 1 && level != 2)) {
        out_.damaged = true;
        break;
      }
      const std::string_view value = in_.take_up_to(length);
      const std::uint16_t sum = in_.u16();
      if (in_.failed() || sum != checksum(value)) out_.damaged = true;
      const auto id = static_cast<std::uint16_t>(attribute);
      // Some readers look at the id only: an attachment at the message's level is one all the same.
      level == 2 || is_of_attachment(id) ? attachment(id, value) : message(id, value);
      if (in_.failed() || out_.files.size() >= limits::kMailParts) break;
    }
    if (!is_tail(in_.rest())) out_.damaged = true;
    finish_attachment();
    finish_bodies();
    return std::move(out_);
  }

 private:
  static bool is_of_attachment(std::uint16_t id) {
    return id == kAttAttachData || id == kAttAttachTitle || id == kAttTransportName || id == kAttRenderData ||
           id == kAttAttachment;
  }

  // A line end or zeros that a gateway put behind the last attribute.
  static bool is_tail(std::string_view rest) {
    return rest.size() < 9 && rest.find_first_not_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
  }

  static std::uint16_t checksum(std::string_view octets) {
    std::uint32_t sum = 0;
    for (const char c : octets) sum += static_cast<unsigned char>(c);
    return static_cast<std::uint16_t>(sum);
  }

  void message(std::uint16_t attribute, std::string_view value) {
    if (attribute == kAttOemCodePage) oem_ = LittleEndian(value).u32();
    if (attribute == kAttBody) plain8_ = without_end(value);
    if (attribute != kAttMessageProps) return;
    if (!read_properties(value, [this](const Property& property) { message_property(property); }))
      out_.damaged = true;
  }

  void message_property(const Property& property) {
    switch (property.id) {
      case kBody:
        if (property.type == kUnicode) plain16_ = property.value;
        if (property.type == kString8) plain8_ = without_end(property.value);
        break;
      case kBodyHtml:
        if (property.type == kUnicode) html16_ = property.value;
        if (property.type == kString8 || property.type == kBinary) html8_ = without_end(property.value);
        break;
      case kRtfCompressed:
        if (property.type == kBinary && out_.body_rtf.empty())
          out_.body_rtf = decompress_rtf(property.value, out_.damaged);
        break;
      case kInternetCodePage:
        internet_ = LittleEndian(property.value).u32();
        break;
      default:
        break;
    }
  }

  void attachment(std::uint16_t attribute, std::string_view value) {
    if (attribute == kAttRenderData) finish_attachment();
    now_.any = true;
    switch (attribute) {
      case kAttAttachTitle:
        now_.name.offer(2, value, false);
        break;
      case kAttTransportName:
        now_.name.offer(1, value, false);
        break;
      case kAttAttachData:
        now_.data.push_back(value);
        break;
      case kAttAttachment:
        if (!read_properties(value, [this](const Property& property) { attachment_property(property); }))
          out_.damaged = true;
        break;
      default:
        break;
    }
  }

  void attachment_property(const Property& property) {
    const bool unicode = property.type == kUnicode;
    if (property.type == kString8 || unicode) {
      const int more = unicode ? 1 : 0;
      if (property.id == kAttachLongFileName) now_.name.offer(9 + more, property.value, unicode);
      if (property.id == kAttachFileName) now_.name.offer(5 + more, property.value, unicode);
      if (property.id == kDisplayName) now_.name.offer(3 + more, property.value, unicode);
      if (property.id == kAttachMimeTag && !unicode) now_.mime_tag = without_end(property.value);
    }
    if (property.id == kAttachMethod) now_.method = LittleEndian(property.value).u32();
    if (property.id == kAttachData && property.type == kBinary) now_.data.push_back(property.value);
    if (property.id == kAttachData && property.type == kObject)  // behind the id of its interface
      now_.object = property.value.substr(std::min(kInterfaceId, property.value.size()));
  }

  void finish_attachment() {
    const Attachment done = std::move(now_);
    now_ = {};
    if (!done.any) return;
    const bool embedded = done.method == kEmbeddedMessage || looks_like_tnef(done.object);
    bool listed = false;
    if (!done.object.empty()) add(done, done.object, embedded), listed = true;
    for (std::size_t i = 0; i < done.data.size(); ++i) {
      if (done.data[i].empty() || (i > 0 && done.data[i] == done.data[0])) continue;  // said twice
      add(done, done.data[i], done.object.empty() && looks_like_tnef(done.data[i]));
      listed = true;
    }
    if (!listed) add(done, {}, false);  // a name without octets is told too
  }

  void add(const Attachment& from, std::string_view octets, bool embedded) {
    if (out_.files.size() >= limits::kMailParts) {
      out_.damaged = true;
      return;
    }
    Enclosed file;
    file.name = from.name.text;
    file.name_charset = from.name.utf8 ? "utf-8" : code_page_charset(oem_);
    file.declared_type = std::string(from.mime_tag);
    file.octets = octets;
    file.embedded_message = embedded;
    out_.files.push_back(std::move(file));
  }

  void finish_bodies() {
    std::string decoded;
    if (!plain16_.empty()) {
      decoded = from_utf16(plain16_);
      decoded.resize(without_end(decoded).size());
    }
    const bool plain_decoded = !decoded.empty();
    if (!plain_decoded && plain8_.empty() && !html16_.empty()) {
      decoded = from_utf16(html16_);
      decoded.resize(without_end(decoded).size());
    }
    if (!decoded.empty()) out_.owned = std::make_shared<const std::string>(std::move(decoded));
    out_.body_plain = plain_decoded ? std::string_view(*out_.owned) : plain8_;
    out_.body_html = out_.owned && !plain_decoded ? std::string_view(*out_.owned) : html8_;
    if (out_.owned)
      out_.charset = "utf-8";
    else
      out_.charset = code_page_charset(!out_.body_plain.empty() || internet_ == 0 ? oem_ : internet_);
  }

  LittleEndian in_;
  Tnef out_;
  Attachment now_;
  std::uint32_t oem_ = 0, internet_ = 0;
  std::string_view plain8_, plain16_, html8_, html16_;
};

}  // namespace

bool looks_like_tnef(std::string_view octets) {
  return octets.size() >= 6 && LittleEndian(octets).u32() == kSignature;
}

Tnef read_tnef(std::string_view octets) {
  if (!looks_like_tnef(octets)) {
    Tnef none;
    none.damaged = true;
    return none;
  }
  return Walk(octets).run();
}

}  // namespace kiyome::sanitizer::mail
