#include "proto/base/item_id.h"

namespace kiyome {
namespace {
constexpr std::string_view kHex = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool dash_before(std::size_t octet) { return octet == 4 || octet == 6 || octet == 8 || octet == 10; }
}  // namespace

std::string ItemId::text() const {
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (dash_before(i)) out += '-';
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
  return out;
}

std::int64_t ItemId::unix_ms() const {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8) | bytes[i];
  return ms;
}

Result<ItemId> ItemId::parse(std::string_view text) {
  if (text.size() != 36) return failure("an item id has 36 characters");
  ItemId id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-')
      return failure("an item id has dashes at 8, 13, 18 and 23", at - 1);
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return failure("an item id is hexadecimal", at);
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return id;
}

ItemId ItemId::make(std::int64_t unix_ms, const std::array<std::uint8_t, 10>& random) {
  ItemId id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(unix_ms >> (8 * (5 - i)));
  for (std::size_t i = 0; i < random.size(); ++i) id.bytes[6 + i] = random[i];
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));  // version 7
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));  // variant 10
  return id;
}

}  // namespace kiyome
