// Frames → clean language values. The octets are chosen by a process that must be assumed conquered: each
// count is held against limits.h before anything is kept, each character and enumerator is looked at, and
// nothing may be left over.
#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "proto/clean/kinds.h"

namespace kiyome::clean {
namespace {

// A ByteReader that remembers the first field that broke a rule.
class Fields {
 public:
  explicit Fields(std::string_view payload) : bytes_(payload) {}

  ByteReader& bytes() { return bytes_; }
  bool failed() const { return bytes_.failed(); }

  void refuse(const char* why) {
    if (bytes_.failed()) return;
    why_ = why;
    at_ = bytes_.offset();
    bytes_.fail();
  }
  void require(bool holds, const char* why) {
    if (!holds) refuse(why);
  }

  std::string_view text(std::size_t max) {
    const std::string_view out = bytes_.counted(max);
    require(is_clean_text(out), "a text is not clean");
    return out;
  }
  std::string_view line(std::size_t max) {
    const std::string_view out = bytes_.counted(max);
    require(is_clean_line(out), "a line is not clean");
    return out;
  }
  // A u32 count of things of at least `octets_min` octets each; so a lying count cannot reserve memory.
  std::uint32_t count(std::size_t max, std::size_t octets_min) {
    const std::uint32_t out = bytes_.u32();
    if (out > max || out > bytes_.left() / octets_min) refuse("a count is too large");
    return failed() ? 0 : out;
  }
  bool flag() {
    const std::uint8_t out = bytes_.u8();
    require(out <= 1, "a flag is 0 or 1");
    return out == 1;
  }
  Finding finding() {
    const auto out = finding_of_code(bytes_.u16());
    if (!out) refuse("an unknown finding");
    if (out && !is_sayable(*out)) refuse("a finding that no sanitizer may say");
    return failed() ? Finding::kSanitizerAnswer : *out;
  }
  std::vector<Finding> findings() {
    const std::uint8_t count = bytes_.u8();
    require(count <= limits::kCleanFindings, "too many findings");
    std::vector<Finding> out;
    if (count > 0 && !failed()) out.reserve(count);
    for (std::size_t i = 0; i < count && !failed(); ++i) out.push_back(finding());
    return out;
  }

  Error error() const {
    return {why_ ? why_ : "the payload ends within a field", why_ ? at_ : bytes_.offset()};
  }

