// JSON lines on standard error, one object a line: time, level, role, event, item, and fields. Hostile text
// in values is escaped by the JSON writer (and U+2028, bidi and control characters as \u escapes), so a log
// can be read in a terminal.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/base/item_id.h"

namespace kiyome::log {

using Value = std::variant<std::int64_t, double, bool, std::string_view>;
struct Field {
  std::string_view key;
  Value value;
};

enum class Level { debug, info, warning, error };

// Once at start of a process. Not thread-safe; everything else here is.
void start(std::string_view role, std::string_view level);
void set_level(std::string_view level);

// log::info("delivered", id, {{"recipient", address}, {"status", "2.0.0"}});
void write(Level level, std::string_view event, const ItemId* item, std::initializer_list<Field> fields);
inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::debug, event, nullptr, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, nullptr, fields);
}
inline void info(std::string_view event, const ItemId& id, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, &id, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, nullptr, fields);
}
inline void warning(std::string_view event, const ItemId& id, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, &id, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, nullptr, fields);
}
inline void error(std::string_view event, const ItemId& id, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, &id, fields);
}

// The JSON string literal of `text` with the escapes above, quotes included.
std::string json_string(std::string_view text);
// The same without the quotes: what others wrote, harmless on a terminal.
std::string shown(std::string_view text);

}  // namespace kiyome::log
