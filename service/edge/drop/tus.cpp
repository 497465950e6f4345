#include "service/edge/drop/tus.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "service/compose/compose.h"

namespace kiyome::edge::drop {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648 section 4, exactly: whole groups, padding at the end only, no bits left over.
std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  text.remove_suffix(padding);
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return out;
}

bool is_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::optional<std::uint64_t> tus_number(std::string_view text) {
  constexpr std::uint64_t kMost = INT64_MAX;
  if (text.empty()) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (out > (kMost - digit) / 10) return std::nullopt;
    out = out * 10 + digit;
  }
  return out;
}

Result<std::string> tus_file_name(std::string_view metadata) {
  if (metadata.size() > limits::kDropMetadata) return failure("Upload-Metadata is too long");
  std::string name;
  std::set<std::string_view> keys;
  while (!metadata.empty()) {
    std::string_view pair = metadata.substr(0, metadata.find(','));
    metadata.remove_prefix(std::min(pair.size() + 1, metadata.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    while (pair.ends_with(' ')) pair.remove_suffix(1);
    const std::string_view key = pair.substr(0, pair.find(' '));
    if (!is_key(key) || !keys.insert(key).second || keys.size() > limits::kDropMetadataKeys)
      return failure("Upload-Metadata is malformed");
    const auto value = base64_decoded(pair.substr(std::min(key.size() + 1, pair.size())));
    if (!value) return failure("Upload-Metadata is malformed");
    if (key != "filename") continue;
    if (!is_line(*value)) return failure("filename is no text");
    name = *value;
  }
  return name;
}

std::string kept_file_name(std::string_view name) {
  if (name.size() > limits::kDropFileName) return {};
  std::vector<clean::Finding> unused;
  const std::string clean = compose::clean_line(name, unused);
  std::string out;
  for (std::string_view left = clean; !left.empty();) {
    const std::string_view segment = left.substr(0, left.find('/'));
    left.remove_prefix(std::min(segment.size() + 1, left.size()));
    if (segment.empty() || segment == "." || segment == "..") continue;
    out.append(out.empty() ? "" : "/").append(segment);
  }
  return out.size() > limits::kDropFileName ? std::string() : out;
}

http::Handler speaking_tus(http::Handler handler) {
  return [handler = std::move(handler)](http::Request& request) {
    try {
      if (request.header("tus-resumable") != kTusVersion)
        throw http::Problem{412,
                            "tus-version",
                            "tus 1.0.0 で送信してください / this server speaks tus 1.0.0",
                            {},
                            {{"Tus-Version", std::string(kTusVersion)}}};
      http::Response response = handler(request);
      response.headers.emplace_back("Tus-Resumable", kTusVersion);
      return response;
    } catch (http::Problem& problem) {
      problem.headers["Tus-Resumable"] = kTusVersion;
      throw;
    }
  };
}

}  // namespace kiyome::edge::drop
