// The JSON object a request brings, read strictly: known members only, each of its type and bound, texts
// without control characters. Trusts nothing. All that is wrong with it is told at once: 422 `invalid` with
// `fields`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "service/http/http.h"

namespace kiyome::http {

struct JsonValue;
struct JsonFaults;  // names of wrong members, kJsonFaults of them

// An object's members. Wrong ones are noted, and what is given for them has no meaning: read_json() throws
// before anybody uses it. Lengths are counted in characters (as openapi.yaml's), not octets. One thread.
class JsonObject {
 public:
  JsonObject(const JsonValue& value, std::string name, JsonFaults& faults);

  // One line.
  std::string text(const std::string& name, std::size_t max, std::size_t min = 1);
  std::string optional_text(const std::string& name, std::size_t max);  // "" when absent
  // Several lines, parted by LF; TAB may stand in them.
  std::string optional_lines(const std::string& name, std::size_t max);
  // As it is; of printable ASCII alone.
  std::string ascii(const std::string& name, std::size_t max, std::size_t min = 1);
  std::int64_t integer(const std::string& name, std::int64_t min, std::int64_t max);
  std::int64_t optional_integer(const std::string& name, std::int64_t otherwise, std::int64_t max);  // from 0
  // None when absent.
  std::vector<std::int64_t> integers(const std::string& name, std::size_t count_max, std::int64_t min,
                                     std::int64_t max);
  bool boolean(const std::string& name);
  bool optional_boolean(const std::string& name, bool otherwise);
  std::vector<std::string> texts(const std::string& name, std::size_t count_max, std::size_t max,
                                 std::size_t count_min = 1);
  // Calls use(JsonObject&) for each of an array of objects.
  template <class Use>
  void objects(const std::string& name, std::size_t count_max, std::size_t count_min, Use&& use) {
    for (JsonObject& object : objects_of(name, count_max, count_min)) {
      use(object);
      object.done();
    }
  }
  // A fault that the reader found himself: a value that is well-formed and wrong.
  void wrong(const std::string& name);
  // Notes members that nobody asked for.
  void done();

 private:
  const JsonValue* find(const std::string& name, bool required);
  std::string string(const std::string& name, bool required, std::size_t min, std::size_t max, bool lines);
  std::vector<JsonObject> objects_of(const std::string& name, std::size_t count_max, std::size_t count_min);

  const JsonValue* value_;
  std::string name_;  // "uploads[3].", for the faults
  JsonFaults* faults_;
  std::set<std::string> asked_;
};

// Whether a Content-Type says JSON; of parameters only the charset UTF-8 may stand there.
bool is_json_type(std::string_view type);

// What a form of ours takes at most, its texts escaped: many may send one without an account, all at once.
inline constexpr std::size_t kJsonFormBytes = 32u << 10;

class JsonDocument {
 public:
  // Throws Problem: 415 unless Content-Type is application/json, 413 above `bytes_max`, 400 when it is no
  // JSON (RFC 8259 in UTF-8, no name twice in an object), 422 when it is no object.
  JsonDocument(Request& request, std::size_t bytes_max);
  explicit JsonDocument(std::string_view text);
  ~JsonDocument();
  JsonObject& object();
  void done();  // throws Problem 422 when anything was wrong

 private:
  void read(std::string_view text);
  std::unique_ptr<JsonValue> value_;
  std::unique_ptr<JsonFaults> faults_;
  std::optional<JsonObject> object_;
};

// const Order order = read_json(request, [](JsonObject& json) { return Order{json.text("title", 200)}; });
// `read` must act on nothing: only when it is done is it known whether all of it is right.
template <class Read>
auto read_json(Request& request, Read&& read, std::size_t bytes_max = kJsonFormBytes) {
  JsonDocument document(request, bytes_max);
  auto out = read(document.object());
  document.done();
  return out;
}

}  // namespace kiyome::http
