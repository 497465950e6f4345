// Reads templates and fills them. A template is some kilobytes, so it is read anew for each mail: a reload
// counts at once and nothing is shared between threads.
#include "service/compose/words.h"

#include <algorithm>
#include <array>
#include <optional>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/header.h"
#include "service/compose/lines.h"
#include "service/compose/references.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::array kBuiltIn = {
#include <built_in_words.inc>
};

constexpr std::string_view kSubject = "Subject:";
constexpr std::string_view kFieldsOf = "fields:";  // how a built-in template's comment names its fields
constexpr std::string_view kQuoted = "> ";
constexpr std::size_t kSectionsOpen = 8;  // within each other: more than any mail's words need

struct Token {
  enum class Kind : std::uint8_t { text, value, open, close } kind = Kind::text;
  std::string_view text;  // of a tag: the name
  std::uint32_t line = 1;
};

struct Fault {
  std::uint32_t line = 0;
  std::string what;
};

std::string_view trimmed_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// One tag without its braces. Nothing for a comment.
std::optional<Token> read_tag(std::string_view inner, std::uint32_t line, std::vector<Fault>* faults) {
  if (inner.starts_with('!')) return std::nullopt;
  Token out{Token::Kind::value, inner, line};
  if (inner.starts_with('#')) out.kind = Token::Kind::open;
  if (inner.starts_with('/')) out.kind = Token::Kind::close;
  if (out.kind != Token::Kind::value) out.text.remove_prefix(1);
  out.text = trimmed_blanks(out.text);
  if (!is_name(out.text) && faults != nullptr)
    faults->push_back({line, "{{…}} holds no name; names are small letters, digits and _"});
  return out;
}

// Whether the line holds nothing but one comment or one begin or end of a section: then it is no line of the
// mail.
bool stands_alone(std::string_view line) {
  const std::string_view text = trimmed_blanks(line);
  return text.starts_with("{{") && text.size() > 4 && text.find("}}") == text.size() - 2 &&
         (text[2] == '#' || text[2] == '/' || text[2] == '!');
}

void read_line(std::string_view line, std::uint32_t number, std::vector<Token>& out,
               std::vector<Fault>* faults) {
  while (!line.empty()) {
    const std::size_t begin = line.find("{{");
    if (begin != 0) out.push_back({Token::Kind::text, line.substr(0, begin), number});
    if (begin == std::string_view::npos) return;
    const std::size_t end = line.find("}}", begin);
    if (end == std::string_view::npos) {
      if (faults != nullptr) faults->push_back({number, "{{ has no }} on its line"});
      return;
    }
    if (auto tag = read_tag(line.substr(begin + 2, end - begin - 2), number, faults)) out.push_back(*tag);
    line.remove_prefix(end + 2);
  }
}

std::vector<Token> tokens_of(std::string_view text, std::vector<Fault>* faults) {
  std::vector<Token> out;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    std::string_view content = line;
    if (content.ends_with('\n')) content.remove_suffix(1);
    if (content.ends_with('\r')) content.remove_suffix(1);
    const bool alone = stands_alone(content);
    read_line(alone ? trimmed_blanks(content) : content, number, out, faults);
    if (!alone && line.ends_with('\n')) out.push_back({Token::Kind::text, "\n", number});
  }
  return out;
}

// The index behind the end of the section that opens at `at`; the end of all when it has none.
std::size_t behind_section(const std::vector<Token>& tokens, std::size_t at) {
  std::size_t depth = 0;
  for (std::size_t i = at; i < tokens.size(); ++i) {
    if (tokens[i].kind == Token::Kind::open) ++depth;
    if (tokens[i].kind == Token::Kind::close && --depth == 0) return i + 1;
  }
  return tokens.size();
}

using Scopes = std::vector<const Values*>;

const std::string* value_of(const Scopes& scopes, std::string_view name) {
  for (auto it = scopes.rbegin(); it != scopes.rend(); ++it)
    if (const std::string* found = (*it)->find(name)) return found;
  return nullptr;
}

