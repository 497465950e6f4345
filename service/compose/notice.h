// What we tell the reader of a mail: the first line, and the notice at the end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/compose/compose.h"

namespace kiyome::compose {

struct NoticeInput {
  std::string_view item;  // X-Kiyome-Id without ordinal
  const std::vector<PartOutcome>* outcomes = nullptr;
  std::vector<std::string_view> output_names;  // of each outcome: the clean attachment's name, or empty
  std::vector<clean::Finding> notes;           // about the body and the header
  std::string_view link{};                     // by which the reader can ask; empty: none
};

struct Notice {
  std::string lead;   // one line with LF, or empty: nothing was done that a reader must know
  std::string block;  // from the empty line before the head to the foot, or empty together with `lead`
};

// Texts of the sender within it (names) obey the same rules as the body; what breaks is added to `findings`.
Notice write_notice(const NoticeInput& input, const Config& config, std::vector<clean::Finding>& findings);

// "12.3 KB (12,595 バイト)".
std::string size_text(std::uint64_t bytes);
// "Excel ブック (application/vnd.ms-excel)".
std::string type_text(std::string_view media_type);
// Japanese reasons joined by "、", each once.
std::string reasons_text(const std::vector<clean::Finding>& reasons);
// "○○へお問い合わせください" with the configured contact, made harmless.
std::string contact_sentence(const NoticeConfig& config);

}  // namespace kiyome::compose
