// Bundles and the way back as octets. What comes from the other zone is refused at its first wrong field.
#include "proto/transfer/bundle.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "proto/transfer/fields.h"
#include "proto/transfer/frame.h"

namespace kiyome::transfer {
namespace {

void payload(ByteWriter& w, const Bundle& bundle) {
  put(w, bundle.id);
  w.u16(bundle.part);
  w.u8(static_cast<std::uint8_t>(bundle.kind));
  w.counted(bundle.sender);
  w.u8(bundle.ret);
  w.counted(bundle.envid);
  w.u32(static_cast<std::uint32_t>(bundle.recipients.size()));
  for (const Recipient& recipient : bundle.recipients) {
    w.u32(recipient.index);
    w.counted(recipient.address);
    w.u8(recipient.notify);
    w.counted(recipient.orcpt);
  }
  w.raw(bundle.sha256);
  w.counted(bundle.content);
}

void payload(ByteWriter& w, const ResultTaken& taken) {
  put(w, taken.id);
  w.u16(taken.part);
  w.u32(taken.recipient);
  w.u8(taken.result_class);
}

void payload(ByteWriter& w, const Accepted& accepted) {
  put(w, accepted.id);
  w.u16(accepted.part);
}

void payload(ByteWriter& w, const Refused& refused) {
  put(w, refused.id);
  w.u16(refused.part);
  w.u8(static_cast<std::uint8_t>(refused.reason));
  w.u64(refused.offset);
}

void payload(ByteWriter& w, const DeliveryResult& result) {
  put(w, result.id);
  w.u16(result.part);
  w.u32(result.recipient);
  w.u8(static_cast<std::uint8_t>(result.result));
  w.u16(result.status_class);
  w.u16(result.status_subject);
  w.u16(result.status_detail);
}

Recipient recipient(Fields& f) {
  Recipient out;
  out.index = f.in.u32();
  out.address = f.in.counted(limits::kSmtpPath);
  f.require(is_envelope_address(out.address), "a recipient's address");
  out.notify = f.in.u8();
  f.require(is_notify(out.notify), "NOTIFY");
  out.orcpt = f.in.counted(limits::kDsnOrcpt);
  f.require(out.orcpt.empty() || is_orcpt(out.orcpt), "ORCPT");
  return out;
}

void recipients(Fields& f, std::vector<Recipient>& out) {
  constexpr std::size_t kOctetsMin = 4 + 4 + 1 + 1 + 4;
  const std::uint32_t count = f.in.u32();
  f.require(count >= 1 && count <= limits::kBundleRecipients && count <= f.in.left() / kOctetsMin,
            "the number of recipients");
  if (f.in.failed()) return;
  out.reserve(count);
  for (std::uint32_t i = 0; i < count && !f.in.failed(); ++i) {
    out.push_back(recipient(f));
    f.require(i == 0 || out[i - 1].index < out[i].index, "recipients come by index, each once");
  }
}

Bundle bundle(Fields& f) {
  Bundle out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  const std::uint8_t kind = f.in.u8();
  f.require(kind == 1 || kind == 2, "an unknown kind of bundle");
  out.kind = kind == 2 ? BundleKind::notice : BundleKind::mail;
  f.require((out.part == 0) == (out.kind == BundleKind::notice), "part 0 is the notice, and only that");
  out.sender = f.in.counted(limits::kSmtpPath);
  f.require(out.sender.empty() || is_envelope_address(out.sender), "the sender's address");
  out.ret = f.in.u8();
  f.require(out.ret <= 2, "RET");
  out.envid = f.in.counted(limits::kDsnEnvid);
  f.require(is_xtext(out.envid), "ENVID");
  recipients(f, out.recipients);
  take(f, out.sha256);
  const std::string_view content = f.in.counted(limits::kBundleContent);
  if (f.in.done()) out.content = content;
  return out;
}

ResultTaken result_taken(Fields& f) {
  ResultTaken out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  out.recipient = f.in.u32();
  out.result_class = f.in.u8();
  f.require(out.result_class >= 1 && out.result_class <= 5, "an unknown class of result");
  return out;
}

Accepted accepted(Fields& f) {
  Accepted out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  return out;
}

Refused refused(Fields& f) {
  Refused out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  const std::uint8_t reason = f.in.u8();
  f.require(reason >= 1 && reason <= 3, "an unknown reason");
  if (!f.in.failed()) out.reason = static_cast<RefusalReason>(reason);
  out.offset = f.in.u64();
  f.require(out.offset <= limits::kBundleContent, "an offset beyond any bundle");
  return out;
}

// RFC 3463 section 2: success is 2, a delay is 4, what ended without delivery is 4 or 5.
bool status_fits(ResultClass result, std::uint16_t status_class) {
  switch (result) {
    case ResultClass::delivered:
    case ResultClass::relayed:
      return status_class == 2;
    case ResultClass::delayed:
      return status_class == 4;
    case ResultClass::failed:
    case ResultClass::expired:
      return status_class == 4 || status_class == 5;
  }
  return false;
}

DeliveryResult delivery_result(Fields& f) {
  DeliveryResult out;
  out.id = item_id(f.in);
  out.part = f.in.u16();
  out.recipient = f.in.u32();
  const std::uint8_t result = f.in.u8();
  f.require(result >= 1 && result <= 5, "an unknown class of result");
  if (!f.in.failed()) out.result = static_cast<ResultClass>(result);
  out.status_class = f.in.u16();
  out.status_subject = f.in.u16();
  out.status_detail = f.in.u16();
  f.require(status_fits(out.result, out.status_class), "a status that does not fit the result");
  f.require(out.status_subject <= 999 && out.status_detail <= 999, "a status of more than three digits");
  return out;
}

// The kinds of FORMAT.md: they are not the places in the variants.
constexpr std::array<std::uint8_t, std::variant_size_v<Forward>> kForwardKinds{1, 2, 3, 4, 6, 7, 5, 8};
constexpr std::array<std::uint8_t, std::variant_size_v<WayBack>> kWayBackKinds{1, 2, 3, 7, 4, 5, 8};

}  // namespace

std::string encode(const Forward& message) {
  return std::visit(
      [&](const auto& value) {
        return framed(kForwardKinds[message.index()], [&](ByteWriter& w) { payload(w, value); });
      },
      message);
}
std::string encode(const WayBack& message) {
  return std::visit(
      [&](const auto& value) {
        return framed(kWayBackKinds[message.index()], [&](ByteWriter& w) { payload(w, value); });
      },
      message);
}

std::string encode(const AnyBundle& bundle) {
  constexpr std::array<std::uint8_t, std::variant_size_v<AnyBundle>> kKinds{1, 3, 8};
  return std::visit(
      [&](const auto& value) {
        return framed(kKinds[bundle.index()], [&](ByteWriter& w) { payload(w, value); });
      },
      bundle);
}
ItemId id_of(const AnyBundle& bundle) {
  return std::visit([](const auto& value) { return value.id; }, bundle);
}
std::uint16_t part_of(const AnyBundle& bundle) {
  return std::visit([](const auto& value) { return value.part; }, bundle);
}
std::size_t octets_of(const AnyBundle& bundle) {
  if (const auto* mail = std::get_if<Bundle>(&bundle)) return mail->content.size();
  if (const auto* sealed = std::get_if<SealedOriginal>(&bundle)) return sealed->content.size();
  std::size_t out = 0;
  for (const CleanFile& file : std::get<DropBundle>(bundle).files) out += file.content.size();
  return out;
}

Result<Forward> decode_forward(std::string_view frame) {
  if (frame.size() > limits::kTransferFrame) return failure("a frame is too large");
  Fields f{ByteReader(frame)};
  Forward out;
  switch (f.in.u8()) {
    case 1:
      out = bundle(f);
      break;
    case 2:
      out = result_taken(f);
      break;
    case 3:
      out = drop_bundle(f);
      break;
    case 4:
      out = drop_result_taken(f);
      break;
    case 6:
      out = door(f);
      break;
    case 7:
      out = door_state(f);
      break;
    case 5:
      out = checkpoint(f);
      break;
    case 8:
      out = sealed_original(f);
      break;
    default:
      return failure("an unknown kind of frame");
  }
  return whole(f, std::move(out));
}

Result<WayBack> decode_way_back(std::string_view frame) {
  if (frame.size() > limits::kWayBackFrame) return failure("a frame is too large");
  Fields f{ByteReader(frame)};
  WayBack out;
  switch (f.in.u8()) {
    case 1:
      out = accepted(f);
      break;
    case 2:
      out = refused(f);
      break;
    case 3:
      out = delivery_result(f);
      break;
    case 4:
      out = door_request(f);
      break;
    case 5:
      out = door_password(f);
      break;
    case 6:
      return failure("a kind of frame whose door does not exist");
    case 7:
      out = drop_result(f);
      break;
    case 8:
      out = checkpoint(f);
      break;
    default:
      return failure("an unknown kind of frame");
  }
  return whole(f, std::move(out));
}

bool is_envelope_address(std::string_view text) {
  if (text.empty() || text.size() > limits::kSmtpPath || !is_line(text)) return false;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\t' || c == 0x7f || c == '<' || c == '>') return false;
    if (c == '"') quoted = !quoted;
    if (c == ' ' && !quoted) return false;
    if (c == '\\' && quoted && ++i < text.size() && (text[i] < ' ' || text[i] > '~')) return false;
  }
  return !quoted;
}

bool is_notify(std::uint8_t notify) {
  return notify == kNotifyNever || (notify & ~(kNotifySuccess | kNotifyFailure | kNotifyDelay)) == 0;
}

bool is_xtext(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < '!' || c > '~' || c == '=') return false;
    if (c != '+') continue;
    if (text.size() - i < 3 || !hex(text[i + 1]) || !hex(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

namespace {
bool is_utf8_type(std::string_view type) {
  constexpr std::string_view kName = "utf-8";
  return std::equal(type.begin(), type.end(), kName.begin(), kName.end(),
                    [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}
}  // namespace

bool is_orcpt(std::string_view text) {
  const std::size_t semicolon = text.find(';');
  if (text.size() > limits::kDsnOrcpt || semicolon == 0 || semicolon == std::string_view::npos) return false;
  for (const char c : text.substr(0, semicolon))
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
      return false;
  const std::string_view address = text.substr(semicolon + 1);
  if (address.empty()) return false;
  return is_xtext(address) || (is_utf8_type(text.substr(0, semicolon)) && is_envelope_address(address));
}

}  // namespace kiyome::transfer
