// What is known of an item, as words of the full text index that no text can contain: characters of private
// use, which words.h drops. Most are one character; the few with many values are one character and digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/clean/findings.h"
#include "proto/clean/types.h"
#include "service/store/item_store.h"

namespace kiyome::review {

bool is_fact(std::string_view word);

std::string state_fact(store::State state);
std::string verdict_fact(Verdict verdict);
std::string direction_fact(bool drop);
std::string reason_fact(clean::Finding finding);
std::string asked_fact();                     // a request is open
std::string kept_fact();                      // legal hold
std::string named_fact(std::int64_t number);  // a tenant or department, by its number in table `names`
// Of a SHA-256 in hexadecimal digits: the first 16 of them are kept. To search for, fewer do.
std::string hash_fact(std::string_view hex);
// Of an address as store::address_key() has it.
std::string sender_fact(std::string_view address);
std::string recipient_fact(std::string_view address);
inline constexpr std::size_t kHashDigits = 16;
bool is_hash_fact(std::string_view word);
bool is_sender_fact(std::string_view word);

}  // namespace kiyome::review
