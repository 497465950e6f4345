// The words of a page as invisible text (PDF.md, "Content stream" and "Codes"), so that a clean PDF can be
// searched, copied and read aloud. The words are claims of a conquered process: only characters of a clean
// text pass, and only where the page shows something.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/clean/document.h"
#include "service/compose/document/pixels.h"

namespace kiyome::compose {

// Whether the pixels under a word differ at all: text of the background's colour is hidden text. Takes the
// pixels it looks at from `looks`; when they are used up, nothing shows.
bool shows_ink(const Pixels& page, const clean::Page& size, const clean::Word& word, std::uint64_t& looks);

// For one document. Not thread-safe.
class InvisibleText {
 public:
  // The text object for the words with ink, or nothing. `pixels` may be null: then there is no page to ask.
  std::string text_object(const clean::Words& words, const clean::Page& page, const Pixels* pixels);

  // The ToUnicode CMap of all text objects so far.
  std::string to_unicode() const;

  const std::vector<clean::Finding>& findings() const { return findings_; }

 private:
  void take_back(std::size_t characters);
  bool append_codes(const std::string& text, std::string& hex, std::uint32_t& count);
  void append_word(const clean::Words& words, std::size_t at, const clean::Page& page, std::string& out);

  std::unordered_map<char32_t, std::uint16_t> codes_;  // of characters beyond the basic plane
  std::vector<char32_t> characters_;                   // … in the order of their codes
  std::vector<clean::Finding> findings_;
};

}  // namespace kiyome::compose
