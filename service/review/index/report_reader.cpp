#include "service/review/index/report_reader.h"

#include <algorithm>
#include <cstdint>

namespace kiyome::review {
namespace {

constexpr int kDepth =
    32;  // of nesting; a report has six, and entries of archives as many as the limits allow

// One walk over the text. An object with a "sha256" and an "action" is a part, wherever it stands.
class Walk {
 public:
  explicit Walk(std::string_view text) : rest_(text) {}

  ReportedItem read() {
    value(0, {}, nullptr);
    return std::move(out_);
  }

 private:
  struct Object {
    ReportedPart part;
    bool has_hash = false, has_action = false;
  };

  char next() {
    while (!rest_.empty() && static_cast<unsigned char>(rest_.front()) <= ' ') rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(char c) {
    if (next() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void append(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      (out += static_cast<char>(0xC0 | (c >> 6))) += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      ((out += static_cast<char>(0xE0 | (c >> 12))) += static_cast<char>(0x80 | ((c >> 6) & 0x3F))) +=
          static_cast<char>(0x80 | (c & 0x3F));
    }
  }

  std::uint32_t hex_digits() {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, rest_.size()); ++i) {
      const char c = rest_[i];
      out = out * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    rest_.remove_prefix(std::min<std::size_t>(4, rest_.size()));
    return out;
  }

  void escape(std::string& out) {
    if (rest_.empty()) return;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c != 'u') return void(out += c == 'n' || c == 'r' || c == 't' || c == 'b' || c == 'f' ? ' ' : c);
    std::uint32_t code = hex_digits();
    if (code >= 0xD800 && code < 0xDC00 && rest_.substr(0, 2) == "\\u") {
      rest_.remove_prefix(2);
      const std::uint32_t low = hex_digits() & 0x3FF;
      code = 0x10000 + ((code & 0x3FF) << 10) + low;
      (out += static_cast<char>(0xF0 | (code >> 18))) += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      (out += static_cast<char>(0x80 | ((code >> 6) & 0x3F))) += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      append(out, code);
    }
  }

  std::string string() {
    std::string out;
    if (!take('"')) return out;
    while (!rest_.empty()) {
      const std::size_t plain = std::min(rest_.find_first_of("\"\\"), rest_.size());
      out.append(rest_.substr(0, plain));
      rest_.remove_prefix(plain);
      if (rest_.empty()) break;
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') break;
      escape(out);
    }
    return out;
  }

  void keep(const Object& object) {
    if (!object.has_hash || !object.has_action || out_.parts.size() >= kReportedParts) return;
    if (std::find(out_.parts.begin(), out_.parts.end(), object.part) == out_.parts.end())
      out_.parts.push_back(object.part);
  }

  void text(std::string value, std::string_view name, Object* object) {
    if (object == nullptr) return;
    ReportedPart& part = object->part;
    if (name == "name")
      part.name = std::move(value);
    else if (name == "type")
      part.type = std::move(value);
    else if (name == "type_name")
      part.type_name = std::move(value);
    else if (name == "sha256")
      part.sha256 = std::move(value), object->has_hash = true;
    else if (name == "action")
      object->has_action = true;
    else if (name == "reasons" && part.reasons.size() < kReportedParts)
      part.reasons.push_back(std::move(value));
    else if (name == "from" && out_.from.empty())
      out_.from = std::move(value);
  }

  void object(int depth) {
    rest_.remove_prefix(1);
    Object mine;
    while (!rest_.empty() && !take('}')) {
      const std::string name = string();
      if (!take(':')) return void(rest_ = {});
      value(depth + 1, name, &mine);
      take(',');
    }
    keep(mine);
  }

  // Texts of an array count as values of its member; objects in it stand for themselves.
  void value(int depth, std::string_view name, Object* owner) {
    const char c = next();
    if (depth > kDepth) {
      rest_ = {};
    } else if (c == '{') {
      object(depth);
    } else if (c == '[') {
      rest_.remove_prefix(1);
      while (!rest_.empty() && !take(']')) {
        value(depth + 1, name, owner);
        take(',');
      }
    } else if (c == '"') {
      text(string(), name, owner);
    } else {
      const std::size_t end = rest_.find_first_of(",]}");
      if (end == 0 || end == std::string_view::npos)
        rest_ = {};
      else
        rest_.remove_prefix(end);
    }
  }

  std::string_view rest_;
  ReportedItem out_;
};

}  // namespace

ReportedItem read_report(std::string_view json) { return Walk(json).read(); }

}  // namespace kiyome::review
