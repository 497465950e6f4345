// The tokenizer: HTML standard section 13.2.5, reduced to what changes which text is seen. Each octet is
// looked at a bounded number of times; an unclosed construct takes the rest of the input once and says so.
#include "sanitizers/text/html_tokenizer.h"

#include <algorithm>
#include <iterator>

namespace kiyome::sanitizer::text {
namespace {

constexpr std::string_view kTagNames[] = {
#define TAG(name) #name,
#include "sanitizers/text/html_tags.def"
#undef TAG
};
constexpr std::string_view kAttributeNames[] = {
#define ATTRIBUTE(name, html) html,
#include "sanitizers/text/html_attributes.def"
#undef ATTRIBUTE
};
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

constexpr std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(lower(c))) * 16777619u;
  return hash;
}

constexpr bool equal_lowered(std::string_view lowered, std::string_view name) {
  if (lowered.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (lower(name[i]) != lowered[i]) return false;
  return true;
}

// Places in a list of names by hash, filled at compile time; 0 is an empty slot, others are a place plus one.
template <std::size_t names, std::size_t slots>
struct NameIndex {
  std::array<std::uint8_t, slots> place{};
  const std::string_view* list;

  constexpr explicit NameIndex(const std::string_view (&all)[names]) : list(all) {
    static_assert(names < 255 && slots >= 2 * names);
    for (std::size_t i = 0; i < names; ++i) {
      std::size_t slot = hash_of(all[i]) % slots;
      while (place[slot] != 0) slot = (slot + 1) % slots;
      place[slot] = static_cast<std::uint8_t>(i + 1);
    }
  }
  constexpr std::size_t find(std::uint32_t hash, std::string_view name) const {
    for (std::size_t slot = hash % slots; place[slot] != 0; slot = (slot + 1) % slots)
      if (equal_lowered(list[place[slot] - 1], name)) return place[slot];
    return 0;
  }
};

constexpr NameIndex<std::size(kTagNames), 1024> kTagIndex(kTagNames);
constexpr NameIndex<std::size(kAttributeNames), 128> kAttributeIndex(kAttributeNames);

bool is_raw(Tag tag) {
  switch (tag) {
    case Tag::script:
    case Tag::style:
    case Tag::title:
    case Tag::textarea:
    case Tag::iframe:
    case Tag::noembed:
    case Tag::noframes:
    case Tag::xmp:
      return true;
    default:
      return false;
  }
}

bool has_references(Tag tag) { return tag == Tag::title || tag == Tag::textarea; }

}  // namespace

Tag tag_of(std::string_view name, std::uint32_t& id) {
  id = hash_of(name);  // two names that collide merely close each other
  // "template" is a word of C++ and bears an underscore in the table.
  if (equal_lowered("template", name)) return Tag::template_;
  return static_cast<Tag>(kTagIndex.find(id, name));
}

bool HtmlTokenizer::swallow(Token& token, std::size_t from) {
  token.kind = Token::Kind::swallowed;
  token.text = s_.substr(from);
  at_ = s_.size();
  return true;
}

bool HtmlTokenizer::next(Token& token) {
  token.present = 0;
  token.handler = false;
  token.raw = false;
  while (at_ < s_.size()) {
    if (raw_until_ != Tag::other) {
      raw_text(token);
      if (!token.text.empty()) return true;
      continue;
    }
    if (s_[at_] == '<' && at_ + 1 < s_.size()) {
      const char c = s_[at_ + 1];
      if (is_letter(c) || c == '/' || c == '!' || c == '?') {
        if (markup(token)) return true;
        continue;
      }
    }
    // Text runs to the next '<' that begins markup; a lone '<' begins a text token of its own.
    const std::size_t end = std::min(s_.find('<', at_ + 1), s_.size());
    token.kind = Token::Kind::text;
    token.tag = Tag::other;
    token.text = s_.substr(at_, end - at_);
    at_ = end;
    return true;
  }
  return false;
}

