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

// Where passwords for one mail's files come from.
struct PasswordSources {
  std::vector<std::string> given;       // by a person, for these files
  std::vector<std::string> configured;  // documents.passwords
  std::vector<std::string> remembered;  // of earlier mails to the same people
};

// What is likeliest comes first, and none of these crowds out the others; each once, at most
// limits::kJobPasswords.
std::vector<std::string> passwords_to_try(const PasswordSources& sources, const PasswordWords& words);

}  // namespace kiyome::document
