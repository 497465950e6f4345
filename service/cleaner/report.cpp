#include "service/cleaner/report.h"

#include <fmt/format.h>

#include "service/base/log.h"

namespace kiyome::cleaner {

std::string hex(std::span<const std::uint8_t> octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t octet : octets) {
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean:
      return "clean";
    case Verdict::held:
      return "held";
    case Verdict::rejected:
      return "rejected";
  }
  return "held";
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::strip:
      return "strip";
    case Action::text:
      return "text";
    case Action::flatten:
      return "flatten";
    case Action::hold:
      return "hold";
  }
  return "hold";
}

std::string reasons_json(const std::vector<clean::Finding>& reasons) {
  std::string out = "[";
  for (const clean::Finding reason : reasons) {
    if (out.size() > 1) out += ',';
    out += fmt::format("\"{}\"", clean::slug(reason));
  }
  return out + "]";
}

std::string parts_json(const clean::MailAnswer& answer, const Group& group) {
  std::string out = "[";
  for (const PartVerdict& verdict : group.parts) {
    const clean::Part& part = answer.parts[verdict.part];
    const std::string& type = part.detected_type.empty() ? part.declared_type : part.detected_type;
    if (out.size() > 1) out += ',';
    out += fmt::format(R"({{"name":{},"type":{},"bytes":{},"sha256":"{}","action":"{}","reasons":{}}})",
                       log::json_string(part.name), log::json_string(type), part.size, hex(part.sha256),
                       name_of(verdict.action), reasons_json(verdict.reasons));
  }
  return out + "]";
}

std::string item_json(const clean::MailAnswer* answer, const std::vector<Group>& groups,
                      const store::Envelope& envelope, double parse_ms, double compose_ms) {
  std::string out = R"({"groups":[)";
  for (const Group& group : groups) {
    if (&group != &groups.front()) out += ',';
    out += fmt::format(R"({{"verdict":"{}","recipients":[)", name_of(group.verdict));
    for (const std::size_t recipient : group.recipients) {
      if (recipient != group.recipients.front()) out += ',';
      out += log::json_string(envelope.recipients[recipient].address);
    }
    out += fmt::format(R"(],"reasons":{},"parts":{}}})", reasons_json(group.reasons),
                       answer == nullptr ? "[]" : parts_json(*answer, group));
  }
  return out + fmt::format(R"(],"ms":{{"parse":{:.2f},"compose":{:.2f}}}}})", parse_ms, compose_ms);
}

}  // namespace kiyome::cleaner
