#include "service/base/config_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <numeric>

#include "proto/base/characters.h"
#include "proto/base/limits.h"

namespace kiyome {

std::string HostPort::text() const {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

namespace config_values {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

template <class T>
bool whole_number(std::string_view text, T& into) {
  if (text.empty()) return false;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), into);
  return trouble == std::errc() && end == text.data() + text.size();
}

// The address in network order, 4 or 16 octets; empty when it is none.
std::vector<std::uint8_t> address_octets(const std::string& text) {
  std::vector<std::uint8_t> out(16);
  if (::inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  out.resize(4);
  if (::inet_pton(AF_INET, text.c_str(), out.data()) == 1) return out;
  return {};
}

// True for 1.2.3.4 with bits 0 from `prefix` on.
bool rest_is_zero(const std::vector<std::uint8_t>& octets, unsigned prefix) {
  for (unsigned bit = prefix; bit < octets.size() * 8; ++bit)
    if ((octets[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  return true;
}

std::string domain_like_trouble(std::string_view text, std::string_view extra) {
  if (text.empty()) return "must not be empty";
  if (text.size() > limits::kSmtpDomain) return "is longer than 255 characters";
  std::size_t label = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80)
      return "must be ASCII: write an international domain in its xn-- form";
    if (c != '.' && c != '-' && c != '_' && !is_letter_or_digit(c) && extra.find(c) == std::string_view::npos)
      return "is not a domain name";
    if (c == '.' && label == 0) return "is not a domain name";
    label = c == '.' ? 0 : label + 1;
    if (label > limits::kSmtpLabel) return "has a label longer than 63 characters";
  }
  return label == 0 ? "is not a domain name: it ends with a dot" : "";
}

// Edits (insert, delete, replace, swap of neighbours) from a to b; names are short, so the plain table will
// do.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::optional<HostPort> host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  HostPort out;
  if (!whole_number(text.substr(colon + 1), out.port) || out.port == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    out.host = host.substr(1, host.size() - 2);
    if (address_octets(out.host).size() != 16) return std::nullopt;
    return out;
  }
  if (!domain_trouble(host).empty()) return std::nullopt;
  // 127.0.0 and 1.2.3.400 are mistyped addresses, not names: the last label of a name is not a number.
  unsigned number = 0;
  if (whole_number(last_part(host), number) && address_octets(std::string(host)).size() != 4)
    return std::nullopt;
  out.host = host;
  return out;
}

std::string network_trouble(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::vector<std::uint8_t> octets = address_octets(std::string(text.substr(0, slash)));
  if (octets.empty()) return "is not a network such as \"192.0.2.0/24\" or \"2001:db8::/32\"";
  if (slash == std::string_view::npos) return "";
  unsigned prefix = 0;
  if (!whole_number(text.substr(slash + 1), prefix) || prefix > octets.size() * 8)
    return "has a prefix length that is not 0 to " + std::to_string(octets.size() * 8);
  if (!rest_is_zero(octets, prefix))
    return "has bits set after its prefix: write the network, or the address alone";
  return "";
}

std::string with_prefix_length(std::string_view network) {
  if (network.find('/') != std::string_view::npos) return std::string(network);
  return std::string(network) + (network.find(':') == std::string_view::npos ? "/32" : "/128");
}

std::string domain_trouble(std::string_view text) { return domain_like_trouble(text, ""); }
std::string domain_glob_trouble(std::string_view text) { return domain_like_trouble(text, "*?"); }

std::string glob_trouble(std::string_view text) {
  return text.empty() ? "must not be empty: leave the key out to match everything" : line_trouble(text);
}

std::string address_trouble(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) return "is not a mail address";
  for (const char c : text.substr(0, at))
    if (!is_letter_or_digit(c) && std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) == std::string_view::npos)
      return "is not a plain mail address in ASCII";
  return domain_trouble(text.substr(at + 1));
}

std::string line_trouble(std::string_view text) {
  if (!is_line(text) || text.find('\t') != std::string_view::npos ||
      text.find('\x7f') != std::string_view::npos)
    return "must be one line without control characters";
  return text.size() > limits::kConfigLine ? "is longer than 200 octets" : "";
}

std::string path_trouble(std::string_view text) {
  return text.find('\0') != std::string_view::npos ? "must not contain NUL" : "";
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& names) {
  if (written.size() > limits::kConfigLine) return "";
  // The same table first: "edge.smtp.listne". Then the right word in another table: "smtp.listen",
  // "edge.smtp.tls_ca".
  const std::string_view table = written.substr(0, written.size() - last_part(written).size());
  const std::string* best = nullptr;
  std::size_t fewest = std::max<std::size_t>(2, last_part(written).size() / 3) + 1;
  for (const std::string& name : names) {
    if (!std::string_view(name).starts_with(table) || last_part(name).size() + table.size() != name.size())
      continue;
    const std::size_t count = edits(last_part(written), last_part(name));
    if (count < fewest && count < last_part(name).size()) {
      fewest = count;
      best = &name;
    }
  }
  if (best != nullptr) return *best;
  for (const std::string& name : names)
    if (name.size() > written.size() && name.ends_with(written) &&
        name[name.size() - written.size() - 1] == '.')
      return name;
  for (const std::string& name : names)
    if (last_part(name) == last_part(written)) return name;
  return "";
}

}  // namespace config_values
}  // namespace kiyome
