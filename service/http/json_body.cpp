#include "service/http/json_body.h"

#include <Poco/Exception.h>
#include <Poco/JSON/Handler.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <map>
#include <variant>

#include "proto/base/characters.h"
#include "proto/base/limits.h"

namespace kiyome::http {

struct JsonValue {
  using Array = std::vector<JsonValue>;
  using Object = std::map<std::string, JsonValue>;
  struct Null {};
  std::variant<Null, bool, std::int64_t, double, std::string, Array, Object> is;
};

struct JsonFaults {
  std::vector<std::string> names;
  void add(const std::string& name) {
    if (names.size() < limits::kJsonFaults) names.push_back(name);
  }
};

namespace {

struct Malformed {};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Builds the values from what Poco's parser sees. Poco's own objects keep the last of two equal names.
class Builder : public Poco::JSON::Handler {
 public:
  void reset() override {}
  void startObject() override { open(JsonValue{JsonValue::Object{}}); }
  void endObject() override { close(); }
  void startArray() override { open(JsonValue{JsonValue::Array{}}); }
  void endArray() override { close(); }
  void key(const std::string& name) override {
    auto& members = std::get<JsonValue::Object>(stack_.back()->is);
    const auto [member, fresh] = members.try_emplace(name);
    if (!fresh) throw Malformed{};
    member_ = &member->second;
  }
  void null() override { put(JsonValue{}); }
  void value(int number) override { put({std::int64_t{number}}); }
  void value(unsigned number) override { put({std::int64_t{number}}); }
  void value(Poco::Int64 number) override { put({std::int64_t{number}}); }
  void value(Poco::UInt64 number) override {
    if (number > INT64_MAX) return value(static_cast<double>(number));
    put({static_cast<std::int64_t>(number)});
  }
  void value(const std::string& text) override { put({text}); }
  void value(double number) override { put({number}); }
  void value(bool truth) override { put({truth}); }

  JsonValue root;

 private:
  JsonValue* put(JsonValue value) {
    if (++count_ > limits::kJsonValues) throw Malformed{};
    JsonValue* place = &root;
    if (!stack_.empty()) {
      if (auto* array = std::get_if<JsonValue::Array>(&stack_.back()->is))
        place = &array->emplace_back();
      else
        place = member_;
    }
    *place = std::move(value);
    return place;
  }
  // An array does not grow while one of its values is open, so places stay.
  void open(JsonValue value) { stack_.push_back(put(std::move(value))); }
  void close() { stack_.pop_back(); }

