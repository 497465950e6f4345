// How the TOML file is read: a table with its keys, and every mistake with its line, told together. For
// config*.cpp alone: toml++ stays within them. The operator is trusted, but not to be free of mistakes.
#pragma once

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::config_reading {

namespace values = config_values;

inline std::uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

// Hostile or not, what the file says reaches a terminal: quoted and escaped.
inline std::string in_quotes(std::string_view text) {
  return log::json_string(text.substr(0, limits::kConfigLine));
}

class Mistakes {
 public:
  explicit Mistakes(std::string path) : path_(std::move(path)) {}

  void add(std::uint32_t line, const std::string& key, const std::string& what) {
    const std::string shown = in_quotes(key);  // an unknown key is the file's own text
    found_.emplace_back(line, shown.substr(1, shown.size() - 2) + ": " + what);
  }
  void unknown(std::uint32_t line, const std::string& key) { unknown_.emplace_back(line, key); }
  void name(std::string name) { names_.push_back(std::move(name)); }

  void throw_if_any() {
    for (const auto& [line, key] : unknown_) {
      const std::string meant = values::did_you_mean(key, names_);
      add(line, key, "unknown key" + (meant.empty() ? "" : ": did you mean " + meant + "?"));
    }
    unknown_.clear();
    if (found_.empty()) return;
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string all;
    for (const auto& [line, what] : found_) {
      if (!all.empty()) all += '\n';
      all += path_ + ":" + (line == 0 ? "" : std::to_string(line) + ":") + " " + what;
    }
    throw ConfigError(all);
  }

 private:
  std::string path_;
  std::vector<std::pair<std::uint32_t, std::string>> found_;
  std::vector<std::pair<std::uint32_t, std::string>> unknown_;
  std::vector<std::string> names_;  // every key and table there is, for did_you_mean
};

using Trouble = std::string (*)(std::string_view);

// One table of the file, which may be absent. Each read notes the key as known; done() tells the unknown
// ones.
class Section {
 public:
  Section(Mistakes& mistakes, const toml::table* table, std::string name)
      : mistakes_(mistakes), table_(table), name_(std::move(name)) {}

  Section sub(std::string_view key) {
    const toml::node* node = find(key);
    if (node != nullptr && !node->is_table()) wrong(*node, key, "must be a table");
    return {mistakes_, node == nullptr ? nullptr : node->as_table(), full(key)};
  }

  const toml::node* find(std::string_view key) {
    known_.emplace(key);
    mistakes_.name(full(key));
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  bool present() const { return table_ != nullptr; }
  bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }

  void wrong(const toml::node& node, std::string_view key, const std::string& what) {
    mistakes_.add(line_of(node), full(key), what);
  }

  void text(std::string_view key, std::string& into, Trouble trouble = values::line_trouble) {
    const toml::node* node = find(key);
    if (node != nullptr) read_text(*node, key, into, trouble);
  }

  // As text(), but "" is allowed and means: none.
  void optional_text(std::string_view key, std::string& into, Trouble trouble) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (node->value<std::string_view>() == std::string_view()) {
      into.clear();
    } else {
      read_text(*node, key, into, trouble);
    }
  }

  // Empty, or a path; a relative one is taken from the file's own folder.
  void file(std::string_view key, std::string& into, const std::filesystem::path& folder) {
    optional_text(key, into, values::path_trouble);
    if (has(key) && !into.empty()) into = (folder / into).lexically_normal().string();
  }

  void texts(std::string_view key, std::vector<std::string>& into, Trouble trouble) {
    std::vector<std::string> out;
    if (each(key, [&](const toml::node& node) {
          std::string value;
          if (read_text(node, key, value, trouble)) out.push_back(std::move(value));
        }))
      into = std::move(out);
  }

  void networks(std::string_view key, std::vector<std::string>& into) {
    texts(key, into, values::network_trouble);
    for (std::string& network : into) network = values::with_prefix_length(network);
  }

  void hosts(std::string_view key, std::vector<HostPort>& into) {
    std::vector<HostPort> out;
    bool tried = false;
    const bool given = each(key, [&](const toml::node& node) {
      tried = true;
      const std::optional<std::string_view> value = node.value<std::string_view>();
      const std::optional<HostPort> host = value ? values::host_port(*value) : std::nullopt;
      if (!host) {
        wrong(node, key, "must be \"ADDRESS:PORT\"" + (value ? ", not " + in_quotes(*value) : std::string()));
      } else if (std::find(out.begin(), out.end(), *host) != out.end()) {
        wrong(node, key, "names " + host->text() + " twice");
      } else {
        out.push_back(*host);
      }
    });
    if (given && !tried) wrong(*table_->get(key), key, "must name at least one ADDRESS:PORT");
    if (given && !out.empty()) into = std::move(out);
  }

  template <class T>
  void whole(std::string_view key, T& into, std::uint64_t min, std::uint64_t max) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<std::int64_t> value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < min ||
        static_cast<std::uint64_t>(*value) > max) {
      wrong(*node, key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    } else {
      into = static_cast<T>(*value);
    }
  }

  void real(std::string_view key, double& into, double max, bool zero_allowed = false) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<double> value = node->is_number() ? node->value<double>() : std::nullopt;
    if (!value || !std::isfinite(*value) || *value < 0 || (*value == 0 && !zero_allowed) || *value > max) {
      wrong(*node, key,
            std::string("must be a number ") + (zero_allowed ? "from 0" : "greater than 0") + " and up to " +
                std::to_string(static_cast<std::uint64_t>(max)));
    } else {
      into = *value;
    }
  }

  void yes_or_no(std::string_view key, bool& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (!node->is_boolean()) return wrong(*node, key, "must be true or false");
    into = *node->value<bool>();
  }

  template <class T, class Into>
  void choice(std::string_view key, Into& into,
              std::initializer_list<std::pair<std::string_view, T>> choices) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<std::string_view> value = node->value<std::string_view>();
    std::string all;
    for (const auto& [word, meaning] : choices) {
      if (value == word) {
        into = meaning;
        return;
      }
      all += (all.empty() ? "\"" : ", \"") + std::string(word) + "\"";
    }
    wrong(*node, key, (choices.size() == 1 ? "must be " : "must be one of ") + all);
  }

  void done() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_)
      if (!known_.contains(std::string(key.str())))
        mistakes_.unknown(key.source().begin.line, full(key.str()));
  }

 private:
  std::string full(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
  }

  bool read_text(const toml::node& node, std::string_view key, std::string& into, Trouble trouble) {
    const std::optional<std::string_view> value = node.value<std::string_view>();
    if (!value) {
      wrong(node, key, "must be a text in quotes");
      return false;
    }
    const std::string why = trouble(*value);
    if (!why.empty()) {
      wrong(node, key, in_quotes(*value) + " " + why);
      return false;
    }
    into = *value;
    return true;
  }

  // Calls use() for each element of a list, or for a single text standing in its place. false when the key is
  // absent.
  template <class F>
  bool each(std::string_view key, F&& use) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    if (const toml::array* list = node->as_array()) {
      for (const toml::node& element : *list) use(element);
    } else {
      use(*node);
    }
    return true;
  }

  Mistakes& mistakes_;
  const toml::table* table_;
  std::string name_;
  std::set<std::string> known_;
};

// [[NAME]] of `section`: calls use(Section, table) for each.
template <class Use>
void each_table(Mistakes& mistakes, Section& section, const char* key, const std::string& name, Use&& use) {
  const toml::node* list = section.find(key);
  if (list == nullptr) return;
  if (!list->is_array()) return section.wrong(*list, key, "must be written [[" + name + "]]");
  for (const toml::node& element : *list->as_array()) {
    const toml::table* table = element.as_table();
    if (table == nullptr) {
      section.wrong(element, key, "must be written [[" + name + "]]");
    } else {
      use(Section(mistakes, table, name), *table);
    }
  }
}

constexpr std::uint64_t kDaySeconds = 86400;
constexpr double kLongestDays = 36500;  // a hundred years: more is a mistyped number

}  // namespace kiyome::config_reading
