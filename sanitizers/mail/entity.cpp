// See entity.h.
#include "sanitizers/mail/entity.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

using clean::Finding;

constexpr std::size_t kSameFields = 8;         // of one name that are looked at; more are refused
constexpr std::size_t kEntityBoundaries = 32;  // readings of all its Content-Type fields

bool starts_multipart(std::string_view type) { return type.substr(0, 9) == "multipart"; }

// RFC 2045 section 5.2: an unreadable Content-Type is text/plain; but a named part is more likely a file.
std::string usable_type(const Parameterized& field, std::string_view default_type) {
  const std::string& value = field.value;
  if (clean::is_media_type(value)) return value;
  if (starts_multipart(value)) return "multipart/mixed";
  if (value == "text" || value == "text/") return "text/plain";
  if (value == "html") return "text/html";
  if (value == "message" || value == "message/") return "message/rfc822";
  if (value.empty() && !field.parameters.empty() && parameter_octets(field, "name").empty())
    return std::string(default_type);
  if (value.empty() && field.parameters.empty()) return std::string(default_type);
  return parameter_octets(field, "name").empty() ? "text/plain" : "application/octet-stream";
}

// How much a reading of the type can hide: containers first, then whatever is not shown as text.
int rank(std::string_view type) {
  if (starts_multipart(type)) return 3;
  if (is_message_type(type)) return 2;
  return type.substr(0, 5) == "text/" ? 0 : 1;
}

bool add_boundaries(Node& node, const Parameterized& type) {
  bool too_many = type.too_many;
  for (std::string& reading : boundary_readings(type, too_many)) {
    if (std::find(node.boundaries.begin(), node.boundaries.end(), reading) != node.boundaries.end()) continue;
    if (node.boundaries.size() >= kEntityBoundaries) return false;
    node.boundaries.push_back(std::move(reading));
  }
  return !too_many;
}

bool settle_type(Node& node, std::string_view default_type) {
  std::size_t seen = 0;
  for (const Field& field : node.fields.all) {
    if (!same_text(field.name, "content-type")) continue;
    if (++seen > kSameFields) return false;
    Parameterized type = read_parameterized(field.value);
    if (!add_boundaries(node, type)) return false;
    std::string usable = usable_type(type, default_type);
    if (seen > 1) note(node.findings, Finding::kDuplicateHeader);
    if (seen == 1 || rank(usable) > rank(node.media_type)) {
      if (seen > 1) note(node.findings, Finding::kAmbiguousStructure);
      if (seen == 1) node.declared_type = clean::is_media_type(type.value) ? type.value : std::string();
      node.media_type = std::move(usable);
      node.type = std::move(type);
    }
  }
  if (seen == 0) node.media_type = default_type;
  if (seen > 1 && rank(node.media_type) > 0 && clean::is_media_type(node.type.value))
    node.declared_type = node.type.value;
  return true;
}

bool settle_encoding(Node& node, std::string_view octets) {
  std::size_t seen = 0;
  for (const Field& field : node.fields.all) {
    if (!same_text(field.name, "content-transfer-encoding")) continue;
    if (++seen > kSameFields) return false;
    const Encoding encoding = encoding_of(field.value);
    if (seen == 1) {
      node.encoding = encoding;
      continue;
    }
    note(node.findings, Finding::kDuplicateHeader);
    if (encoding == node.encoding || encoding == Encoding::identity || encoding == Encoding::unknown)
      continue;
    // Two that differ: base64 if the content can be that, else the one that decodes at all.
    note(node.findings, Finding::kAmbiguousStructure);
    const bool base64 = looks_like_base64(octets.substr(std::min(node.body, octets.size()), 400), 4);
    const bool had = node.encoding != Encoding::identity && node.encoding != Encoding::unknown;
    if (!had || (encoding == Encoding::base64) == base64) node.encoding = encoding;
  }
  if (node.encoding == Encoding::unknown) note(node.findings, Finding::kMalformedEncoding);
  return true;
}

// Several are read as one: an attachment if any says so, named by whichever names it.
bool settle_disposition(Node& node) {
  std::size_t seen = 0;
  for (const Field& field : node.fields.all) {
    if (!same_text(field.name, "content-disposition")) continue;
    if (++seen > kSameFields) return false;
    Parameterized disposition = read_parameterized(field.value);
    if (disposition.too_many) return false;
    if (seen == 1) {
      node.disposition = std::move(disposition);
      continue;
    }
    note(node.findings, Finding::kDuplicateHeader);
    if (disposition.value == "attachment") node.disposition.value = disposition.value;
    for (Parameter& parameter : disposition.parameters)
      node.disposition.parameters.push_back(std::move(parameter));
  }
  return true;
}

}  // namespace

bool is_message_type(std::string_view media_type) {
  return media_type == "message/rfc822" || media_type == "message/global" || media_type == "message/news" ||
         media_type == "message/rfc2822" || media_type == "message/rfc-822" ||
         media_type == "message/rfc5322";
}

bool settle_entity(Node& node, std::string_view default_type, std::string_view octets) {
  if (!settle_type(node, default_type) || !settle_encoding(node, octets) || !settle_disposition(node))
    return false;
  if (node.fields.junk) note(node.findings, Finding::kBrokenStructure);
  if (node.fields.at_boundary && !node.fields.all.empty()) note(node.findings, Finding::kBrokenStructure);
  return true;
}

bool is_nested_message(const Node& node, std::string_view octets) {
  if (!is_message_type(node.media_type)) return false;
  if (node.body >= octets.size()) return false;
  if (node.encoding == Encoding::quoted_printable || node.encoding == Encoding::uuencode) return false;
  if (node.encoding != Encoding::base64) return true;
  // Called base64: believed only when it can be; some gateways say so of a message that stands in clear.
  const std::string_view head = trimmed(octets.substr(node.body, 400));
  return !looks_like_base64(head.substr(0, head.find_first_of("\r\n")), 16);
}

}  // namespace kiyome::sanitizer::mail