void fill(const std::vector<Token>& tokens, std::size_t begin, std::size_t end, Scopes& scopes,
          std::string& out) {
  for (std::size_t i = begin; i < end;) {
    const Token& token = tokens[i];
    if (token.kind == Token::Kind::open) {
      const std::size_t behind = behind_section(tokens, i);
      const std::size_t inner_end = std::max(i + 1, behind - 1);
      const std::string* text = value_of(scopes, token.text);
      if (text != nullptr && !text->empty()) fill(tokens, i + 1, inner_end, scopes, out);
      for (const Values& row : scopes.front()->rows(token.text)) {
        scopes.push_back(&row);
        fill(tokens, i + 1, inner_end, scopes, out);
        scopes.pop_back();
      }
      i = behind;
      continue;
    }
    if (token.kind == Token::Kind::text) out += token.text;
    if (token.kind == Token::Kind::value)
      if (const std::string* text = value_of(scopes, token.text)) out += *text;
    ++i;
  }
}

std::string_view text_of(std::string_view name, const Config& config) {
  for (const auto& [given, text] : config.template_texts)
    if (given == name) return text;
  for (const BuiltIn& each : kBuiltIn)
    if (each.name == name) return each.text;
  return {};
}

bool is_mail(std::string_view name) { return name != "mail-notice"; }

// Whatever a template says, the gate takes the mail: lead lines first, all else escaped where it must be.
std::string in_grammar(std::string_view text, bool lead) {
  std::vector<clean::Finding> ignored;
  std::string out;
  while (lead && text.starts_with(kLeadMark)) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line = clean_line(text.substr(0, end), ignored);
    break_references(line, false);
    out.append(line).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!out.empty() && !text.starts_with('\n')) out += '\n';
  out += clean_body(text, false, ignored);
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

// The empty lines that optional sections leave behind, in the middle and at the end, become one.
std::string without_gaps(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '\n' || !out.ends_with("\n\n")) out += c;
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

// ---- looking at templates ----

struct Fields {
  std::vector<std::string_view> names;
  std::map<std::string_view, std::vector<std::string_view>> lists;
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!(text = trimmed_blanks(text)).empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

// What a built-in template's second comment says: "fields: a b c; list: d e".
Fields fields_of(std::string_view built_in) {
  Fields out;
  const std::size_t begin = built_in.find(kFieldsOf);
  std::string_view text = built_in.substr(begin + kFieldsOf.size());
  text = text.substr(0, text.find("}}"));
  for (bool first = true; !text.empty(); first = false) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = piece.find(':');
    if (first)
      out.names = words_of(piece);
    else if (colon != std::string_view::npos)
      out.lists[trimmed_blanks(piece.substr(0, colon))] = words_of(piece.substr(colon + 1));
  }
  return out;
}

bool holds(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string named(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) out.append(out.empty() ? "" : " ").append(name);
  return out;
}

void look_at_tags(const std::vector<Token>& tokens, const Fields& fields, std::vector<Fault>& faults) {
  std::vector<Token> open;
  const auto known = [&](std::string_view name) {
    if (holds(fields.names, name)) return true;
    return std::any_of(open.begin(), open.end(), [&](const Token& each) {
      const auto list = fields.lists.find(each.text);
      return list != fields.lists.end() && holds(list->second, name);
    });
  };
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::text) continue;
    if (token.kind == Token::Kind::close) {
      if (open.empty() || open.back().text != token.text)
        faults.push_back({token.line, "{{/" + std::string(token.text) + "}} closes nothing that is open"});
      else
        open.pop_back();
      continue;
    }
    const bool list = token.kind == Token::Kind::open && fields.lists.contains(token.text);
    if (is_name(token.text) && !list && !known(token.text))
      faults.push_back({token.line, "{{" + std::string(token.text) +
                                        "}}: no such field; there are: " + named(fields.names)});
    if (token.kind == Token::Kind::open) open.push_back(token);
    if (open.size() > kSectionsOpen) {
      faults.push_back({token.line, "sections stand too deep within each other"});
      return;
    }
  }
  for (const Token& token : open)
    faults.push_back({token.line, "{{#" + std::string(token.text) + "}} is not closed"});
}

