#include "service/sight/exposition.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "proto/base/limits.h"
#include "service/sight/sheet.h"

namespace kiyome::sight {
namespace {

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

// Takes a name from the front; empty when there is none.
std::string_view take_name(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && (end == 0 ? begins_name(rest[end]) : in_name(rest[end]))) ++end;
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end);
  return out;
}

bool take(std::string_view& rest, std::string_view word) {
  if (!rest.starts_with(word)) return false;
  rest.remove_prefix(word.size());
  return true;
}

// A value in quotes, with the escapes \\ \" \n; gives what stands between the quotes.
std::optional<std::string_view> take_quoted(std::string_view& rest) {
  if (!take(rest, "\"")) return std::nullopt;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const auto octet = static_cast<unsigned char>(rest[at]);
    if (octet < 0x20 || octet == 0x7F) return std::nullopt;
    if (octet == '"') {
      const std::string_view out = rest.substr(0, at);
      rest.remove_prefix(at + 1);
      return out;
    }
    if (octet != '\\') continue;
    if (++at == rest.size() || (rest[at] != '\\' && rest[at] != '"' && rest[at] != 'n')) return std::nullopt;
  }
  return std::nullopt;
}

bool is_number(std::string_view text) {
  if (text == "+Inf" || text == "-Inf" || text == "NaN" || text == "Nan") return true;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, trouble] = std::from_chars(text.data(), end, value);
  return trouble == std::errc() && stopped == end && std::isfinite(value);
}

// What the sight role says of the others: none of them speaks of that.
bool is_reserved(std::string_view name) { return name == kUp || name == kAnswerTime; }

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  return true;
}

// Whether a sample of this name may stand in the family.
bool belongs(std::string_view sample, std::string_view family, std::string_view type) {
  if (!sample.starts_with(family)) return false;
  const std::string_view end = sample.substr(family.size());
  if (type == "histogram") return end == "_bucket" || end == "_sum" || end == "_count";
  return end.empty();
}

class Reading {
 public:
  explicit Reading(std::string_view role) : role_(role) {}

  // Empty, or what is wrong with it.
  std::string line(std::string_view line) {
    if (line.size() > limits::kSightLine) return "a line is too long";
    if (!is_plain(line)) return "a control character";
    if (take(line, "# HELP ")) return help(line);
    if (take(line, "# TYPE ")) return type(line);
    return sample(line);
  }

  Told told;

 private:
  std::string help(std::string_view rest) {
    const std::string_view name = take_name(rest);
    if (name.empty() || !take(rest, " ")) return "HELP without a name";
    if (is_reserved(name) && role_ != kSightName) return "a family that is not the role's to speak of";
    if (told.families.contains(std::string(name))) return "a family stands there twice";
    name_ = name;
    family_ = &told.families[name_];
    family_->help = rest;
    return {};
  }

  std::string type(std::string_view rest) {
    const std::string_view name = take_name(rest);
    if (family_ == nullptr || name != name_ || !family_->type.empty() || !take(rest, " "))
      return "TYPE is not of the HELP above it";
    if (rest != "counter" && rest != "gauge" && rest != "histogram") return "an unknown type";
    family_->type = rest;
    return {};
  }

  std::string sample(std::string_view rest) {
    const std::string_view name = take_name(rest);
    if (family_ == nullptr || family_->type.empty() || !belongs(name, name_, family_->type))
      return "a sample is not of the family above it";
    std::string out(name);
    out += "{role=\"" + std::string(role_) + "\"";
    std::string_view condition;
    if (take(rest, "{") && !take(rest, "}")) {
      std::size_t labels = 0;
      do {
        const std::string_view label = take_name(rest);
        if (label.empty() || label == "role" || !take(rest, "=")) return "a label is none of ours";
        const std::optional<std::string_view> value = take_quoted(rest);
        if (!value || ++labels > limits::kSightLabels) return "a label's value is none";
        if (label == "condition") condition = *value;
        out += "," + std::string(label) + "=\"" + std::string(*value) + "\"";
      } while (take(rest, ","));
      if (!take(rest, "}")) return "labels do not end";
    }
    if (!take(rest, " ") || !is_number(rest)) return "a value is no number";
    if (name_ == kCondition) told.conditions.emplace_back(condition, rest == "1");
    family_->samples.push_back(out + "} " + std::string(rest));
    return {};
  }

  std::string_view role_;
  std::string name_;
  Family* family_ = nullptr;
};

}  // namespace

Result<Told> read_exposition(std::string_view text, std::string_view role) {
  if (text.empty() || text.back() != '\n') return failure("does not end with a line");
  Reading reading(role);
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (++lines > limits::kSightLines) return failure("too many lines", at);
    if (const std::string wrong = reading.line(text.substr(at, end - at)); !wrong.empty())
      return failure(wrong.c_str(), at);
    at = end + 1;
  }
  return std::move(reading.told);
}

std::string join(const std::vector<Told>& all) {
  std::map<std::string_view, Family> joined;
  for (const Told& told : all)
    for (const auto& [name, family] : told.families) {
      if (family.samples.empty()) continue;
      Family& into = joined[name];
      if (into.samples.empty()) {
        into = family;
      } else if (into.type == family.type) {
        into.samples.insert(into.samples.end(), family.samples.begin(), family.samples.end());
      }
    }
  std::string out;
  for (const auto& [name, family] : joined) {
    out += "# HELP " + std::string(name) + " " + family.help + "\n# TYPE " + std::string(name) + " " +
           family.type + "\n";
    for (const std::string& sample : family.samples) out += sample + "\n";
  }
  return out;
}

}  // namespace kiyome::sight
