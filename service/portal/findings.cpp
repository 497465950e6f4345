#include "service/portal/findings.h"

#include <optional>
#include <string_view>

#include "proto/clean/findings.h"

namespace kiyome::portal {
namespace {

std::string_view effect_name(clean::Effect effect) {
  switch (effect) {
    case clean::Effect::note:
      return "note";
    case clean::Effect::part:
      return "part";
    case clean::Effect::item:
      return "item";
  }
  return "";
}

}  // namespace

void write_findings(http::JsonText& out, const std::vector<std::uint16_t>& findings) {
  out.key("findings").begin_array();
  for (const std::uint16_t code : findings) {
    const std::optional<clean::Finding> finding = clean::finding_of_code(code);
    if (!finding) continue;
    const clean::FindingInfo& info = clean::info(*finding);
    out.begin_object()
        .member("code", info.slug)
        .member("effect", effect_name(info.effect))
        .member("japanese", info.japanese)
        .member("english", info.english)
        .end_object();
  }
  out.end_array();
}

}  // namespace kiyome::portal
