// Where in an item the files lie that are held because they are encrypted. Pure.
#pragma once

#include <string>
#include <string_view>

#include "service/cleaner/clean_item.h"

namespace kiyome::cleaner {

// The places in a group's mail that a password could open: numbers of parts and, behind slashes, of entries:
// "3/0 5". Empty when nothing is locked. What nobody here can open with any password is not told.
std::string locked_places(const Group& group, const clean::MailAnswer& answer);

// Whether a file at one of these places is a clean one in this group's mail.
bool opens_any(std::string_view places, const Group& group);

}  // namespace kiyome::cleaner
