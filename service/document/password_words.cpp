#include "service/document/password_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <span>

#include "proto/base/limits.h"

namespace kiyome::document {
namespace {

// ---- characters ----

// Full-width forms become ASCII; what has no width falls out (0).
char32_t folded(char32_t c) {
  if (c >= 0xff01 && c <= 0xff5e) return c - 0xff01 + '!';
  switch (c) {
    case 0x3000:  // blanks that are no U+0020
    case 0xa0:
    case '\t':
      return ' ';
    case 0x2010:
    case 0x2011:
    case 0x2212:
      return '-';
    case 0x301c:
      return '~';
    case 0xa5:  // ¥ is how a backslash looks in Japan
    case 0xffe5:
      return '\\';
    case 0xad:
    case 0x200b:
    case 0x200c:
    case 0x200d:
    case 0x2060:
    case 0xfeff:
      return 0;
    default:
      return c;
  }
}

// One character of UTF-8 that a decoder has checked; an octet that is none is taken as it is.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  const std::size_t more = first < 0xc0 ? 0U : first < 0xe0 ? 1U : first < 0xf0 ? 2U : 3U;
  char32_t c = more == 0 ? first : first & (0x3fU >> more);
  for (std::size_t i = 0; i < more && at < text.size(); ++i)
    c = c << 6 | (static_cast<unsigned char>(text[at++]) & 0x3fU);
  return c;
}

std::vector<std::u32string> lines_of(std::string_view text) {
  std::vector<std::u32string> out(1);
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (c == '\n')
      out.emplace_back();
    else if (const char32_t plain = folded(c); plain != 0)
      out.back() += plain;
  }
  return out;
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_upper(char32_t c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char32_t c) { return c >= 'a' && c <= 'z'; }
bool is_alphanumeric(char32_t c) { return is_digit(c) || is_upper(c) || is_lower(c); }
bool is_graphic(char32_t c) { return c > ' ' && c < 0x7f; }
char32_t lower(char32_t c) { return is_upper(c) ? c + ('a' - 'A') : c; }

// ---- key words ----

enum class Reach : unsigned char { line, lines };  // whether the lines below belong to it
struct KeyWord {
  std::u32string_view word;  // Latin letters in lower case: they match as a whole word
  int weight;
  Reach reach;
};
constexpr std::array kKeyWords{
    KeyWord{U"パスワード", 0, Reach::lines},
    KeyWord{U"ハ\u309aスワート\u3099", 0, Reach::lines},  // as macOS takes it apart
    KeyWord{U"ﾊﾟｽﾜｰﾄﾞ", 0, Reach::lines},
    KeyWord{U"パスコード", 0, Reach::lines},
    KeyWord{U"パスフレーズ", 0, Reach::lines},
    KeyWord{U"パス:", 0, Reach::lines},
    KeyWord{U"パス=", 0, Reach::lines},
    KeyWord{U"パスは", 0, Reach::lines},
    KeyWord{U"合言葉", 0, Reach::lines},
    KeyWord{U"合い言葉", 0, Reach::lines},
    KeyWord{U"暗証", 0, Reach::lines},
    KeyWord{U"解凍", -10, Reach::lines},
    KeyWord{U"復号", -10, Reach::lines},
    KeyWord{U"開封", -10, Reach::lines},
    KeyWord{U"暗号", -15, Reach::lines},
    KeyWord{U"鍵", -15, Reach::lines},
    KeyWord{U"キー:", -15, Reach::lines},
    KeyWord{U"password", 0, Reach::lines},
    KeyWord{U"passwords", 0, Reach::lines},
    KeyWord{U"passwd", 0, Reach::lines},
    KeyWord{U"passcode", 0, Reach::lines},
    KeyWord{U"passphrase", 0, Reach::lines},
    KeyWord{U"pass", -5, Reach::lines},
    KeyWord{U"pwd", 0, Reach::lines},
    KeyWord{U"pw", 0, Reach::lines},
    KeyWord{U"p/w", 0, Reach::lines},
    KeyWord{U"decrypt", -10, Reach::lines},
    KeyWord{U"unzip", -15, Reach::lines},
    KeyWord{U"zip", -20, Reach::line},  // any mail with an archive has it
};

struct Key {
  std::size_t begin = 0, end = 0;
  int weight = 0;
  Reach reach = Reach::lines;
};

bool stands_alone(const std::u32string& line, std::size_t begin, std::size_t end) {
  return (begin == 0 || !is_alphanumeric(line[begin - 1])) &&
         (end == line.size() || !is_alphanumeric(line[end]));
}

std::vector<Key> keys_of(const std::u32string& line) {
  std::u32string low(line.size(), 0);
  std::transform(line.begin(), line.end(), low.begin(), lower);
  std::vector<Key> out;
  for (const KeyWord& each : kKeyWords) {
    for (std::size_t at = low.find(each.word);
         at != std::u32string::npos && out.size() < limits::kPasswordKeys; at = low.find(each.word, at + 1)) {
      const std::size_t end = at + each.word.size();
      if (is_lower(each.word.front()) && !stands_alone(line, at, end)) continue;
      out.push_back({at, end, each.weight, each.reach});
    }
  }
  return out;
}

// ---- tokens ----

// Runs of printable ASCII: blanks and all other scripts stand between them.
std::vector<std::string> tokens_of(std::u32string_view line) {
  std::vector<std::string> out;
  std::string token;
  const auto end_token = [&] {
    if (std::any_of(token.begin(), token.end(),
                    [](char c) { return is_alphanumeric(static_cast<unsigned char>(c)); }))
      out.push_back(token);
    token.clear();
  };
  for (const char32_t c : line) {
    if (out.size() == limits::kPasswordTokens) return out;
    if (is_graphic(c))
      token += static_cast<char>(c);
    else
      end_token();
  }
  end_token();
  return out;
}

constexpr std::string_view kOpeners = "([{<\"'`", kClosers = ")]}>\"'`";
constexpr std::string_view kSentenceEnds = ".,;:/|";

bool has(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

// Takes one bracket, quote or pair of them away; false when there is none that does not belong to the word.
bool unwrap(std::string_view& word) {
  if (word.size() < 2) return false;
  const std::size_t opener = kOpeners.find(word.front()), closer = kClosers.find(word.back());
  const std::string_view inner = word.substr(1, word.size() - 2);
  if (opener != std::string_view::npos && opener == closer) {
    word = inner;
    return true;
  }
  if (has(")]}>", word.front()) ||
      (opener != std::string_view::npos && !has(word.substr(1), kClosers[opener]))) {
    word.remove_prefix(1);
    return true;
  }
  const bool opens = kOpeners.find(word.back()) != std::string_view::npos;
  if (opens ||
      (closer != std::string_view::npos && !has(word.substr(0, word.size() - 1), kOpeners[closer]))) {
    word.remove_suffix(1);
    return true;
  }
  return false;
}

bool strip_front(std::string_view& word) {
  for (const std::string_view mark : {"->", "=>", ":", "=", ">"})
    if (word.size() > mark.size() && word.starts_with(mark)) {
      word.remove_prefix(mark.size());
      return true;
    }
  return false;
}

// A token as people mean it, likeliest first, and as it stands.
std::vector<std::string> forms_of(std::string_view token) {
  std::vector<std::string> out;
  if (token.size() > 2 * limits::kPasswordWordMax) return out;  // whatever stands around the word
  std::string_view word = token;
  while (strip_front(word) || unwrap(word)) {
  }
  const std::string_view with_end = word;
  while (!word.empty() && has(kSentenceEnds, word.back())) {
    word.remove_suffix(1);
    while (unwrap(word)) {
    }
  }
  if (word.size() < limits::kPasswordWordMin) return out;
  std::string_view without_mark = word;
  while (!without_mark.empty() && has("!?", without_mark.back())) without_mark.remove_suffix(1);
  for (const std::string_view each : {word, with_end, token, without_mark}) {
    if (each.size() < limits::kPasswordWordMin || each.size() > limits::kPasswordWordMax) continue;
    if (std::find(out.begin(), out.end(), each) == out.end()) out.emplace_back(each);
  }
  return out;
}

bool is_address_or_file(std::string_view word) {
  std::string low;
  for (const char c : word) low += static_cast<char>(lower(static_cast<unsigned char>(c)));
  if (low.find("://") != std::string::npos || low.starts_with("www.") || low.starts_with("mailto:"))
    return true;
  const std::size_t at = low.find('@');
  if (at != std::string::npos && at > 0 && low.find('.', at) != std::string::npos) return true;
  static constexpr std::array<std::string_view, 17> kEnds{".zip", ".pdf",  ".doc", ".docx", ".xls", ".xlsx",
                                                          ".ppt", ".pptx", ".txt", ".csv",  ".lzh", ".7z",
                                                          ".exe", ".html", ".jpg", ".png",  ".jp"};
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return low.ends_with(end); });
}

