#include "sanitizers/mail/authentication.h"

#include <optional>
#include <string>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

using clean::AuthMethod;
using clean::AuthResult;

// Words, quoted strings, and the signs that part them; comments and white space are passed over.
class Lexer {
 public:
  explicit Lexer(std::string_view value) : rest_(value) {}

  // Whether `sign` comes next; it is taken then.
  bool take(char sign) {
    skip();
    if (rest_.empty() || rest_.front() != sign) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A word in lower case, or a quoted string's content; empty when something else comes next.
  std::string word() {
    skip();
    if (!rest_.empty() && rest_.front() == '"') return quoted();
    std::size_t n = 0;
    while (n < rest_.size() && !is_space(rest_[n]) &&
           std::string_view("();=\"").find(rest_[n]) == std::string_view::npos)
      ++n;
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return lowered(out);
  }
  void to_next_result() {
    for (skip(); !rest_.empty() && rest_.front() != ';'; skip()) {
      if (rest_.front() == '"')
        quoted();
      else
        rest_.remove_prefix(1);
    }
  }

 private:
  void skip() {
    std::size_t depth = 0, n = 0;
    for (; n < rest_.size(); ++n) {
      const char c = rest_[n];
      if (c == '(')
        ++depth;
      else if (c == ')' && depth > 0)
        --depth;
      else if (c == '\\' && depth > 0)
        n += n + 1 < rest_.size();
      else if (depth == 0 && !is_space(c))
        break;
    }
    rest_.remove_prefix(n);
  }
  std::string quoted() {
    std::string out;
    std::size_t n = 1;
    for (; n < rest_.size() && rest_[n] != '"'; ++n) {
      if (rest_[n] == '\\' && n + 1 < rest_.size()) ++n;
      out += lower(rest_[n]);
    }
    rest_.remove_prefix(n < rest_.size() ? n + 1 : n);
    return out;
  }

  std::string_view rest_;
};

std::optional<AuthMethod> method_of(std::string_view word) {
  word = word.substr(0, word.find('/'));  // "dkim/1" names a version
  if (word == "spf") return AuthMethod::spf;
  if (word == "dkim") return AuthMethod::dkim;
  if (word == "dmarc") return AuthMethod::dmarc;
  return std::nullopt;
}

std::optional<AuthResult> result_of(std::string_view word) {
  constexpr std::pair<std::string_view, AuthResult> kResults[] = {
      {"none", AuthResult::none},           {"pass", AuthResult::pass},
      {"fail", AuthResult::fail},           {"hardfail", AuthResult::fail},  // before RFC 8601
      {"softfail", AuthResult::softfail},   {"neutral", AuthResult::neutral},
      {"policy", AuthResult::policy},       {"temperror", AuthResult::temperror},
      {"permerror", AuthResult::permerror},
  };
  for (const auto& [name, result] : kResults)
    if (word == name) return result;
  return std::nullopt;
}

// How well a property names the domain that the method judged; 0: not at all.
int rank(AuthMethod method, std::string_view property) {
  switch (method) {
    case AuthMethod::spf:
      return property == "smtp.mailfrom" ? 2 : property == "smtp.helo" ? 1 : 0;
    case AuthMethod::dkim:
      return property == "header.d" ? 2 : property == "header.i" ? 1 : 0;
    case AuthMethod::dmarc:
      return property == "header.from" ? 2 : 0;
  }
  return 0;
}

// "ptype.property=value" and "reason=…", up to the next result.
std::string read_domain(Lexer& lexer, AuthMethod method) {
  std::string domain;
  int best = 0;
  for (std::string name = lexer.word(); !name.empty() && lexer.take('='); name = lexer.word()) {
    std::string value = lexer.word();
    const int how_well = rank(method, name);
    if (how_well <= best) continue;
    value.erase(0, value.rfind('@') + 1);  // npos + 1 is 0: a bare domain
    if (!clean::is_host_name(value)) continue;
    best = how_well;
    domain = std::move(value);
  }
  return domain;
}

}  // namespace

void read_authentication(std::string_view value, std::vector<clean::Authentication>& out) {
  Lexer lexer(value.substr(0, limits::kCleanHeaderText));
  const std::string server = lexer.word();
  if (!clean::is_host_name(server) || lexer.take('=')) return;  // "spf=pass": the server did not name itself
  for (lexer.to_next_result(); lexer.take(';'); lexer.to_next_result()) {
    if (out.size() >= limits::kCleanAuthentication) return;
    const std::optional<AuthMethod> method = method_of(lexer.word());
    if (!method || !lexer.take('=')) continue;
    const std::optional<AuthResult> result = result_of(lexer.word());
    if (!result) continue;
    out.push_back({server, *method, *result, read_domain(lexer, *method)});
  }
}

}  // namespace kiyome::sanitizer::mail
