#include "service/review/index/facts.h"

#include "service/base/digest.h"
#include "service/base/hex.h"

namespace kiyome::review {
namespace {

constexpr char32_t kHash = 0xE001, kSender = 0xE002, kRecipient = 0xE003;
constexpr char32_t kReasons = 0xF0000;  // + code of the finding
constexpr char32_t kStates = 0x100010, kVerdicts = 0x100020, kDirections = 0x100030, kOthers = 0x100040;
constexpr char32_t kNames = 0x101000;
constexpr std::int64_t kNamesMax = 0xE000;

std::string character(char32_t c) {
  std::string out;
  if (c >= 0x10000) {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
  }
  out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (c & 0x3F));
  return out;
}

std::string address_fact(char32_t kind, std::string_view address) {
  const auto digest = sha256(address);
  return character(kind) + hex(std::span(digest).first(6));
}

}  // namespace

// U+E000 to U+EFFF, and planes 15 and 16.
bool is_fact(std::string_view word) {
  if (word.empty()) return false;
  const auto first = static_cast<unsigned char>(word[0]);
  if (first == 0xEE) return true;
  return first >= 0xF3 && word.size() > 1 && (first == 0xF4 || static_cast<unsigned char>(word[1]) >= 0xB0);
}

std::string state_fact(store::State state) { return character(kStates + static_cast<char32_t>(state)); }
std::string verdict_fact(Verdict verdict) { return character(kVerdicts + static_cast<char32_t>(verdict)); }
std::string direction_fact(bool drop) { return character(kDirections + (drop ? 1 : 0)); }
std::string reason_fact(clean::Finding finding) {
  return character(kReasons + (static_cast<char32_t>(finding) & 0x7FFF));
}
std::string asked_fact() { return character(kOthers); }
std::string kept_fact() { return character(kOthers + 1); }
std::string named_fact(std::int64_t number) {
  return character(kNames + static_cast<char32_t>(number % kNamesMax));
}
std::string hash_fact(std::string_view hex) { return character(kHash).append(hex.substr(0, kHashDigits)); }
std::string sender_fact(std::string_view address) { return address_fact(kSender, address); }
std::string recipient_fact(std::string_view address) { return address_fact(kRecipient, address); }
bool is_hash_fact(std::string_view word) { return word.substr(0, 3) == character(kHash); }
bool is_sender_fact(std::string_view word) { return word.substr(0, 3) == character(kSender); }

}  // namespace kiyome::review
