// One cookie, opened before confinement and used by every child. Never closed: children exit without cleaning
// up.
#include "sanitizers/type/magic_database.h"

#include <magic.h>

#include <algorithm>

namespace kiyome::sanitizer::type {
namespace {

magic_t& cookie() {
  static magic_t handle = nullptr;
  return handle;
}

}  // namespace

void load_magic() {
  if (cookie() != nullptr) return;
  const magic_t handle =
      magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TEXT | MAGIC_NO_CHECK_ENCODING |
                 MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_CDF |
                 MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TAR);
  if (handle == nullptr) return;
  std::size_t octets = 256u << 10;
  magic_setparam(handle, MAGIC_PARAM_BYTES_MAX, &octets);
  if (magic_load(handle, nullptr) != 0) {
    magic_close(handle);
    return;
  }
  cookie() = handle;
}

std::string magic_type(std::string_view octets) {
  if (cookie() == nullptr || octets.empty()) return {};
  const char* const said = magic_buffer(cookie(), octets.data(), octets.size());
  if (said == nullptr) return {};
  std::string type(said);
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  const bool one_type = std::count(type.begin(), type.end(), '/') == 1 && type.size() < 200 &&
                        std::all_of(type.begin(), type.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return one_type ? type : std::string();
}

}  // namespace kiyome::sanitizer::type