// How much a word looks like a password that somebody or something made.
int looks(std::string_view word) {
  if (is_address_or_file(word)) return -120;
  std::size_t digits = 0, uppers = 0, lowers = 0, marks = 0, joints = 0;
  for (const char each : word) {
    const auto c = static_cast<unsigned char>(each);
    if (is_digit(c))
      ++digits;
    else if (is_upper(c))
      ++uppers;
    else if (is_lower(c))
      ++lowers;
    else
      ++(has("-./:+(),", each) ? joints : marks);
  }
  const std::size_t letters = uppers + lowers;
  if (letters == 0 && marks == 0)
    return joints == 0 ? 0 : -25;  // a number; or telephones, dates, postal codes
  int out = 0;
  if (letters > 0 && digits > 0) out += 25;
  if (marks > 0) out += 10;
  if (lowers > 0 && uppers > (is_upper(static_cast<unsigned char>(word.front())) ? 1U : 0U)) out += 10;
  if (digits == 0 && marks == 0 && out == 0) out -= 25;                      // a word of a language
  if (letters > 0 && digits > 0 && joints > 0 && has(word, ':')) out -= 20;  // "TEL:03-1234-5678"
  return out;
}

// ---- places ----

constexpr int kBehind = 100, kBelow = 75, kBefore = 40, kAlone = 20, kLeast = 0;

