// iconv, kept behind two calls. Its descriptors hold shift state: it is reset before each use.
#include "sanitizers/text/converters.h"

#include <iconv.h>

#include <cerrno>

#include "sanitizers/text/charset.h"

namespace kiyome::sanitizer::text {
namespace {

const iconv_t kNone =
    reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr): iconv's own "failed"

// The one BMP character that `octets` stand for, or 0.
char16_t one_character(iconv_t converter, std::string_view octets) {
  iconv(converter, nullptr, nullptr, nullptr, nullptr);
  char in[4];
  const std::size_t n = octets.copy(in, sizeof in);
  char out[16];
  char* from = in;
  char* to = out;
  std::size_t in_left = n, out_left = sizeof out;
  if (iconv(converter, &from, &in_left, &to, &out_left) == static_cast<std::size_t>(-1) || in_left != 0)
    return 0;
  iconv(converter, nullptr, nullptr, &to, &out_left);  // those that wait for a combining mark
  char32_t c = 0;
  std::size_t skip = 0;
  const std::size_t size = static_cast<std::size_t>(to - out);
  if (size == 0) return 0;
  const std::size_t used = utf8_sequence({out, size}, 0, c, skip);
  return used == size && c <= 0xffff ? static_cast<char16_t>(c) : 0;
}

}  // namespace

const Converters& Converters::get() {
  static const Converters* const converters = new Converters;
  return *converters;
}

Converters::Converters() {
  fill_single_octet();
  fill_japanese();
  for (std::size_t i = 0; i < multi_octet_count(); ++i) {
    const iconv_t converter = iconv_open("UTF-8", kMultiOctetNames[i]);
    multi_.push_back(converter == kNone ? nullptr : converter);
    available_ += converter != kNone;
  }
  // Seven common signs of Big5, "／" and "＼" among them, are missing in the Hong Kong superset.
  const iconv_t big5 = iconv_open("UTF-8", "CP950");
  if (big5 != kNone) {
    for (std::size_t i = 0; i < kBig5Extra.size(); ++i) {
      const char octets[2] = {static_cast<char>(kBig5Extra[i] >> 8), static_cast<char>(kBig5Extra[i])};
      big5_extra_[i] = one_character(big5, {octets, 2});
    }
    iconv_close(big5);
  }
}

char16_t Converters::second_opinion(std::uint8_t index, std::string_view octets) const {
  if (kMultiOctetNames[index] != std::string_view("BIG5-HKSCS") || octets.size() < 2) return 0;
  const unsigned code = static_cast<unsigned char>(octets[0]) * 256u + static_cast<unsigned char>(octets[1]);
  for (std::size_t i = 0; i < kBig5Extra.size(); ++i)
    if (kBig5Extra[i] == code) return big5_extra_[i];
  return 0;
}

void Converters::fill_single_octet() {
  single_.resize(single_octet_count());
  for (std::size_t i = 0; i < single_.size(); ++i) {
    const iconv_t converter = iconv_open("UTF-8", kSingleOctetNames[i]);
    if (converter == kNone) continue;
    ++available_;
    for (unsigned octet = 0x80; octet < 0x100; ++octet) {
      const char c = static_cast<char>(octet);
      single_[i][octet - 0x80] = one_character(converter, {&c, 1});
    }
    iconv_close(converter);
  }
}

void Converters::fill_japanese() {
  const iconv_t cp932 = iconv_open("UTF-8", "CP932");
  if (cp932 != kNone) {
    ++available_;
    for (unsigned row = 0; row < 120; ++row)
      for (unsigned cell = 0; cell < 94; ++cell) {
        const unsigned lead = row / 2 + (row < 62 ? 0x81 : 0xc1);
        const unsigned trail = row % 2 != 0 ? 0x9f + cell : 0x40 + cell + (cell >= 0x3f);
        const char octets[2] = {static_cast<char>(lead), static_cast<char>(trail)};
        japanese_.cp932[row * 94 + cell] = one_character(cp932, {octets, 2});
      }
    iconv_close(cp932);
  }
  const iconv_t euc = iconv_open("UTF-8", "EUC-JP-MS");
  if (euc == kNone) return;
  ++available_;
  for (unsigned row = 0; row < 94; ++row)
    for (unsigned cell = 0; cell < 94; ++cell) {
      const char octets[3] = {'\x8f', static_cast<char>(0xa1 + row), static_cast<char>(0xa1 + cell)};
      japanese_.jis_x_0212[row * 94 + cell] = one_character(euc, {octets, 3});
    }
  iconv_close(euc);
}

void Converters::single_octet(std::uint8_t index, std::string_view octets, CleanWriter& out) const {
  const auto& table = single_.at(index);
  std::size_t at = 0;
  while (at < octets.size()) {
    if (const std::size_t plain = plain_prefix(octets.substr(at))) {
      out.utf8(octets.substr(at, plain));
      at += plain;
      continue;
    }
    const unsigned octet = static_cast<unsigned char>(octets[at++]);
    if (octet < 0x80)
      out.put(octet);
    else if (table[octet - 0x80] != 0)
      out.put(table[octet - 0x80]);
    else
      out.bad();
  }
}

void Converters::multi_octet(std::uint8_t index, std::string_view octets, CleanWriter& out) const {
  void* const converter = multi_.at(index);
  if (converter == nullptr) {
    for (const char c : octets) {
      if (static_cast<unsigned char>(c) < 0x80)
        out.put(static_cast<unsigned char>(c));
      else
        out.bad();
    }
    return;
  }
  iconv(converter, nullptr, nullptr, nullptr, nullptr);
  char chunk[4096];
  char* in = const_cast<char*>(octets.data());  // iconv does not write to its input
  std::size_t in_left = octets.size();
  // Each turn takes input, or fills the chunk, or skips an octet: the loop ends.
  while (in_left != 0) {
    char* to = chunk;
    std::size_t out_left = sizeof chunk;
    const std::size_t result = iconv(converter, &in, &in_left, &to, &out_left);
    const int error = errno;
    out.utf8({chunk, static_cast<std::size_t>(to - chunk)});
    if (result != static_cast<std::size_t>(-1)) continue;
    if (error == E2BIG && to != chunk) continue;
    if (in_left == 0) break;
    if (const char16_t c = second_opinion(index, {in, in_left}); c != 0) {
      out.put(c);
      in += 2;
      in_left -= 2;
      continue;
    }
    out.bad();
    if (error == EINVAL) break;  // cut within a character
    ++in;
    --in_left;
  }
  char* to = chunk;
  std::size_t out_left = sizeof chunk;
  iconv(converter, nullptr, nullptr, &to, &out_left);
  out.utf8({chunk, static_cast<std::size_t>(to - chunk)});
}

}  // namespace kiyome::sanitizer::text
