#include "service/portal/same_site.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace kiyome::portal {

static bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool from_our_page(const http::Request& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin") return false;
  std::string_view origin = request.header("origin");
  if (origin.empty()) return true;
  // The scheme is not compared: before us may stand what ends TLS.
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;  // "null"
  return same_name(origin.substr(scheme + 3), request.header("host"));
}

bool same_secret(std::string_view given, std::string_view ours) {
  return !ours.empty() && given.size() == ours.size() &&
         CRYPTO_memcmp(given.data(), ours.data(), ours.size()) == 0;
}

}  // namespace kiyome::portal
