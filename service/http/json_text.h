// JSON as our answers write it: compact, members in the order they are given, commas by themselves, every
// text escaped as log::json_string does and `<` besides, so that no answer can end a <script> however it is
// shown.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace kiyome::http {

// JsonText out; out.begin_object().member("id", id).key("files").begin_array() … .end_array().end_object();
// One thread. Does not look whether what it is told is balanced: the caller's shape is fixed in his code.
class JsonText {
 public:
  JsonText& begin_object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& begin_array() { return open('['); }
  JsonText& end_array() { return close(']'); }
  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(const std::string& text) { return value(std::string_view(text)); }
  JsonText& value(bool truth) { return raw(truth ? "true" : "false"); }
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) JsonText& value(T number) {
    return raw(std::to_string(number));
  }
  // Text that is JSON already.
  JsonText& raw(std::string_view json);

  template <class T>
  JsonText& member(std::string_view name, const T& what) {
    return key(name).value(what);
  }
  // "2026-11-21T03:34:56.789Z" (RFC 3339, UTC), as openapi.yaml has all times.
  JsonText& time(std::string_view name, std::int64_t unix_ms);

  std::string take() { return std::move(out_); }

 private:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  void comma();
  std::string out_;
  bool first_ = true;  // nothing stands before in the innermost object or array
};

}  // namespace kiyome::http
