// Cards → readable lines. Embedded pictures, sounds and keys are left out and said so.
#include <algorithm>

#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/content_lines.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::text {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string unquoted_printable(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '=' && i + 2 < s.size() && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
      out += static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2]));
      i += 2;
    } else {
      out += s[i];
    }
  }
  return out;
}

std::string upper(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

struct Label {
  std::string_view name, shown;
};
constexpr Label kFields[] = {
    {"FN", "氏名"},
    {"NICKNAME", "ニックネーム"},
    {"ORG", "組織"},
    {"TITLE", "役職"},
    {"ROLE", "役割"},
    {"TEL", "電話"},
    {"EMAIL", "メール"},
    {"ADR", "住所"},
    {"LABEL", "宛名"},
    {"URL", "URL"},
    {"BDAY", "誕生日"},
    {"ANNIVERSARY", "記念日"},
    {"NOTE", "メモ"},
    {"IMPP", "メッセージ"},
    {"CATEGORIES", "分類"},
    {"MAILER", "メーラー"},
    {"X-PHONETIC-LAST-NAME", "姓の読み"},
    {"X-PHONETIC-FIRST-NAME", "名の読み"},
    {"SORT-STRING", "読み"},
    {"GENDER", "性別"},
    {"LANG", "言語"},
    {"TZ", "時間帯"},
};
constexpr Label kEmbedded[] = {
    {"PHOTO", "写真"}, {"LOGO", "ロゴ"}, {"SOUND", "音声"}, {"KEY", "鍵"}, {"AGENT", "代理人"}};
constexpr Label kTypes[] = {{"CELL", "携帯"},      {"FAX", "FAX"},   {"WORK", "職場"},   {"HOME", "自宅"},
                            {"PAGER", "ポケベル"}, {"MAIN", "代表"}, {"VIDEO", "ビデオ"}};

template <std::size_t n>
const Label* find_label(const Label (&labels)[n], std::string_view name) {
  for (const Label& label : labels)
    if (label.name == name) return &label;
  return nullptr;
}

// "(職場・FAX)" of TYPE parameters.
std::string types_of(const ContentLine& line) {
  std::string out;
  for (const auto& [key, value] : line.parameters) {
    if (key != "TYPE") continue;
    for (const std::string_view one : split_escaped(value, ','))
      if (const Label* label = find_label(kTypes, upper(one));
          label != nullptr && out.find(label->shown) == std::string::npos)
        out.append(out.empty() ? "" : "・").append(label->shown);
  }
  return out;
}

class Card {
 public:
  Text read(std::string_view utf8);

 private:
  void property(const ContentLine& line);
  void finish();
  std::string value_of(const ContentLine& line);
  std::string structured(std::string_view value, std::string_view between) const;

  std::string out_;
  std::string fields_;  // of the card being read
  std::vector<clean::Finding> findings_;
  std::string name_;  // of N, shown when there is no FN
  bool has_full_name_ = false;
};

std::string Card::value_of(const ContentLine& line) {
  bool quoted_printable = false;
  for (const auto& [key, value] : line.parameters)
    quoted_printable = quoted_printable || upper(value) == "QUOTED-PRINTABLE";
  if (!quoted_printable) return line.value;
  Text decoded = decode(unquoted_printable(line.value), line.parameter("CHARSET"));
  for (const clean::Finding finding : decoded.findings)
    if (std::find(findings_.begin(), findings_.end(), finding) == findings_.end())
      findings_.push_back(finding);
  return std::move(decoded.utf8);
}

std::string Card::structured(std::string_view value, std::string_view between) const {
  std::string out;
  for (const std::string_view one : split_escaped(value, ';')) {
    const std::string text = unescaped(one);
    if (text.empty()) continue;
    if (!out.empty()) out += between;
    out += text;
  }
  return out;
}

void Card::property(const ContentLine& line) {
  if (line.name == "BEGIN" || line.name == "END") return finish();
  if (const Label* embedded = find_label(kEmbedded, line.name)) {
    write_field(fields_, embedded->shown, "（除きました）");
    return;
  }
  const std::string value = value_of(line);
  if (line.name == "N") {
    name_ = structured(value, " ");
    return;
  }
  if (line.name == "SOUND" || line.name == "X-PHONETIC-ORG") return;
  const Label* label = find_label(kFields, line.name);
  if (label == nullptr) return;
  has_full_name_ = has_full_name_ || line.name == "FN";
  std::string shown(label->shown);
  if (const std::string types = types_of(line); !types.empty()) shown += "（" + types + "）";
  const bool lists = line.name == "ADR" || line.name == "ORG";
  std::string text = lists ? structured(value, " ") : unescaped(value);
  if (line.name == "TEL" && text.starts_with("tel:")) text.erase(0, 4);
  write_field(fields_, shown, text);
}

// A card ends: its name first, if it has no full one.
void Card::finish() {
  std::string name;
  if (!has_full_name_) write_field(name, "氏名", name_);
  if (!out_.empty() && !(name.empty() && fields_.empty())) out_ += '\n';
  out_.append(name).append(fields_);
  fields_.clear();
  name_.clear();
  has_full_name_ = false;
}

Text Card::read(std::string_view utf8) {
  for (const ContentLine& line : content_lines(utf8, true)) property(line);
  finish();
  CleanWriter writer(out_.size());
  writer.utf8(out_);
  return {writer.take(), std::move(findings_)};
}

}  // namespace

Text from_vcard(std::string_view utf8) { return Card().read(utf8); }

}  // namespace kiyome::sanitizer::text
