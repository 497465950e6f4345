// The words of our own mails, as templates: those that are built in (deploy/templates), or the operator's in
// their place ([templates] folder). The grammar: {{name}} is a value; {{#name}} … {{/name}} is once for each
// row of a list, or once when the value `name` is not empty; {{! … }} is for whoever edits it. A line that
// holds nothing but such a tag is no line of the mail. Templates are the operator's and are looked at when we
// start; values are hostile: no value and no template makes a mail that the gate would refuse.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/config.h"

namespace kiyome::compose {

// What a template is filled with. One thread.
class Values {
 public:
  explicit Values(const Config& config) : break_links_(config.notice.break_links) {}

  // From outside: one line that bears no reference and does not imitate us; cut over `octets_max`.
  Values& text(std::string_view name, std::string_view hostile, std::size_t octets_max = 1000);
  // … of several lines: each is shown behind "> ".
  Values& lines(std::string_view name, std::string_view hostile);
  // Our own: numbers, times, addresses of our pages, names of findings.
  Values& own(std::string_view name, std::string_view text);
  // A further row of a list; good until the next one is added.
  Values& row(std::string_view list);

  const std::string* find(std::string_view name) const;
  std::span<const Values> rows(std::string_view list) const;

 private:
  explicit Values(bool break_links) : break_links_(break_links) {}
  bool break_links_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::vector<Values>, std::less<>> lists_;
};

struct Worded {
  std::string subject;  // one line; empty for what is no mail of its own
  std::string text;     // LF, in the grammar of a body (of a notice's inner lines)
};

// `name` as in deploy/templates without ".txt". Thread-safe. A field that was given no value is empty.
Worded worded(std::string_view name, const Values& values, const Config& config);

// Whether the folder's files are templates that we know; names every mistake with file and line. Throws
// ConfigError.
void check_words(const Config& config);

// A template as it is built in; for who wants to write his own.
struct BuiltIn {
  std::string_view name, text;
};
std::span<const BuiltIn> built_in_words();

}  // namespace kiyome::compose