std::optional<std::string_view> subject_of(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (stands_alone(line) && trimmed_blanks(line)[2] == '!') continue;
    if (!line.starts_with(kSubject)) return std::nullopt;
    return trimmed_blanks(line.substr(kSubject.size()));
  }
  return std::nullopt;
}

std::vector<Fault> faults_of(std::string_view name, std::string_view text) {
  std::vector<Fault> faults;
  const auto built_in =
      std::find_if(kBuiltIn.begin(), kBuiltIn.end(), [&](const BuiltIn& each) { return each.name == name; });
  if (built_in == kBuiltIn.end()) {
    std::vector<std::string_view> names;
    for (const BuiltIn& each : kBuiltIn) names.push_back(each.name);
    return {{0, "is none of our mails; there are: " + named(names)}};
  }
  if (text.size() > limits::kTemplateBytes)
    return {{0, "is larger than " + std::to_string(limits::kTemplateBytes) + " octets"}};
  std::uint32_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (!c.valid) return {{line, "is not UTF-8"}};
    if (c.value == '\n') ++line;
    at += c.length;
  }
  look_at_tags(tokens_of(text, &faults), fields_of(built_in->text), faults);
  const auto subject = subject_of(text);
  if (is_mail(name) && (!subject || subject->empty()))
    faults.push_back({1, "the first line has to be \"Subject: …\""});
  return faults;
}

}  // namespace

Values& Values::text(std::string_view name, std::string_view hostile, std::size_t octets_max) {
  std::vector<clean::Finding> ignored;
  texts_.insert_or_assign(
      std::string(name),
      display_text(hostile, octets_max, {.break_links = break_links_, .findings = &ignored}));
  return *this;
}

Values& Values::lines(std::string_view name, std::string_view hostile) {
  std::vector<clean::Finding> ignored;
  const std::string text = clean_body(hostile, break_links_, ignored);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.append(out.empty() ? "" : "\n").append(kQuoted).append(text, at, end - at);
    at = end + 1;
  }
  texts_.insert_or_assign(std::string(name), std::move(out));
  return *this;
}

Values& Values::own(std::string_view name, std::string_view text) {
  texts_.insert_or_assign(std::string(name), std::string(text));
  return *this;
}

Values& Values::row(std::string_view list) {
  auto it = lists_.find(list);
  if (it == lists_.end()) it = lists_.emplace(std::string(list), std::vector<Values>{}).first;
  it->second.push_back(Values(break_links_));
  return it->second.back();
}

const std::string* Values::find(std::string_view name) const {
  const auto it = texts_.find(name);
  return it == texts_.end() ? nullptr : &it->second;
}

std::span<const Values> Values::rows(std::string_view list) const {
  const auto it = lists_.find(list);
  if (it == lists_.end()) return {};
  return it->second;
}

Worded worded(std::string_view name, const Values& values, const Config& config) {
  std::vector<clean::Finding> ignored;
  const std::vector<Token> tokens = tokens_of(text_of(name, config), nullptr);
  std::string filled;
  Scopes scopes{&values};
  fill(tokens, 0, tokens.size(), scopes, filled);
  std::string_view body = filled;
  Worded out;
  if (is_mail(name)) {
    if (body.starts_with(kSubject)) {
      const std::size_t end = std::min(body.find('\n'), body.size());
      out.subject = clean_line(trimmed_blanks(body.substr(kSubject.size(), end - kSubject.size())), ignored);
      break_references(out.subject, false);
      body.remove_prefix(std::min(end + 1, body.size()));
    }
    while (body.starts_with('\n')) body.remove_prefix(1);
  }
  out.text = in_grammar(without_gaps(body), is_mail(name));
  return out;
}

void check_words(const Config& config) {
  std::string all;
  for (const auto& [name, text] : config.template_texts)
    for (const Fault& fault : faults_of(name, text)) {
      if (!all.empty()) all += '\n';
      all += config.templates + "/" + name +
             ".txt:" + (fault.line == 0 ? "" : std::to_string(fault.line) + ":") + " " + fault.what;
    }
  if (!all.empty()) throw ConfigError(all);
}

std::span<const BuiltIn> built_in_words() { return kBuiltIn; }

}  // namespace kiyome::compose
