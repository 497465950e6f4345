// See outlook.h.
#include "sanitizers/mail/outlook.h"

#include <nettle/base64.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/compound.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::mail {
namespace {

using clean::Finding;

// Property ids, [MS-OXPROPS].
enum Id : std::uint32_t {
  kSubject = 0x0037,
  kSubmitTime = 0x0039,
  kRepresentingName = 0x0042,
  kRepresentingAddress = 0x0065,
  kTransportHeaders = 0x007d,
  kSenderName = 0x0c1a,
  kRecipientType = 0x0c15,
  kSenderAddress = 0x0c1f,
  kDeliveryTime = 0x0e06,
  kBody = 0x1000,
  kRtfCompressed = 0x1009,
  kHtml = 0x1013,
  kMessageId = 0x1035,
  kReferences = 0x1039,
  kInReplyTo = 0x1042,
  kDisplayName = 0x3001,
  kEmailAddress = 0x3003,
  kAttachData = 0x3701,
  kAttachFileName = 0x3704,
  kAttachLongFileName = 0x3707,
  kAttachMimeTag = 0x370e,
  kAttachContentId = 0x3712,
  kSmtpAddress = 0x39fe,
  kInternetCodePage = 0x3fde,
  kMessageCodePage = 0x3ffd,
  kSenderSmtp = 0x5d01,
  kRepresentingSmtp = 0x5d02,
};
constexpr std::uint32_t kString8 = 0x001e, kUnicode = 0x001f, kBinary = 0x0102, kObject = 0x000d;
constexpr std::size_t kMessageHead = 32, kEmbeddedHead = 24, kSmallHead = 8;  // of a properties stream

std::string base64(std::string_view octets) {
  std::string flat(BASE64_ENCODE_RAW_LENGTH(octets.size()), '\0');
  base64_encode_raw(flat.data(), octets.size(), reinterpret_cast<const std::uint8_t*>(octets.data()));
  std::string out;
  out.reserve(flat.size() + flat.size() / 38 + 2);
  for (std::size_t at = 0; at < flat.size(); at += 76) out.append(flat, at, 76).append("\r\n");
  return out;
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return is_line_end(c) || c == '\0'; }, ' ');
  return std::string(trimmed(text));
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c)) {
      out += c;
      continue;
    }
    char octet[4];
    std::snprintf(octet, sizeof octet, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += octet;
  }
  return out;
}

std::string mailbox(const std::string& name, const std::string& address) {
  std::string out;
  if (!name.empty() && name != address) {
    out += '"';
    for (const char c : name) (c == '"' || c == '\\' ? out += '\\' : out) += c;
    out += '"';
  }
  // What is no internet address (an Exchange path) is not shown as one.
  if (address.find('@') == std::string::npos) return out;
  std::string plain = address;
  std::erase_if(plain, [](char c) { return c == '<' || c == '>' || c == ' '; });
  return out + (out.empty() ? "<" : " <") + plain + ">";
}

// 100 nanoseconds since 1601 → RFC 5322.
std::string date_of(std::uint64_t ticks) {
  const auto seconds = std::chrono::sys_seconds(
      std::chrono::seconds(static_cast<std::int64_t>(ticks / 10000000) - 11644473600));
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int year = static_cast<int>(date.year());
  if (year < 1601 || year > 9999) return {};
  char out[64];
  std::snprintf(out, sizeof out, "%u %s %04d %02d:%02d:%02d +0000", static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], year,
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return out;
}

// The properties of one storage: those of fixed size from a stream of their own, the others a stream each.
class Properties {
 public:
  Properties(Compound& file, std::uint32_t storage, std::size_t head) : file_(file) {
    for (const std::uint32_t entry : file.children(storage)) {
      const Compound::Entry& one = file.at(entry);
      unsigned id = 0, type = 0;
      if (one.name == "__properties_version1.0" && !one.storage) {
        read_fixed(file.read(entry), head);
      } else if (one.name.size() == 20 &&
                 std::sscanf(one.name.c_str(), "__substg1.0_%4X%4X", &id, &type) == 2) {
        streams_.emplace(id << 16 | type, entry);
      } else if (one.storage) {
        (one.name.starts_with("__recip_version1.0_") ? recipients : attachments).push_back(entry);
      }
    }
    // One bad name must not make an attachment of what is none.
    std::erase_if(attachments,
                  [&](std::uint32_t entry) { return !file.at(entry).name.starts_with("__attach_"); });
  }