  std::vector<JsonValue*> stack_;
  JsonValue* member_ = nullptr;
  std::size_t count_ = 0;
};

// A client's own name of a member, short enough to be told back.
std::string shown(const std::string& name) {
  std::size_t end = std::min<std::size_t>(name.size(), 64);
  while (end > 0 && end < name.size() && (name[end] & 0xC0) == 0x80) --end;
  return name.substr(0, end);
}

bool no_controls(std::string_view text, bool lines) {
  if (!(lines ? is_text(text) : is_line(text))) return false;
  return text.find('\x7f') == std::string_view::npos && (lines || text.find('\t') == std::string_view::npos);
}

}  // namespace

bool is_json_type(std::string_view type) {
  std::string small;
  for (const char c : type)
    if (c != ' ' && c != '\t') small += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return small == "application/json" || small == "application/json;charset=utf-8";
}

JsonObject::JsonObject(const JsonValue& value, std::string name, JsonFaults& faults)
    : value_(&value), name_(std::move(name)), faults_(&faults) {}

void JsonObject::wrong(const std::string& name) { faults_->add(name_ + name); }

const JsonValue* JsonObject::find(const std::string& name, bool required) {
  asked_.insert(name);
  const auto* members = std::get_if<JsonValue::Object>(&value_->is);
  const auto found = members != nullptr ? members->find(name) : JsonValue::Object::const_iterator{};
  if (members != nullptr && found != members->end()) return &found->second;
  if (required) wrong(name);
  return nullptr;
}

std::string JsonObject::string(const std::string& name, bool required, std::size_t min, std::size_t max,
                               bool lines) {
  const JsonValue* const value = find(name, required);
  if (value == nullptr) return {};
  const auto* const text = std::get_if<std::string>(&value->is);
  if (text != nullptr && no_controls(*text, lines)) {
    const std::size_t length = characters(*text);
    if (length >= min && length <= max) return *text;
  }
  wrong(name);
  return {};
}

std::string JsonObject::text(const std::string& name, std::size_t max, std::size_t min) {
  return string(name, true, min, max, false);
}
std::string JsonObject::optional_text(const std::string& name, std::size_t max) {
  return string(name, false, 0, max, false);
}
std::string JsonObject::optional_lines(const std::string& name, std::size_t max) {
  return string(name, false, 0, max, true);
}

std::string JsonObject::ascii(const std::string& name, std::size_t max, std::size_t min) {
  std::string out = text(name, max, min);
  if (std::all_of(out.begin(), out.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) return out;
  wrong(name);
  return {};
}

std::int64_t JsonObject::integer(const std::string& name, std::int64_t min, std::int64_t max) {
  const JsonValue* const value = find(name, true);
  if (value == nullptr) return min;
  const auto* const number = std::get_if<std::int64_t>(&value->is);
  if (number != nullptr && *number >= min && *number <= max) return *number;
  wrong(name);
  return min;
}

std::int64_t JsonObject::optional_integer(const std::string& name, std::int64_t otherwise, std::int64_t max) {
  return find(name, false) == nullptr ? otherwise : integer(name, 0, max);
}

std::vector<std::int64_t> JsonObject::integers(const std::string& name, std::size_t count_max,
                                               std::int64_t min, std::int64_t max) {
  const JsonValue* const value = find(name, false);
  if (value == nullptr) return {};
  const auto* const array = std::get_if<JsonValue::Array>(&value->is);
  if (array == nullptr || array->size() > count_max) {
    wrong(name);
    return {};
  }
  std::vector<std::int64_t> out;
  for (const JsonValue& entry : *array) {
    const auto* const number = std::get_if<std::int64_t>(&entry.is);
    const bool right = number != nullptr && *number >= min && *number <= max;
    if (!right) wrong(name + "[" + std::to_string(&entry - array->data()) + "]");
    out.push_back(right ? *number : min);
  }
  return out;
}

bool JsonObject::boolean(const std::string& name) {
  find(name, true);
  return optional_boolean(name, false);
}

bool JsonObject::optional_boolean(const std::string& name, bool otherwise) {
  const JsonValue* const value = find(name, false);
  if (value == nullptr) return otherwise;
  if (const auto* const truth = std::get_if<bool>(&value->is)) return *truth;
  wrong(name);
  return otherwise;
}

std::vector<std::string> JsonObject::texts(const std::string& name, std::size_t count_max, std::size_t max,
                                           std::size_t count_min) {
  const JsonValue* const value = find(name, count_min > 0);
  if (value == nullptr) return {};
  const auto* const array = std::get_if<JsonValue::Array>(&value->is);
  if (array == nullptr || array->size() < count_min || array->size() > count_max) {
    wrong(name);
    return {};
  }
  std::vector<std::string> out;
  for (const JsonValue& entry : *array) {
    const auto* const text = std::get_if<std::string>(&entry.is);
    const bool right =
        text != nullptr && !text->empty() && no_controls(*text, false) && characters(*text) <= max;
    if (!right) wrong(name + "[" + std::to_string(&entry - array->data()) + "]");
    out.push_back(right ? *text : std::string());
  }
  return out;
}

std::vector<JsonObject> JsonObject::objects_of(const std::string& name, std::size_t count_max,
                                               std::size_t count_min) {
  const JsonValue* const value = find(name, count_min > 0);
  if (value == nullptr) return {};
  const auto* const array = std::get_if<JsonValue::Array>(&value->is);
  if (array == nullptr || array->size() < count_min || array->size() > count_max) {
    wrong(name);
    return {};
  }
  std::vector<JsonObject> out;
  for (const JsonValue& entry : *array) {
    const std::string place = name + "[" + std::to_string(&entry - array->data()) + "]";
    if (std::holds_alternative<JsonValue::Object>(entry.is))
      out.emplace_back(entry, name_ + place + ".", *faults_);
    else
      wrong(place);
  }
  return out;
}

void JsonObject::done() {
  const auto* const members = std::get_if<JsonValue::Object>(&value_->is);
  if (members == nullptr) return;
  for (const auto& [name, value] : *members)
    if (!asked_.contains(name)) wrong(shown(name));
}

JsonDocument::JsonDocument(Request& request, std::size_t bytes_max)
    : value_(std::make_unique<JsonValue>()), faults_(std::make_unique<JsonFaults>()) {
  if (!is_json_type(request.header("content-type"))) throw Problem{415, "media-type", {}};
  read(request.body->all(std::min(bytes_max, limits::kJsonBytes)));
}

JsonDocument::JsonDocument(std::string_view text)
    : value_(std::make_unique<JsonValue>()), faults_(std::make_unique<JsonFaults>()) {
  read(text);
}

JsonDocument::~JsonDocument() = default;

void JsonDocument::read(std::string_view text) {
  const Poco::SharedPtr<Builder> builder(new Builder);  // Poco's parser shares its handler
  try {
    Poco::JSON::Parser parser(builder);
    parser.setDepth(limits::kJsonDepth);
    parser.parse(std::string(text));
  } catch (const Poco::Exception&) {
    throw Problem{400, "malformed", {}};
  } catch (const Malformed&) {
    throw Problem{400, "malformed", {}};
  }
  *value_ = std::move(builder->root);
  if (!std::holds_alternative<JsonValue::Object>(value_->is)) throw Problem{422, "invalid", {}};
  object_.emplace(*value_, "", *faults_);
}

JsonObject& JsonDocument::object() { return *object_; }

void JsonDocument::done() {
  object_->done();
  if (!faults_->names.empty()) throw Problem{422, "invalid", {}, faults_->names};
}

}  // namespace kiyome::http
