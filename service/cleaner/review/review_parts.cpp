// The parts of an item's report as the tree that the review page shows.
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <map>
#include <vector>

#include "proto/clean/findings.h"
#include "service/cleaner/review/review_item.h"

namespace kiyome::cleaner {
namespace {

using Json = Poco::JSON::Object::Ptr;
using Array = Poco::JSON::Array::Ptr;

constexpr unsigned kDeepest = 16;  // the document cleaner stops before

Json object_at(const Array& array, std::size_t index) {
  return array ? array->getObject(static_cast<unsigned>(index)) : Json();
}

std::string text_at(const Array& array, std::size_t index) {
  return array->getElement<std::string>(static_cast<unsigned>(index));
}

std::vector<std::string> texts(const Json& json, const char* name) {
  std::vector<std::string> out;
  const Array array = json->getArray(name);
  for (std::size_t i = 0; array && i < array->size(); ++i) out.push_back(text_at(array, i));
  return out;
}

struct Node {
  Json part;
  std::string place;
  std::vector<Node> parts;
};

// A part stands behind the one that it lies in, and its place begins with that one's. Reports of earlier
// versions have no places: their parts stand side by side.
void add(std::vector<Node>& into, Json part, unsigned depth) {
  const std::string place = part->optValue<std::string>("place", "");
  if (!into.empty() && !into.back().place.empty() && place.starts_with(into.back().place + "/") &&
      depth < kDeepest)
    return add(into.back().parts, std::move(part), depth + 1);
  into.push_back({std::move(part), place, {}});
}

struct Otherwise {
  std::vector<std::string> recipients;
  std::string action;
  std::vector<std::string> reasons;
};
using OthersByPlace = std::map<std::string, std::vector<Otherwise>>;

void write_node(http::JsonText& out, const Node& node, const OthersByPlace& others) {
  const auto text = [&](const char* name) { return node.part->optValue<std::string>(name, ""); };
  out.begin_object()
      .member("place", node.place)
      .member("name", text("name"))
      .member("type", text("type"))
      .member("type_name", text("type_name"))
      .member("bytes", node.part->optValue<std::int64_t>("bytes", 0));
  if (!text("sha256").empty()) out.member("sha256", text("sha256"));
  const std::string action = text("action");
  const std::vector<std::string> reasons = texts(node.part, "reasons");
  out.member("action", action).key("reasons");
  write_reasons(out, reasons);
  if (!text("malware").empty()) out.member("malware", text("malware"));
  if (const auto found = others.find(node.place); found != others.end()) {
    out.key("otherwise").begin_array();
    for (const Otherwise& each : found->second) {
      if (each.action == action && each.reasons == reasons) continue;
      out.begin_object().key("recipients").begin_array();
      for (const std::string& address : each.recipients) out.value(address);
      out.end_array().member("action", each.action).key("reasons");
      write_reasons(out, each.reasons);
      out.end_object();
    }
    out.end_array();
  }
  out.key("parts").begin_array();
  for (const Node& each : node.parts) write_node(out, each, others);
  out.end_array().end_object();
}

}  // namespace

void write_reasons(http::JsonText& out, const std::vector<std::string>& slugs) {
  out.begin_array();
  for (const std::string& slug : slugs) {
    const std::optional<clean::Finding> finding = clean::finding_of_slug(slug);
    if (!finding) continue;  // of another version
    const clean::FindingInfo& info = clean::info(*finding);
    out.begin_object().member("code", info.slug).member("ja", info.japanese).member("en", info.english);
    out.end_object();
  }
  out.end_array();
}

std::vector<std::string> write_report_parts(http::JsonText& out, const std::string& report,
                                            const std::function<bool(const std::string&)>& shown) {
  std::vector<Node> nodes;
  OthersByPlace others;
  Poco::JSON::Parser parser;
  const Array groups = parser.parse(report).extract<Json>()->getArray("groups");
  bool first = true;
  for (std::size_t i = 0; groups && i < groups->size(); ++i) {
    const Json group = object_at(groups, i);
    std::vector<std::string> recipients = texts(group, "recipients");
    std::erase_if(recipients, [&](const std::string& address) { return !shown(address); });
    if (recipients.empty()) continue;
    const Array parts = group->getArray("parts");
    for (std::size_t at = 0; parts && at < parts->size(); ++at) {
      Json part = object_at(parts, at);
      if (first) {
        add(nodes, std::move(part), 0);
        continue;
      }
      const std::string place = part->optValue<std::string>("place", "");
      if (!place.empty())
        others[place].push_back(
            {recipients, part->optValue<std::string>("action", ""), texts(part, "reasons")});
    }
    first = false;
  }
  out.begin_array();
  std::vector<std::string> names;
  for (const Node& each : nodes) {
    write_node(out, each, others);
    if (std::string name = each.part->optValue<std::string>("name", ""); !name.empty())
      names.push_back(std::move(name));
  }
  out.end_array();
  return names;
}

}  // namespace kiyome::cleaner
