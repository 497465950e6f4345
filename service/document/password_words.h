// Which words of a mail may be the password of a file that came with it, before it or after it: the habit of
// sending the file in one mail and its password in the next. The text is the sanitizer's, so it is hostile; a
// wrong word costs one try and nothing else. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiyome::document {

// Printable ASCII, each once over both lists, likeliest first; at most limits::kPasswordWords in all.
struct PasswordWords {
  std::vector<std::string> named;    // they stand behind or below "パスワード", "PW" …
  std::vector<std::string> guessed;  // of a short mail: they look like passwords, nothing says so
};

PasswordWords password_words(std::string_view subject, std::string_view body);

}  // namespace kiyome::document
