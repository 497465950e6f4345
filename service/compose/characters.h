// The character rules (GRAMMAR.md section 1): which characters may stand in a clean text, and in which form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::compose {

// Adds `finding` unless it is there already.
void add_finding(std::vector<clean::Finding>& findings, clean::Finding finding);

// NFC everywhere but at CJK compatibility ideographs, which stay as they are. `utf8` is valid.
std::string composed(std::string_view utf8);

// NFKC, for comparing what looks alike. `utf8` is valid and short.
std::string compatibility_form(std::string_view utf8);

// General category Mn, Mc, Me.
bool is_mark(char32_t c);

}  // namespace kiyome::compose
