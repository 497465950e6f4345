#include "service/cleaner/report.h"

#include <fmt/format.h>

#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/compose/type_names.h"

namespace kiyome::cleaner {

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
    case Action::image:
      return "image";
    case Action::hold:
      return "hold";
    case Action::view:
      return "view";
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

namespace {

// Of what nobody could open the octets are not known.
std::string digest_of(const clean::Part& part) {
  return part.sha256 == decltype(part.sha256){} ? std::string() : hex(part.sha256);
}

std::string part_json(const std::string& place, const clean::Part& part, Action action,
                      const std::vector<clean::Finding>& reasons, const document::Made* made) {
  const std::string& type = part.detected_type.empty() ? part.declared_type : part.detected_type;
  std::string out = fmt::format(
      R"({{"place":"{}","name":{},"type":{},"type_name":{},"bytes":{},"sha256":"{}","action":"{}","reasons":{})",
      place, log::json_string(part.name), log::json_string(type), log::json_string(compose::type_name(type)),
      part.size, digest_of(part), name_of(action), reasons_json(reasons));
  if (made != nullptr && !made->malware.empty()) out += ",\"malware\":" + log::json_string(made->malware);
  out += '}';
  // Depth is bounded by documents.depth_max.
  for (std::size_t i = 0; made != nullptr && i < made->entries.size(); ++i) {
    const document::Entry& entry = made->entries[i];
    out += "," + part_json(place + "/" + std::to_string(i), entry.part, entry.made.action, entry.made.reasons,
                           &entry.made);
  }
  return out;
}

// How the sender names himself in the header: "甲野太郎 <taro@example.jp>". Hostile text.
std::string from_of(const clean::MailAnswer* answer) {
  if (answer == nullptr || answer->header.from.empty()) return {};
  const clean::Address& first = answer->header.from.front();
  if (first.display.empty() || first.address.empty()) return first.display + first.address;
  return first.display + " <" + first.address + ">";
}

}  // namespace

std::string file_json(const clean::Part& part, const document::Made& made) {
  return part_json("0", part, made.action, made.reasons, &made);
}

std::string parts_json(const clean::MailAnswer& answer, const Group& group) {
  std::string out = "[";
  for (const PartVerdict& verdict : group.parts) {
    if (out.size() > 1) out += ',';
    out += part_json(std::to_string(verdict.part), answer.parts[verdict.part], verdict.action,
                     verdict.reasons, verdict.made);
  }
  return out + "]";
}

std::string item_json(const clean::MailAnswer* answer, const std::vector<Group>& groups,
                      const store::Envelope& envelope, double parse_ms, double compose_ms) {
  std::string out = "{\"from\":" + log::json_string(from_of(answer)) + ",\"groups\":[";
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
