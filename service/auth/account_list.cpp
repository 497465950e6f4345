#include "service/auth/account_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "service/auth/secrets.h"

namespace kiyome::auth {
namespace {

constexpr std::string_view kColumns[] = {"login",      "name",  "mail",    "tenant",
                                         "department", "roles", "password"};
constexpr std::size_t kColumnsMax = 64;  // of a line; what is more is no list of ours

struct Record {
  std::size_t line = 0;
  std::vector<std::string> fields;
  const char* fault = nullptr;
};

// RFC 4180: a quoted field may hold commas, lines, and quotes twice.
class Records {
 public:
  explicit Records(std::string_view text) : text_(text) {}
  bool next(Record& into);

 private:
  void quoted(Record& into, std::string& field);

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1;
};

void Records::quoted(Record& into, std::string& field) {
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"' && (at_ + 1 == text_.size() || text_[at_ + 1] != '"')) break;
    if (c == '"') ++at_;
    if (c == '\n') ++line_;
    field += c;
  }
  if (at_ == text_.size())
    into.fault = "引用符が閉じていません / a quotation mark is not closed";
  else
    ++at_;
  if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n')
    into.fault = "引用符の後に文字があります / characters behind a quotation mark";
}

bool Records::next(Record& into) {
  if (at_ >= text_.size()) return false;
  into = Record{line_, {}, nullptr};
  for (;;) {
    std::string field;
    if (at_ < text_.size() && text_[at_] == '"') quoted(into, field);
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') field += text_[at_++];
    if (into.fields.size() < kColumnsMax)
      into.fields.push_back(std::move(field));
    else
      into.fault = "項目が多すぎます / too many fields";
    const bool more = at_ < text_.size() && text_[at_] == ',';
    if (at_ < text_.size() && text_[at_] == '\n') ++line_;
    ++at_;
    if (!more) return true;
  }
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

class Reader {
 public:
  AccountList read(std::string_view text);

 private:
  void mistake(std::size_t line, std::string what) {
    if (out_.mistakes.size() < limits::kAccountListMistakes) out_.mistakes.push_back({line, std::move(what)});
  }
  bool read_header(const Record& record);
  void read_entry(const Record& record);
  void read_roles(const std::string& words, std::size_t line, std::set<Role>& into);
  std::string field(const Record& record, std::string_view column) const {
    const auto place = places_.find(column);
    return place == places_.end() ? "" : record.fields[place->second];
  }

  AccountList out_;
  std::map<std::string_view, std::size_t> places_;
  std::size_t columns_ = 0;
  std::map<std::string, std::size_t> logins_, mails_;  // and the line of each
};

bool Reader::read_header(const Record& record) {
  columns_ = record.fields.size();
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    const std::string name = lower(trimmed(record.fields[i]));
    const auto* column = std::find(std::begin(kColumns), std::end(kColumns), name);
    if (column == std::end(kColumns))
      mistake(record.line, fmt::format("知らない列名です / unknown column: {}", name.substr(0, 40)));
    else if (!places_.emplace(*column, i).second)
      mistake(record.line, fmt::format("列が二つあります / column stands twice: {}", name));
  }
  if (!places_.contains("login"))
    mistake(record.line, "1 行目に列名 login がありません / the first line has no column login");
  return out_.mistakes.empty();
}

void Reader::read_roles(const std::string& words, std::size_t line, std::set<Role>& into) {
  constexpr std::string_view kBetween = " \t,;";
  for (std::size_t at = 0; (at = words.find_first_not_of(kBetween, at)) != std::string::npos;) {
    const std::size_t end = std::min(words.find_first_of(kBetween, at), words.size());
    const std::string word = lower(words.substr(at, end - at));
    if (const auto role = role_of(word))
      into.insert(*role);
    else
      mistake(line, fmt::format("知らない役割です / unknown role: {}", word.substr(0, 40)));
    at = end;
  }
}

void Reader::read_entry(const Record& record) {
  if (record.fields.size() == 1 && trimmed(record.fields[0]).empty()) return;  // an empty line
  if (record.fields.size() != columns_) {
    mistake(record.line,
            fmt::format("項目が {} 個あります（1 行目は {} 個） / {} fields, the first line has {}",
                        record.fields.size(), columns_, record.fields.size(), columns_));
    return;
  }
  AccountList::Entry entry;
  entry.line = record.line;
  Account& account = entry.account.account;
  account.login = lower(trimmed(field(record, "login")));
  account.name = trimmed(field(record, "name"));
  account.mail = lower(trimmed(field(record, "mail")));
  account.tenant = trimmed(field(record, "tenant"));
  account.department = trimmed(field(record, "department"));
  read_roles(field(record, "roles"), record.line, account.roles);
  entry.account.password = field(record, "password");
  account.local = account.new_password = !entry.account.password.empty();
  const auto twice = [&](std::map<std::string, std::size_t>& seen, const std::string& value) {
    const auto [place, first] = seen.emplace(value, record.line);
    if (!first && !value.empty())
      mistake(record.line, fmt::format("{} は {} 行目にもあります / also in line {}", value.substr(0, 80),
                                       place->second, place->second));
  };
  twice(logins_, account.login);
  twice(mails_, account.mail);
  out_.entries.push_back(std::move(entry));
}

AccountList Reader::read(std::string_view text) {
  if (text.size() > limits::kAccountList || !is_text(text)) {
    mistake(1, "大きすぎるか、文字列ではありません / too large, or no text");
    return std::move(out_);
  }
  Records records(text);
  Record record;
  if (!records.next(record)) mistake(1, "ファイルが空です / the file is empty");
  if (!out_.mistakes.empty() || !read_header(record)) return std::move(out_);
  while (records.next(record)) {
    if (record.fault != nullptr)
      mistake(record.line, record.fault);
    else
      read_entry(record);
  }
  return std::move(out_);
}

}  // namespace

AccountList read_account_list(std::string_view text) { return Reader().read(text); }

}  // namespace kiyome::auth