// Each word with the best score it got, in the order of first mention among equals.
class Scores {
 public:
  void add(const std::vector<std::string>& tokens, int base, int step, bool alone) {
    int number = 0;
    for (const std::string& token : tokens) {
      std::vector<std::string> forms = forms_of(token);
      if (forms.empty()) continue;
      int score = base - step * std::min(number++, 9) + looks(forms.front()) + (alone ? kAlone : 0);
      for (std::string& each : forms)
        if (score > kLeast) add(std::move(each), score--);
    }
  }
  std::vector<std::string> best(std::size_t max) const {
    std::vector<const std::pair<const std::string, Place>*> sorted;
    for (const auto& entry : places_) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
      if (a->second.score != b->second.score) return a->second.score > b->second.score;
      return a->second.order < b->second.order;
    });
    std::vector<std::string> out;
    for (const auto* entry : sorted)
      if (out.size() < max) out.push_back(entry->first);
    return out;
  }

 private:
  struct Place {
    int score;
    std::size_t order;
  };
  void add(std::string word, int score) {
    const auto [place, fresh] = places_.try_emplace(std::move(word), Place{score, places_.size()});
    if (!fresh) place->second.score = std::max(place->second.score, score);
  }
  std::map<std::string, Place> places_;
};

bool is_blank(const std::u32string& line) {
  return std::all_of(line.begin(), line.end(), [](char32_t c) { return c == ' '; });
}

bool stands_by_itself(const std::u32string& line, const std::vector<std::string>& tokens) {
  return tokens.size() == 1 && static_cast<std::size_t>(std::count_if(line.begin(), line.end(),
                                                                      [](char32_t c) { return c != ' '; })) <=
                                   tokens.front().size() + 2;  // perhaps within 「」
}