// At '<' and what makes it markup. False: it was a comment or its like, and is behind us.
bool HtmlTokenizer::markup(Token& token) {
  const std::size_t start = at_;
  const char c = s_[at_ + 1];
  if (is_letter(c)) return tag(token, at_ + 1, false);
  if (c == '/' && at_ + 2 < s_.size() && is_letter(s_[at_ + 2])) return tag(token, at_ + 2, true);
  if (s_.compare(at_, 4, "<!--") == 0) {
    if (s_.compare(at_ + 4, 1, ">") == 0 || s_.compare(at_ + 4, 2, "->") == 0) {
      at_ = s_.find('>', at_ + 4) + 1;
      return false;
    }
    // Ends at "-->" or "--!>"; the dashes of the beginning count.
    for (std::size_t close = s_.find("--", at_ + 2); close != std::string_view::npos;
         close = s_.find("--", close + 1)) {
      const std::string_view after = s_.substr(close + 2, 2);
      if (close < at_ + 4 || !(after.starts_with(">") || after == "!>")) continue;
      at_ = close + (after.starts_with(">") ? 3 : 4);
      return false;
    }
    return swallow(token, start);
  }
  if (s_.compare(at_, 9, "<![CDATA[") == 0) {
    // Foreign content shows it, HTML hides it: its text is kept, for nothing may be lost.
    at_ += 9;
    const std::size_t end = std::min(s_.find("]]>", at_), s_.size());
    token.kind = Token::Kind::text;
    token.tag = Tag::other;
    token.text = s_.substr(at_, end - at_);
    at_ = std::min(end + 3, s_.size());
    return !token.text.empty();
  }
  const std::size_t end = s_.find('>', at_);
  if (end == std::string_view::npos) return swallow(token, start);
  at_ = end + 1;
  return false;
}

bool HtmlTokenizer::tag(Token& token, std::size_t name_at, bool end) {
  const std::size_t start = at_;
  std::size_t name_end = name_at;
  while (name_end < s_.size() && !is_blank(s_[name_end]) && s_[name_end] != '>' && s_[name_end] != '/')
    ++name_end;
  token.kind = end ? Token::Kind::end : Token::Kind::start;
  token.name = s_.substr(name_at, name_end - name_at);
  token.tag = tag_of(token.name, token.id);
  token.text = {};
  at_ = name_end;
  attributes(token);
  if (at_ >= s_.size()) return swallow(token, start);
  ++at_;  // '>'
  if (!end && is_raw(token.tag)) raw_until_ = token.tag;
  return true;
}

// From behind the name to the '>' (or the end of input). The first of equal attributes counts.
void HtmlTokenizer::attributes(Token& token) {
  while (at_ < s_.size()) {
    while (at_ < s_.size() && (is_blank(s_[at_]) || s_[at_] == '/')) ++at_;
    if (at_ >= s_.size() || s_[at_] == '>') return;
    const std::size_t name_at = at_++;  // a leading '=' belongs to the name
    while (at_ < s_.size() && !is_blank(s_[at_]) && s_[at_] != '=' && s_[at_] != '>' && s_[at_] != '/') ++at_;
    const std::string_view name = s_.substr(name_at, at_ - name_at);
    std::size_t after = at_;
    while (after < s_.size() && is_blank(s_[after])) ++after;
    std::string_view value;
    if (after < s_.size() && s_[after] == '=') {
      at_ = after + 1;
      while (at_ < s_.size() && is_blank(s_[at_])) ++at_;
      if (at_ < s_.size() && (s_[at_] == '"' || s_[at_] == '\'')) {
        const std::size_t close = s_.find(s_[at_], at_ + 1);
        if (close == std::string_view::npos) {
          at_ = s_.size();
          return;
        }
        value = s_.substr(at_ + 1, close - at_ - 1);
        at_ = close + 1;
      } else {
        const std::size_t from = at_;
        while (at_ < s_.size() && !is_blank(s_[at_]) && s_[at_] != '>') ++at_;
        value = s_.substr(from, at_ - from);
      }
    } else {
      at_ = after;
    }
    if (name.size() > 3 && lower(name[0]) == 'o' && lower(name[1]) == 'n') token.handler = true;
    const std::size_t place = kAttributeIndex.find(hash_of(name), name);
    if (place == 0) continue;
    const std::size_t index = place - 1;
    if ((token.present >> index & 1u) != 0) continue;
    token.present |= 1u << index;
    token.values[index] = value;
  }
}

// The text of script, style, title … up to its end tag. Without one it takes the rest.
void HtmlTokenizer::raw_text(Token& token) {
  const std::string_view name = kTagNames[static_cast<std::size_t>(raw_until_) - 1];
  const std::size_t start = at_;
  std::size_t end = start;
  token.kind = Token::Kind::swallowed;
  while ((end = s_.find("</", end)) != std::string_view::npos) {
    const std::string_view candidate = s_.substr(end + 2, name.size());
    const std::size_t after = end + 2 + name.size();
    const bool equal =
        candidate.size() == name.size() &&
        std::equal(name.begin(), name.end(), candidate.begin(), [](char a, char b) { return a == lower(b); });
    if (equal && (after >= s_.size() || is_blank(s_[after]) || s_[after] == '>' || s_[after] == '/')) {
      token.kind = Token::Kind::text;
      break;
    }
    end += 2;
  }
  if (end == std::string_view::npos) end = s_.size();
  token.tag = raw_until_;
  token.text = s_.substr(start, end - start);
  token.raw = !has_references(raw_until_);
  at_ = end;
  raw_until_ = Tag::other;
}

}  // namespace kiyome::sanitizer::text
