// Apart from account_list.cpp: only the command line converts, and the gate's program needs none of it.
#include <iconv.h>

#include <memory>

#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "service/auth/account_list.h"

namespace kiyome::auth {
namespace {

std::string with_lf(std::string_view octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] != '\r') out += octets[i];
    if (octets[i] == '\r' && (i + 1 == octets.size() || octets[i + 1] != '\n')) out += '\n';
  }
  return out;
}

std::optional<std::string> from_cp932(std::string text) {
  iconv_t handle = ::iconv_open("UTF-8", "CP932");
  if (handle == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  std::string out(text.size() * 3 + 8, '\0');
  char *from = text.data(), *into = out.data();
  std::size_t from_left = text.size(), into_left = out.size();
  const bool whole =
      ::iconv(handle, &from, &from_left, &into, &into_left) != static_cast<std::size_t>(-1) && from_left == 0;
  ::iconv_close(handle);
  if (!whole) return std::nullopt;
  out.resize(out.size() - into_left);
  return out;
}

}  // namespace

std::optional<std::string> list_text(std::string_view octets) {
  if (octets.starts_with("\xEF\xBB\xBF")) octets.remove_prefix(3);
  if (octets.size() > limits::kAccountList) return std::nullopt;
  std::string text = with_lf(octets);
  if (is_text(text)) return text;
  std::optional<std::string> converted = from_cp932(std::move(text));
  if (!converted || !is_text(*converted)) return std::nullopt;
  return converted;
}

}  // namespace kiyome::auth