 private:
  ByteReader bytes_;
  const char* why_ = nullptr;
  std::size_t at_ = 0;
};

std::vector<Address> addresses(Fields& in) {
  std::vector<Address> out(in.count(limits::kMailAddresses, 8));
  for (Address& address : out) {
    address.display = in.line(limits::kCleanHeaderText);
    address.address = in.line(limits::kCleanHeaderText);
    if (in.failed()) break;
  }
  return out;
}

std::string message_id(Fields& in, bool may_be_empty) {
  std::string out(in.bytes().counted(limits::kCleanMessageId));
  in.require((may_be_empty && out.empty()) || is_message_id(out), "not a message id");
  return out;
}

std::vector<std::string> message_ids(Fields& in) {
  std::vector<std::string> out(in.count(limits::kMailReferences, 4));
  for (std::string& id : out) {
    id = message_id(in, false);
    if (in.failed()) break;
  }
  return out;
}

std::string media_type(Fields& in) {
  std::string out(in.bytes().counted(limits::kCleanType));
  in.require(out.empty() || is_media_type(out), "not a media type");
  return out;
}

std::vector<Authentication> authentication(Fields& in) {
  std::vector<Authentication> out(in.count(limits::kCleanAuthentication, 10));
  for (Authentication& one : out) {
    one.server = in.bytes().counted(limits::kCleanHostName);
    in.require(is_host_name(one.server), "not a host name");
    one.method = static_cast<AuthMethod>(in.bytes().u8());
    in.require(one.method >= AuthMethod::spf && one.method <= AuthMethod::dmarc, "an unknown method");
    one.result = static_cast<AuthResult>(in.bytes().u8());
    in.require(one.result >= AuthResult::none && one.result <= AuthResult::permerror, "an unknown result");
    one.domain = in.bytes().counted(limits::kCleanHostName);
    in.require(one.domain.empty() || is_host_name(one.domain), "not a host name");
    if (in.failed()) break;
  }
  return out;
}

MailHeader mail_header(Fields& in) {
  MailHeader header;
  for (auto* list : {&header.from, &header.sender, &header.reply_to, &header.to, &header.cc})
    *list = addresses(in);
  if (in.flag()) header.subject = in.line(limits::kCleanHeaderText);
  if (in.flag()) {
    Date date;
    date.unix_seconds = in.bytes().i64();
    date.zone_minutes = static_cast<std::int16_t>(in.bytes().u16());
    in.require(is_mail_date(date), "a date out of range");
    header.date = date;
  }
  header.message_id = message_id(in, true);
  header.in_reply_to = message_ids(in);
  header.references = message_ids(in);
  header.auto_submitted = in.line(limits::kCleanHeaderText);
  header.list_id = in.line(limits::kCleanHeaderText);
  header.precedence = in.line(limits::kCleanHeaderText);
  header.received_count = in.bytes().u32();
  in.require(header.received_count <= limits::kMailHeaderFields, "too many Received fields");
  header.kiyome_ids.resize(in.count(limits::kCleanKiyomeIds, 4));
  for (std::string& id : header.kiyome_ids) id = in.line(limits::kCleanHeaderText);
  header.authentication = authentication(in);
  header.findings = in.findings();
  return header;
}

Part part(Fields& in) {
  Part out;
  out.index = in.bytes().u32();
  out.parent = static_cast<std::int32_t>(in.bytes().u32());
  in.require(out.index < limits::kMailParts, "too many parts");
  in.require(out.parent >= -1, "a parent below -1");
  const std::uint8_t role = in.bytes().u8();
  in.require(
      role >= static_cast<std::uint8_t>(Role::container) && role <= static_cast<std::uint8_t>(Role::framing),
      "an unknown role");
  out.role = in.failed() ? Role::attachment : static_cast<Role>(role);
  out.span.begin = in.bytes().u64();
  out.span.end = in.bytes().u64();
  in.require(out.span.begin <= out.span.end, "a span ends before it begins");
  out.declared_type = media_type(in);
  out.detected_type = media_type(in);
  out.name = in.line(limits::kCleanName);
  out.size = in.bytes().u64();
  in.require(out.size <= limits::kMessageBytes, "a part is too large");
  const std::string_view digest = in.bytes().raw(out.sha256.size());
  std::copy(digest.begin(), digest.end(), reinterpret_cast<char*>(out.sha256.data()));
  out.findings = in.findings();
  return out;
}

BodyText body_text(Fields& in) {
  BodyText out;
  out.text = in.text(limits::kCleanText);
  out.findings = in.findings();
  return out;
}

PartText part_text(Fields& in) {
  PartText out;
  out.part = in.bytes().u32();
  in.require(out.part < limits::kMailParts, "words of a part that cannot be");
  out.text = in.text(limits::kCleanText);
  return out;
}

Refusal refusal(Fields& in) {
  const Finding finding = in.finding();
  in.require(info(finding).effect != Effect::note, "a refusal that holds nothing");
  return {finding};
}

Afterword afterword(Fields& in) {
  const Finding finding = in.finding();
  in.require(info(finding).effect == Effect::note, "an afterword that would hold something");
  return {finding};
}

std::string chunk(Fields& in) {
  std::string out(in.bytes().raw(in.bytes().left()));
  in.require(!out.empty() && out.size() <= limits::kCleanChunk, "a stretch of octets is empty or too long");
  return out;
}

PartContent part_content(Fields& in) {
  PartContent out;
  out.part = in.bytes().u32();
  in.require(out.part < limits::kMailParts, "octets of a part that cannot be");
  out.octets = chunk(in);
  return out;
}

Document document(Fields& in) {
  Document out;
  out.pages = in.bytes().u32();
  in.require(out.pages <= limits::kDocumentPages, "too many pages");
  out.title = in.line(limits::kCleanName);
  out.findings = in.findings();
  return out;
}

Page page(Fields& in) {
  Page out;
  const auto within = [&](std::uint32_t most, const char* why) {
    const std::uint32_t value = in.bytes().u32();
    in.require(value >= 1 && value <= most, why);
    return value;
  };
  out.width_millipoints = within(limits::kPageMillipoints, "a page's width is out of range");
  out.height_millipoints = within(limits::kPageMillipoints, "a page's height is out of range");
  out.pixel_width = within(limits::kPageSide, "too many pixels across");
  out.pixel_height = within(limits::kPageSide, "too many rows");
  in.require(std::uint64_t{out.pixel_width} * out.pixel_height <= limits::kPagePixels, "too many pixels");
  const std::uint8_t format = in.bytes().u8();
  in.require(format == static_cast<std::uint8_t>(PixelFormat::gray8) ||
                 format == static_cast<std::uint8_t>(PixelFormat::rgb24),
             "an unknown pixel format");
  out.format = in.failed() ? PixelFormat::gray8 : static_cast<PixelFormat>(format);
  out.findings = in.findings();
  const auto spread = [&](std::uint32_t paper) {
    const std::uint32_t value = in.bytes().u32();
    in.require(value == 0 || (value >= paper && value - paper < limits::kPageOverhang),
               "pixels that do not cover the page, or too much");
    return value;
  };
  out.spread_width_millipoints = spread(out.width_millipoints);
  out.spread_height_millipoints = spread(out.height_millipoints);
  return out;
}

Word word(Fields& in) {
  Word out;
  out.x = in.bytes().u32();
  out.y = in.bytes().u32();
  out.width = in.bytes().u32();
  out.height = in.bytes().u32();
  out.vertical = in.flag();
  const std::uint8_t after = in.bytes().u8();
  in.require(after >= static_cast<std::uint8_t>(After::nothing) &&
                 after <= static_cast<std::uint8_t>(After::paragraph_end),
             "an unknown place after a word");
  out.after = in.failed() ? After::nothing : static_cast<After>(after);
  out.text = in.line(limits::kCleanWord);
  in.require(!out.text.empty(), "a word without letters");
  return out;
}

Words words(Fields& in) {
  constexpr std::size_t kLeast = 4 * sizeof(std::uint32_t) + 2 + sizeof(std::uint32_t) + 1;
  const std::uint32_t count = in.count(limits::kPageWords, kLeast);
  Words out;
  out.words.reserve(count);
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) out.words.push_back(word(in));
  return out;
}

Message message(std::uint8_t kind, Fields& in) {
  switch (static_cast<Kind>(kind)) {
    case Kind::mail_header:
      return mail_header(in);
    case Kind::part:
      return part(in);
    case Kind::body_text:
      return body_text(in);
    case Kind::part_text:
      return part_text(in);
    case Kind::refusal:
      return refusal(in);
    case Kind::end:
      return End{};
    case Kind::afterword:
      return afterword(in);
    case Kind::part_content:
      return part_content(in);
    case Kind::document:
      return document(in);
    case Kind::page:
      return page(in);
    case Kind::rows:
      return Rows{chunk(in)};
    case Kind::words:
      return words(in);
    case Kind::converted:
      return Converted{chunk(in)};
  }
  in.refuse("an unknown kind");
  return End{};
}

// RFC 2045 token characters without capitals.
bool is_type_character(char c) {
  return c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z') &&
         std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

}  // namespace

Result<Message> decode(std::string_view frame) {
  if (frame.size() > limits::kCleanFrame) return failure("a frame is too large");
  Fields in(frame);
  const std::uint8_t kind = in.bytes().u8();
  Message out = message(kind, in);
  if (in.failed()) return tl::unexpected(in.error());
  if (!in.bytes().done()) return failure("octets are left over", in.bytes().offset());
  return out;
}

bool is_clean_text(std::string_view text) { return is_text(text); }
bool is_clean_line(std::string_view text) { return is_line(text); }

bool is_media_type(std::string_view text) {
  if (text.size() > limits::kCleanType) return false;
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != slash && !is_type_character(text[i])) return false;
  return true;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > limits::kCleanHostName) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_message_id(std::string_view text) {
  if (text.size() < 5 || text.size() > limits::kCleanMessageId || text.front() != '<' || text.back() != '>')
    return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  for (const char c : inner)
    if (c <= ' ' || c >= 0x7f || c == '<' || c == '>') return false;
  const std::size_t at = inner.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < inner.size();
}

bool is_mail_date(const Date& date) {
  constexpr std::int64_t kYear0 = -62167219200, kYear10000 = 253402300800;
  constexpr int kZoneMinutes = 99 * 60 + 59;  // RFC 5322 section 3.3: four digits, the last two below 60
  return date.unix_seconds >= kYear0 && date.unix_seconds < kYear10000 &&
         date.zone_minutes >= -kZoneMinutes && date.zone_minutes <= kZoneMinutes;
}

bool is_sayable(Finding finding) {
  switch (finding) {
    case Finding::kOwnDomainOutside:
    case Finding::kPolicyStrip:
    case Finding::kPolicyHold:
    case Finding::kPolicyVerdictHeld:
    case Finding::kPolicyVerdictRejected:
    case Finding::kMailLoop:
    case Finding::kPoisonItem:
    case Finding::kVerifyRefused:
    case Finding::kHeldByOperator:
    case Finding::kMalware:
    case Finding::kScanFailed:
    case Finding::kReleased:
    case Finding::kViewOnly:
      return false;
    default:
      return true;
  }
}

}  // namespace kiyome::clean
