// Texts as words that can be searched for: NFKC with case folded (full and half width are the same), Latin
// letters and digits as words, Japanese, Chinese and Korean runs as overlapping pairs of characters. Texts
// are hostile; what comes out is words of letters and digits with one space between, and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiyome::review {

// Characters of a word that are looked at from its beginning: each shorter beginning is found as itself.
inline constexpr std::size_t kWordBeginnings = 12;

// Of what is to be found: "会議資料 2026.pdf" → "会議 議資 資料 料 2026 pdf". At most `max` characters of
// `text` are looked at; what is no UTF-8 parts words. Thread-safe.
std::string searchable(std::string_view text, std::size_t max);

// Of what is looked for, a piece for each run without white space; each has to be found as a phrase whose
// last word is a beginning. At most limits::kReviewTerms pieces of limits::kReviewQuery characters in all.
// Pieces without letters and digits are left out.
struct SearchPiece {
  std::string words;    // as searchable() gives them, but for the last character of a run at the end
  std::string address;  // folded, when the piece looks like a whole mail address
  std::string hex;      // lower case, when the piece is 8 to 64 hexadecimal digits: perhaps of a SHA-256
};
std::vector<SearchPiece> search_pieces(std::string_view text);

}  // namespace kiyome::review
