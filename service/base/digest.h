// SHA-256 through OpenSSL, which uses the processor's own instructions where there are some.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

struct evp_md_ctx_st;

namespace kiyome {

// Thread-safe; never fails.
std::array<std::uint8_t, 32> sha256(std::string_view octets);

// The same in pieces. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view octets);
  std::array<std::uint8_t, 32> finish();  // once

 private:
  evp_md_ctx_st* context_;
};

}  // namespace kiyome
