// Lines that must not read as something else (GRAMMAR.md section 3): the begin of an encoded file, or a line
// of ours.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::compose {

// Marks that only we write at the begin of a line.
inline constexpr std::string_view kLeadMark = "【無害化】";
inline constexpr std::string_view kNoticeHead = "【無害化通知】";
inline constexpr std::string_view kNoticeFoot = "【無害化通知おわり】";
inline constexpr std::string_view kSenderCheck = "送信者確認";
inline constexpr std::string_view kExternalMark = "【外部】";
inline constexpr std::string_view kEscape = "| ";

// Whether some reader takes the line for the begin of uuencode, yEnc, BinHex, PEM or PGP.
bool begins_encoding(std::string_view line);

// Whether a person may take the line for one of ours.
bool imitates_us(std::string_view line);

// Writes kEscape before every such line. true if there was one.
bool escape_lines(std::string& text);

}  // namespace kiyome::compose
