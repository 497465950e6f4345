#include "service/store/original_format.h"

#include <zlib.h>

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"

namespace kiyome::store::original {
namespace {

constexpr std::string_view kSegmentMagic = "KIYOMSEG";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kRecordMagic = 0x3152434b;  // "KCR1"
constexpr std::size_t kAddressText = 64;            // an IP address with its zone
constexpr std::size_t kProtocolText = 32;

template <std::size_t N>
void take(ByteReader& in, std::array<std::uint8_t, N>& out) {
  const std::string_view octets = in.raw(N);
  std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(out.data()));
}

void read_recipients(ByteReader& in, std::vector<transfer::Recipient>& out) {
  constexpr std::size_t kOctetsMin = 4 + 4 + 1 + 4;
  const std::uint32_t count = in.u32();
  if (count > limits::kSmtpRecipients || count > in.left() / kOctetsMin) in.fail();
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    transfer::Recipient recipient;
    recipient.index = in.u32();
    recipient.address = in.counted(limits::kSmtpPath);
    recipient.notify = in.u8();
    recipient.orcpt = in.counted(limits::kDsnOrcpt);
    // As the gate will ask for it: an envelope that it refuses would come again and again.
    const bool fits = transfer::is_envelope_address(recipient.address) &&
                      transfer::is_notify(recipient.notify) &&
                      (recipient.orcpt.empty() || transfer::is_orcpt(recipient.orcpt)) &&
                      (out.empty() || recipient.index > out.back().index);
    if (!fits) in.fail();
    out.push_back(std::move(recipient));
  }
}

// Of the octet behind ENVID. Records of the time before the drop box have no kDropFlag, and stay readable.
constexpr std::uint8_t kUtf8Flag = 1, kDropFlag = 2;

Drop read_drop(ByteReader& in) {
  Drop out;
  take(in, out.submission.bytes);
  out.number = in.u32();
  out.count = in.u32();
  out.sender_name = in.counted(limits::kCrossingPerson);
  out.file_name = in.counted(limits::kCrossingFileName);
  out.title = in.counted(limits::kCrossingTitle);
  out.message = in.counted(limits::kCrossingMessage);
  out.importance = in.counted(limits::kCrossingImportance);
  out.password = in.counted(limits::kJobPassword);
  if (!is_sound(out)) in.fail();
  return out;
}

void put(ByteWriter& w, const Drop& drop) {
  w.raw(drop.submission.bytes);
  w.u32(drop.number);
  w.u32(drop.count);
  w.counted(drop.sender_name);
  w.counted(drop.file_name);
  w.counted(drop.title);
  w.counted(drop.message);
  w.counted(drop.importance);
  w.counted(drop.password);
}

Envelope read_envelope(ByteReader& in, const ItemId& id) {
  Envelope out;
  out.id = id;
  out.received_ms = in.i64();
  out.client_address = in.counted(kAddressText);
  out.client_helo = in.counted(limits::kSmtpCommandLine);
  out.protocol = in.counted(kProtocolText);
  out.sender = in.counted(limits::kSmtpPath);
  out.ret = in.u8();
  out.envid = in.counted(limits::kDsnEnvid);
  const std::uint8_t flags = in.u8();
  if (out.ret > 2 || flags > (kUtf8Flag | kDropFlag) || !transfer::is_xtext(out.envid)) in.fail();
  if (!out.sender.empty() && !transfer::is_envelope_address(out.sender)) in.fail();
  out.smtputf8 = (flags & kUtf8Flag) != 0;
  read_recipients(in, out.recipients);
  if ((flags & kDropFlag) != 0) {
    out.drop = read_drop(in);
    if (out.recipients.empty() || out.recipients.size() > limits::kCrossingRecipients) in.fail();
  }
  return out;
}

void read_extents(ByteReader& in, std::vector<Extent>& out) {
  constexpr std::size_t kOctets = 8 + 8 + 4;
  const std::uint32_t count = in.u32();
  if (count > in.left() / kOctets) in.fail();
  if (in.failed()) return;
  out.resize(count);
  for (Extent& extent : out) {
    extent.segment = in.u64();
    extent.offset = in.u64();
    extent.length = in.u32();
  }
}

}  // namespace

std::uint32_t crc32_of(std::string_view octets) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(octets.data()), octets.size()));
}

std::string encode(const SegmentHeader& header) {
  ByteWriter w;
  w.raw(kSegmentMagic);
  w.u32(kVersion);
  w.u64(header.segment);
  w.i64(header.created_ms);
  w.raw(header.sealed);
  w.u32(crc32_of(w.bytes()));
  return w.take();
}

