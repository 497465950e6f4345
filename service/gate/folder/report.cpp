#include "service/gate/folder/report.h"

#include <algorithm>
#include <optional>

#include "proto/base/limits.h"
#include "service/base/hex.h"
#include "service/gate/drop_rows.h"
#include "service/gate/pick_up/answers.h"
#include "service/http/json_text.h"
#include "service/portal/findings.h"

namespace kiyome::gate {
namespace {

constexpr std::size_t kOfAFile = 400;  // octets of JSON beside its name, with room for escapes

// The decision that counts for one of the addresses: the last one.
const DecisionView* decision_about(const DropView& drop, const ItemView& item,
                                   const std::set<std::string>& addresses) {
  const DecisionView* out = nullptr;
  for (const RecipientView& one : item.recipients) {
    if (one.decision == 0 || !addresses.contains(one.address)) continue;
    for (const DecisionView& decision : drop.decisions)
      if (decision.number == one.decision && (out == nullptr || out->number < decision.number))
        out = &decision;
  }
  return out;
}

void write_approval(http::JsonText& out, const ItemView& item, const DecisionView& decision) {
  out.key("approval").begin_object().member("state", decision.approved ? "approved" : "returned");
  out.key("reasons").begin_array();
  for (const std::string& rule : item.approval) out.value(rule);
  out.end_array().key("decided_by").begin_object();
  out.member("login", decision.login)
      .member("name", decision.name)
      .member("department", decision.department)
      .end_object();
  out.time("decided_at", decision.decided_ms).member("comment", decision.comment).end_object();
}

}  // namespace

std::optional<PutKind> kind_of(const ItemView& item, const std::set<std::string>& addresses) {
  if (item.verdict != transfer::DropVerdict::clean) return PutKind::report;
  std::optional<PutKind> out;
  for (const RecipientView& one : item.recipients) {
    if (!addresses.contains(one.address)) continue;
    if (one.stage == Stage::delivered || one.stage == Stage::picked_up) return PutKind::files;
    if (one.stage == Stage::returned) out = PutKind::returned;
  }
  return out;
}

std::string report_of(const DropView& drop, const ItemView& item, const std::set<std::string>& addresses,
                      PutKind kind, const std::vector<std::string>& paths) {
  http::JsonText out;
  out.begin_object()
      .member("item", item.id.text())
      .member("submission", drop.submission.text())
      .member("name", item.name)
      .member("sha256", hex(item.sha256))
      .member("bytes", item.bytes)
      .member("type", item.type)
      .time("received_at", item.received_ms)
      .key("sender")
      .begin_object()
      .member("name", drop.sender_name)
      .member("mail", drop.sender)
      .end_object()
      .member("importance", drop.importance)
      .member("verdict", verdict_name(item.verdict));
  portal::write_findings(out, item.findings);
  const std::size_t count = kind == PutKind::files ? std::min(item.files.size(), paths.size()) : 0;
  out.member("files_total", count).key("files").begin_array();
  std::size_t room = limits::kFolderReportBytes / 2;  // the other half is for all the rest
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t takes = 2 * paths[i].size() + kOfAFile;
    if (takes > room) break;
    room -= takes;
    out.begin_object()
        .member("name", paths[i])
        .member("sha256", hex(item.files[i].sha256))
        .member("bytes", item.files[i].bytes)
        .member("type", media_type(item.files[i].type))
        .end_object();
  }
  out.end_array();
  if (const DecisionView* decision = decision_about(drop, item, addresses))
    write_approval(out, item, *decision);
  return out.end_object().take() + "\n";
}

}  // namespace kiyome::gate
