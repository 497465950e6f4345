// A mail address as somebody types it → as SMTP and accounts have it.
#pragma once

#include <string>

namespace kiyome::edge::drop {

// "local@domain" in lower case; empty when it is none, or bears what no clean text does.
std::string mailbox_of(const std::string& address);

}  // namespace kiyome::edge::drop
