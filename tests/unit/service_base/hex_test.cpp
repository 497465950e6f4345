#include "service/base/hex.h"

#include <doctest/doctest.h>

#include <array>

using namespace kiyome;

TEST_CASE("hex: two lower-case digits an octet, the high half first") {
  CHECK(hex(std::array<std::uint8_t, 4>{0x00, 0x0f, 0xa0, 0xff}) == "000fa0ff");
  CHECK(hex(std::span<const std::uint8_t>()).empty());
}

TEST_CASE("unhex: what hex wrote comes back, and nothing else does") {
  std::array<std::uint8_t, 4> out{};
  REQUIRE(unhex("000fa0ff", out));
  CHECK(out == std::array<std::uint8_t, 4>{0x00, 0x0f, 0xa0, 0xff});
  for (const char* wrong :
       {"", "000fa0f", "000fa0ff0", "000fa0fF", "000fa0fg", " 00fa0ff", "+00fa0ff", "0x0fa0ff"})
    CHECK_MESSAGE(!unhex(wrong, out), wrong);
}