  std::uint64_t number(std::uint32_t id) const {
    const auto found = fixed_.find(id);
    return found == fixed_.end() ? 0 : found->second;
  }
  // UTF-8.
  std::string text(std::uint32_t id, std::string_view charset) {
    if (const auto wide = streams_.find(id << 16 | kUnicode); wide != streams_.end())
      return text::decode(file_.read(wide->second), "utf-16le").utf8;
    const auto narrow = streams_.find(id << 16 | kString8);
    return narrow == streams_.end() ? std::string() : text::decode(file_.read(narrow->second), charset).utf8;
  }
  std::string line(std::uint32_t id, std::string_view charset) { return one_line(text(id, charset)); }
  std::optional<std::string> binary(std::uint32_t id) {
    const auto found = streams_.find(id << 16 | kBinary);
    return found == streams_.end() ? std::nullopt : std::optional(file_.read(found->second));
  }
  std::optional<std::uint32_t> object(std::uint32_t id) const {
    const auto found = streams_.find(id << 16 | kObject);
    return found == streams_.end() ? std::nullopt : std::optional(found->second);
  }

  std::vector<std::uint32_t> recipients, attachments;  // storages

 private:
  void read_fixed(std::string_view octets, std::size_t head) {
    for (std::size_t at = head; at + 16 <= octets.size(); at += 16)
      fixed_[type::le16(octets, at + 2)] = type::le64(octets, at + 8);
  }

  Compound& file_;
  std::map<std::uint32_t, std::uint32_t> streams_;  // id and type → entry
  std::map<std::uint32_t, std::uint64_t> fixed_;
};

class Writer {
 public:
  explicit Writer(std::string_view octets) : file_(octets) {}

  OutlookMail run() {
    message(Compound::kRoot, kMessageHead, 0);
    out_.damaged = out_.damaged || file_.damaged();
    return std::move(out_);
  }

 private:
  void message(std::uint32_t storage, std::size_t head, std::size_t depth);
  void header(Properties& properties, const std::string& charset);
  void transport_header(const std::string& lines);
  void recipients(Properties& properties, const std::string& charset);
  void texts(Properties& properties, const std::string& charset, const std::string& boundary);
  void attachment(std::uint32_t storage, const std::string& charset, const std::string& boundary,
                  std::size_t depth);
  void field(std::string_view name, const std::string& value) {
    if (!value.empty()) put(std::string(name) + ": " + value + "\r\n");
  }
  void text_part(std::string_view type, std::string_view charset, std::string_view octets,
                 const std::string& boundary) {
    put("--" + boundary + "\r\nContent-Type: " + std::string(type) + "; charset=" + std::string(charset) +
        "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64(octets));
  }
  void put(const std::string& octets) {
    if (octets.size() > limits::kMailDerivedBytes * 2 - out_.octets.size())
      out_.limit = Finding::kLimitSize;
    else
      out_.octets += octets;
  }

  // Whether a storage comes for the first time; a tree that leads back into itself is damaged.
  bool first(std::uint32_t storage) {
    const bool fresh = visited_.insert(storage).second;
    out_.damaged = out_.damaged || !fresh;
    return fresh;
  }

  Compound file_;
  std::set<std::uint32_t> visited_;
  OutlookMail out_;
};

void Writer::message(std::uint32_t storage, std::size_t head, std::size_t depth) {
  if (depth > limits::kOutlookDepth) out_.limit = Finding::kLimitDepth;
  if (out_.limit || !first(storage)) return;
  Properties properties(file_, storage, head);
  std::uint64_t code_page = properties.number(kMessageCodePage);
  if (code_page == 0) code_page = properties.number(kInternetCodePage);
  const std::string charset = code_page_charset(static_cast<std::uint32_t>(code_page));
  header(properties, charset);
  const std::string boundary = "outlook-" + std::to_string(out_.octets.size());
  put("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n");
  texts(properties, charset, boundary);
  for (const std::uint32_t entry : properties.attachments) attachment(entry, charset, boundary, depth);
  put("--" + boundary + "--\r\n");
}

void Writer::header(Properties& properties, const std::string& charset) {
  const std::string transport = properties.text(kTransportHeaders, charset);
  if (transport.find(':') != std::string::npos) return transport_header(transport);
  const auto first_of = [&](std::uint32_t one, std::uint32_t other) {
    std::string value = properties.line(one, charset);
    return value.empty() ? properties.line(other, charset) : value;
  };
  std::string address = first_of(kRepresentingSmtp, kRepresentingAddress);
  if (address.find('@') == std::string::npos) address = first_of(kSenderSmtp, kSenderAddress);
  field("From", mailbox(first_of(kRepresentingName, kSenderName), address));
  recipients(properties, charset);
  field("Subject", properties.line(kSubject, charset));
  std::uint64_t time = properties.number(kSubmitTime);
  if (time == 0) time = properties.number(kDeliveryTime);
  if (time != 0) field("Date", date_of(time));
  field("Message-ID", properties.line(kMessageId, charset));
  field("In-Reply-To", properties.line(kInReplyTo, charset));
  field("References", properties.line(kReferences, charset));
}

// The header as it came, without what it says about a content that is now packed differently.
void Writer::transport_header(const std::string& lines) {
  bool kept = false;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string_view line = std::string_view(lines).substr(at, end - at);
    at = end + 1;
    if (trimmed(line).empty()) continue;
    if (!is_wsp(line[0])) {
      const std::size_t name = line.find_first_of(": \t");
      kept = name != 0 && name != line.npos && line.find(':') != line.npos && line[0] != '-' &&
             !begins_with(line, "content-") && !begins_with(line, "mime-version");
    }
    if (kept) put(std::string(line) + "\r\n");
  }
}