void add_key(std::span<const std::u32string> lines, std::size_t number, const Key& key, Scores& scores) {
  const std::u32string_view line = lines[number];
  const std::vector<std::string> behind = tokens_of(line.substr(key.end));
  const std::size_t before = key.begin - std::min<std::size_t>(key.begin, limits::kPasswordWordMax);
  scores.add(behind, kBehind + key.weight, 3, false);
  scores.add(tokens_of(line.substr(before, key.begin - before)), kBefore + key.weight, 1, false);
  if (key.reach == Reach::line) return;
  // A word that stands on the line itself is likelier meant than those below.
  const bool said = std::any_of(behind.begin(), behind.end(), [](const std::string& each) {
    return !forms_of(each).empty() && looks(each) >= 0;
  });
  unsigned distance = 0;
  for (std::size_t i = number + 1; i < lines.size() && distance < limits::kPasswordLines; ++i) {
    if (is_blank(lines[i])) continue;
    const std::vector<std::string> tokens = tokens_of(lines[i]);
    scores.add(tokens, kBelow + key.weight - 8 * static_cast<int>(distance++) - (said ? 25 : 0), 3,
               stands_by_itself(lines[i], tokens));
  }
}

void add_named(std::span<const std::u32string> lines, Scores& scores) {
  std::size_t keys = 0;
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (const Key& key : keys_of(lines[i]))
      if (keys++ < limits::kPasswordKeys) add_key(lines, i, key, scores);
}

void add_guessed(std::span<const std::u32string> lines, Scores& scores) {
  for (const std::u32string& line : lines) {
    const std::vector<std::string> tokens = tokens_of(line);
    scores.add(tokens, 1, 0, stands_by_itself(line, tokens));
  }
}

bool is_short(std::span<const std::u32string> lines) {
  std::size_t characters = 0, full = 0;
  for (const std::u32string& line : lines) {
    characters += line.size();
    full += is_blank(line) ? 0 : 1;
  }
  return characters <= limits::kPasswordMail && full <= limits::kPasswordMailLines;
}

}  // namespace

PasswordWords password_words(std::string_view subject, std::string_view body) {
  const std::vector<std::u32string> title = lines_of(subject.substr(0, limits::kPasswordText));
  const std::vector<std::u32string> lines = lines_of(body.substr(0, limits::kPasswordText));
  Scores named, guessed;
  add_named(lines, named);
  add_named(title, named);
  const bool short_mail = is_short(lines);
  const bool announced = std::any_of(title.begin(), title.end(), [](const std::u32string& line) {
    const std::vector<Key> keys = keys_of(line);
    return std::any_of(keys.begin(), keys.end(), [](const Key& key) { return key.reach == Reach::lines; });
  });
  if (short_mail) add_guessed(lines, announced ? named : guessed);

  PasswordWords out;
  out.named = named.best(limits::kPasswordWords);
  for (std::string& each : guessed.best(limits::kPasswordWords)) {
    if (out.named.size() + out.guessed.size() == limits::kPasswordWords) break;
    if (std::find(out.named.begin(), out.named.end(), each) == out.named.end())
      out.guessed.push_back(std::move(each));
  }
  return out;
}

std::vector<std::string> passwords_to_try(const PasswordSources& sources, const PasswordWords& words) {
  std::vector<std::string> out;
  const auto add = [&](std::span<const std::string> some) {
    for (const std::string& each : some)
      if (out.size() < limits::kJobPasswords && std::find(out.begin(), out.end(), each) == out.end())
        out.push_back(each);
  };
  const std::span<const std::string> configured = sources.configured;
  add(sources.given);
  add(configured.first(std::min(configured.size(), limits::kJobPasswords / 4)));
  add(words.named);
  add(sources.remembered);
  add(words.guessed);
  add(configured);
  return out;
}

}  // namespace kiyome::document
