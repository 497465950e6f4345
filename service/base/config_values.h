// Values of the configuration file, as text → as we use them. Trusts nothing of the text; says why not in
// words for the operator. Pure, thread-safe, no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/config.h"

namespace kiyome::config_values {

// "127.0.0.1:25", "[::1]:25" or "name:25". Empty when it is none of these or the port is 0.
std::optional<HostPort> host_port(std::string_view text);

// Each gives why `text` is not such a value, or an empty text when it is one.
std::string network_trouble(std::string_view text);  // "192.0.2.0/24", "2001:db8::/32", or one address
std::string domain_trouble(std::string_view text);   // a host or domain name in ASCII
std::string domain_glob_trouble(std::string_view text);
std::string glob_trouble(std::string_view text);     // over addresses and types
std::string address_trouble(std::string_view text);  // local@domain in ASCII, without quotes
std::string line_trouble(std::string_view text);     // one line of UTF-8 without controls, at most 200 octets
std::string path_trouble(std::string_view text);

// `address` alone becomes address/32 or /128.
std::string with_prefix_length(std::string_view network);

// The name of `names` that a person most likely meant, or empty. Few edits, or the right last part in another
// table.
std::string did_you_mean(std::string_view written, const std::vector<std::string>& names);

}  // namespace kiyome::config_values