Result<SegmentHeader> decode_segment_header(std::string_view octets) {
  if (octets.size() != kSegmentHeader) return failure("a segment's header is cut");
  ByteReader in(octets);
  SegmentHeader out;
  const bool magic = in.raw(kSegmentMagic.size()) == kSegmentMagic;
  const bool version = in.u32() == kVersion;
  out.segment = in.u64();
  out.created_ms = in.i64();
  take(in, out.sealed);
  const bool intact = in.u32() == crc32_of(octets.substr(0, kSegmentHeader - 4));
  if (!magic || !version || !intact || !in.done()) return failure("not a segment's header");
  return out;
}

std::string encode(const RecordHeader& header) {
  ByteWriter w;
  w.u32(kRecordMagic);
  w.u8(static_cast<std::uint8_t>(header.type));
  for (int i = 0; i < 3; ++i) w.u8(0);
  w.raw(header.id.bytes);
  w.u64(header.first_segment);
  w.u32(header.length);
  w.u32(header.body_crc);
  w.u32(crc32_of(w.bytes()));
  return w.take();
}

Result<RecordHeader> decode_record_header(std::string_view octets) {
  if (octets.size() != kRecordHeader) return failure("a record's header is cut");
  ByteReader in(octets);
  RecordHeader out;
  const bool magic = in.u32() == kRecordMagic;
  const std::uint8_t type = in.u8();
  const bool zeros = (in.u8() | in.u16()) == 0;
  take(in, out.id.bytes);
  out.first_segment = in.u64();
  out.length = in.u32();
  out.body_crc = in.u32();
  const bool intact = in.u32() == crc32_of(octets.substr(0, kRecordHeader - 4));
  if (!magic || !zeros || !intact || (type != 1 && type != 2)) return failure("not a record's header");
  if (out.length < kTag || out.length > limits::kOriginalRecord)
    return failure("a record of a forbidden length");
  out.type = static_cast<RecordType>(type);
  return out;
}

std::string encode_envelope(const Envelope& envelope) {
  ByteWriter w;
  w.i64(envelope.received_ms);
  w.counted(std::string_view(envelope.client_address).substr(0, kAddressText));
  w.counted(std::string_view(envelope.client_helo).substr(0, limits::kSmtpCommandLine));
  w.counted(std::string_view(envelope.protocol).substr(0, kProtocolText));
  w.counted(envelope.sender);
  w.u8(envelope.ret);
  w.counted(envelope.envid);
  w.u8(static_cast<std::uint8_t>((envelope.smtputf8 ? kUtf8Flag : 0) | (envelope.drop ? kDropFlag : 0)));
  w.u32(static_cast<std::uint32_t>(envelope.recipients.size()));
  for (const transfer::Recipient& recipient : envelope.recipients) {
    w.u32(recipient.index);
    w.counted(recipient.address);
    w.u8(recipient.notify);
    w.counted(recipient.orcpt);
  }
  if (envelope.drop) put(w, *envelope.drop);
  return w.take();
}

std::string encode_content(std::uint64_t size, const std::array<std::uint8_t, 32>& sha256,
                           const std::vector<Extent>& extents, std::size_t tail) {
  ByteWriter w;
  w.u64(size);
  w.raw(sha256);
  w.u32(static_cast<std::uint32_t>(extents.size()));
  for (const Extent& extent : extents) {
    w.u64(extent.segment);
    w.u64(extent.offset);
    w.u32(extent.length);
  }
  w.u32(static_cast<std::uint32_t>(tail));
  return w.take();
}

Result<Commit> decode_commit(std::string_view octets, const ItemId& id) {
  ByteReader in(octets);
  Commit out;
  out.envelope = read_envelope(in, id);
  out.size = in.u64();
  if (out.size > limits::kMessageBytes) in.fail();
  take(in, out.sha256);
  read_extents(in, out.extents);
  out.tail = in.counted(limits::kOriginalRecord);
  if (!in.done()) return failure("a commit record of a wrong form", in.offset());
  return out;
}

std::string segment_name(std::uint64_t segment) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[segment >> shift & 15];
  return out + ".seg";
}

std::uint64_t segment_of_name(std::string_view name) {
  if (name.size() != 20 || name.substr(16) != ".seg") return 0;
  std::uint64_t out = 0;
  for (const char c : name.substr(0, 16)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return 0;
    out = out << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return out;
}

}  // namespace kiyome::store::original

// As the gate will ask for it: what it refuses would come again and again.
bool kiyome::store::is_sound(const Drop& drop) {
  const auto line = [](std::string_view text, std::size_t max) {
    return text.size() <= max && transfer::is_drop_line(text);
  };
  return drop.number >= 1 && drop.number <= drop.count && drop.count <= limits::kCrossingFiles &&
         line(drop.sender_name, limits::kCrossingPerson) && line(drop.file_name, limits::kCrossingFileName) &&
         line(drop.title, limits::kCrossingTitle) && drop.message.size() <= limits::kCrossingMessage &&
         transfer::is_drop_text(drop.message) && line(drop.importance, limits::kCrossingImportance) &&
         line(drop.password, limits::kJobPassword);
}
