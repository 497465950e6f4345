// What crosses the zones: bundles forward, and the narrow way back. FORMAT.md tells the octets. Standard
// library only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/base/result.h"
#include "proto/transfer/checkpoint.h"
#include "proto/transfer/doors.h"
#include "proto/transfer/drop.h"
#include "proto/transfer/sealed.h"

namespace kiyome::transfer {

// RFC 3461 NOTIFY; none = the parameter was not given.
enum Notify : std::uint8_t {
  kNotifyDefault = 0,
  kNotifyNever = 1,
  kNotifySuccess = 2,
  kNotifyFailure = 4,
  kNotifyDelay = 8
};

struct Recipient {
  std::uint32_t index = 0;  // of the item's envelope, from 0; names the recipient on the way back
  std::string address;      // RFC 5321 mailbox, UTF-8, without angle brackets
  std::uint8_t notify = kNotifyDefault;
  std::string orcpt;  // RFC 3461 ORCPT value as given ("rfc822;..."), or empty
  bool operator==(const Recipient&) const = default;
};

enum class BundleKind : std::uint8_t { mail = 1, notice = 2 };

// One clean mail with its envelope. (id, part) is its identity: the gate takes each once.
struct Bundle {
  ItemId id;
  std::uint16_t part = 0;  // 0 = the notice about a held item; 1, 2, … = clean mails of the item
  BundleKind kind = BundleKind::mail;
  std::string sender;    // reverse-path, empty for <>
  std::uint8_t ret = 0;  // RFC 3461 RET: 0 not given, 1 FULL, 2 HDRS
  std::string envid;     // RFC 3461 ENVID as given, or empty
  std::vector<Recipient> recipients;
  std::array<std::uint8_t, 32> sha256{};  // of content
  std::string content;                    // the clean mail, CRLF
  bool operator==(const Bundle&) const = default;
};

// ---- forward besides bundles ----
struct ResultTaken {  // the Internet side has a DeliveryResult on disk
  ItemId id;
  std::uint16_t part = 0;
  std::uint32_t recipient = 0;
  std::uint8_t result_class = 0;
  bool operator==(const ResultTaken&) const = default;
};

// ---- the way back: fixed fields, small, rate-capped ----
struct Accepted {  // the bundle is on the closed side's disk
  ItemId id;
  std::uint16_t part = 0;
  bool operator==(const Accepted&) const = default;
};
enum class RefusalReason : std::uint8_t { grammar = 1, digest = 2, envelope = 3 };
struct Refused {  // the verifier did not find the bundle in the clean grammar
  ItemId id;
  std::uint16_t part = 0;
  RefusalReason reason = RefusalReason::grammar;
  std::uint64_t offset = 0;  // of the first violation
  bool operator==(const Refused&) const = default;
};
enum class ResultClass : std::uint8_t { delivered = 1, relayed = 2, delayed = 3, failed = 4, expired = 5 };
struct DeliveryResult {
  ItemId id;
  std::uint16_t part = 0;
  std::uint32_t recipient = 0;  // Recipient::index
  ResultClass result = ResultClass::delivered;
  // RFC 3463 enhanced status: class 2, 4 or 5; subject and detail at most 999. `relayed`: the next hop took
  // it but speaks no DSN.
  std::uint16_t status_class = 2, status_subject = 0, status_detail = 0;
  bool operator==(const DeliveryResult&) const = default;
};
// Decision is kind 6 of the way back; as long as it has no door the codec refuses it.

using Forward = std::variant<Bundle, ResultTaken, DropBundle, DropResultTaken, Door, DoorState, Checkpoint,
                             SealedOriginal>;
using WayBack =
    std::variant<Accepted, Refused, DeliveryResult, DropResult, DoorRequest, DoorPassword, Checkpoint>;
// What the gate takes once by its (id, part), and answers with Accepted or Refused.
using AnyBundle = std::variant<Bundle, DropBundle, SealedOriginal>;
ItemId id_of(const AnyBundle& bundle);
std::uint16_t part_of(const AnyBundle& bundle);
std::size_t octets_of(const AnyBundle& bundle);  // of content

// Each gives a whole frame: u32 length, u8 kind, payload. A value that breaks a rule of FORMAT.md gives a
// frame that no reader takes.
std::string encode(const Forward& message);
std::string encode(const AnyBundle& bundle);  // as Forward
std::string encode(const WayBack& message);

// Exact decoding of a payload without its length; the text fields are checked for their characters
// (addresses: no control, no space outside quotes, no angle brackets; envid, orcpt: xtext of RFC 3461).
Result<Forward> decode_forward(std::string_view frame);
Result<WayBack> decode_way_back(std::string_view frame);

// The forms the codec asks for. Whoever takes an envelope from outside asks these before it says 250, so that
// a bundle can always be made of it.
bool is_envelope_address(std::string_view text);  // 1 to kSmtpPath octets
bool is_notify(std::uint8_t notify);              // NEVER alone, or any of the others
bool is_xtext(std::string_view text);             // RFC 3461 section 4; hexadecimal digits of either case
bool is_orcpt(std::string_view text);  // "addr-type;xtext", or "utf-8;" and an address (RFC 6533 section 3)

// Cuts frames out of a stream. `max` is kTransferFrame or kWayBackFrame: a larger length is an Error and ends
// the stream.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max) : max_(max) {}
  void feed(std::string_view octets);
  // The next whole frame without its length, moved out; empty optional-like: `false` when more octets are
  // needed.
  Result<bool> next(std::string& frame);

 private:
  std::size_t max_;
  std::string pending_;
  std::size_t at_ = 0;
};

}  // namespace kiyome::transfer