void Writer::recipients(Properties& properties, const std::string& charset) {
  std::string to, cc;
  for (const std::uint32_t entry : properties.recipients) {
    Properties one(file_, entry, kSmallHead);
    std::string address = one.line(kSmtpAddress, charset);
    if (address.empty()) address = one.line(kEmailAddress, charset);
    const std::string shown = mailbox(one.line(kDisplayName, charset), address);
    const std::uint64_t kind = one.number(kRecipientType) & 0xf;
    if (shown.empty() || kind == 3) continue;
    std::string& list = kind == 2 ? cc : to;
    list += (list.empty() ? "" : ",\r\n ") + shown;
  }
  field("To", to);
  field("Cc", cc);
}

// Its texts are forms of one another, as in multipart/alternative; of a message whose only text is RTF, what
// that says.
void Writer::texts(Properties& properties, const std::string& charset, const std::string& boundary) {
  const std::string inner = boundary + "-texts";
  put("--" + boundary + "\r\nContent-Type: multipart/alternative; boundary=\"" + inner + "\"\r\n\r\n");
  const std::string plain = properties.text(kBody, charset);
  std::string html = properties.text(kHtml, charset), html_charset = "utf-8";
  if (auto octets = properties.binary(kHtml); html.empty() && octets) {
    html = std::move(*octets);
    const std::string said = text::html_charset(html);
    const std::string web =
        code_page_charset(static_cast<std::uint32_t>(properties.number(kInternetCodePage)));
    html_charset = !said.empty() ? said : !web.empty() ? web : charset;
    if (html_charset.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
        std::string::npos)
      html_charset.clear();
  }
  const bool said = !trimmed(plain).empty();
  if (said) text_part("text/plain", "utf-8", plain, inner);
  if (!html.empty()) {
    text_part("text/html", html_charset.empty() ? "unknown" : html_charset, html, inner);
  } else if (const auto packed = properties.binary(kRtfCompressed); packed && !said) {
    const RtfText rtf = read_rtf(decompress_rtf(*packed, out_.damaged));
    if (!rtf.octets.empty())
      text_part(rtf.is_html ? "text/html" : "text/plain", rtf.charset, rtf.octets, inner);
  }
  put("--" + inner + "--\r\n");
}

void Writer::attachment(std::uint32_t storage, const std::string& charset, const std::string& boundary,
                        std::size_t depth) {
  if (out_.limit || !first(storage)) return;
  Properties properties(file_, storage, kSmallHead);
  const auto object = properties.object(kAttachData);
  const bool is_message = object && file_.at(*object).storage && [&] {
    for (const std::uint32_t entry : file_.children(*object))
      if (file_.at(entry).name == "__properties_version1.0") return true;
    return false;
  }();
  if (is_message) {
    put("--" + boundary + "\r\nContent-Type: message/rfc822\r\n\r\n");
    return message(*object, kEmbeddedHead, depth + 1);
  }
  std::string name = properties.line(kAttachLongFileName, charset);
  for (const std::uint32_t other : {std::uint32_t{kAttachFileName}, std::uint32_t{kDisplayName}})
    if (name.empty()) name = properties.line(other, charset);
  std::string type = lowered(properties.line(kAttachMimeTag, charset));
  if (!clean::is_media_type(type)) type.clear();
  // A signed or forwarded mail is kept with its own header.
  const bool entity = begins_with(type, "multipart/") || begins_with(type, "message/");
  if (entity) type = "message/rfc822";
  std::string id = properties.line(kAttachContentId, charset);
  std::erase_if(id, [](char c) { return c == '<' || c == '>' || c <= ' '; });
  std::optional<std::string> data = properties.binary(kAttachData);
  out_.left_out = out_.left_out || (!data && object);
  // By reference ([MS-OXCMSG] 2.2.2.9), or moved away by a mail archive. An empty file has a stream of no
  // octets.
  if (!data && !object) type = "message/external-body";
  put("--" + boundary + "\r\n");
  field("Content-Type", type);
  field("Content-ID", id.empty() ? id : "<" + id + ">");
  put("Content-Disposition: attachment" +
      (name.empty() ? "" : "; filename*=utf-8''" + percent_encoded(name)) +
      "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64(data.value_or(std::string())));
}

}  // namespace

OutlookMail outlook_as_mail(std::string_view octets) { return Writer(octets).run(); }

}  // namespace kiyome::sanitizer::mail
