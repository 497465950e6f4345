#include "service/gate/pick_up/answers.h"

#include <set>

#include "service/base/hex.h"
#include "service/gate/drop_rows.h"
#include "service/gate/pick_up/doors.h"
#include "service/portal/findings.h"

namespace kiyome::gate {
namespace {

std::string_view state_name(ApprovalState state) {
  switch (state) {
    case ApprovalState::none:
      return "none";
    case ApprovalState::waiting:
      return "waiting";
    case ApprovalState::approved:
      return "approved";
    case ApprovalState::returned:
      return "returned";
  }
  return "";
}

void write_item(http::JsonText& out, const ItemView& item, const Shown& shown) {
  out.begin_object()
      .member("item", item.id.text())
      .member("name", item.name)
      .member("type", item.type)
      .member("bytes", item.bytes)
      .member("sha256", hex(item.sha256))
      .member("verdict", verdict_name(item.verdict));
  portal::write_findings(out, item.findings);
  out.key("files").begin_array();
  for (const FileView& file : item.files) {
    out.begin_object()
        .member("number", file.number)
        .member("name", file.name)
        .member("type", media_type(file.type))
        .member("bytes", file.bytes)
        .member("sha256", hex(file.sha256));
    const auto picked = shown.picked.find({item.row, file.number});
    if (picked != shown.picked.end()) out.time("picked_up_at", picked->second);
    out.end_object();
  }
  out.end_array();
  if (item.view_only()) out.member("view_only", true);
  if (can_be_asked_for(item) && shown.viewer.recipient && item.recipient(shown.viewer.address) != nullptr) {
    const auto asked = shown.asked.find(item.id);
    out.member("request", mark_name(asked == shown.asked.end() ? DoorMark::none : asked->second));
  }
  out.end_object();
}

void write_approval(http::JsonText& out, const Shown& shown, const std::vector<const ItemView*>& items) {
  const Approval approval = approval_of(shown.viewer, shown.drop);
  std::set<std::string> reasons;
  const std::set<std::string> seen_by = shown.viewer.seen_by();
  for (const ItemView* item : items) {
    reasons.insert(item->approval.begin(), item->approval.end());
    for (const RecipientView& one : item->recipients)
      if (seen_by.contains(one.address)) reasons.insert(one.approval.begin(), one.approval.end());
  }
  out.key("approval").begin_object().member("state", state_name(approval.state));
  out.key("reasons").begin_array();
  for (const std::string& reason : reasons) out.value(reason);
  out.end_array();
  if (approval.decision != nullptr && approval.state != ApprovalState::waiting) {
    out.key("decided_by")
        .begin_object()
        .member("login", approval.decision->login)
        .member("name", approval.decision->name)
        .member("department", approval.decision->department)
        .end_object();
    out.time("decided_at", approval.decision->decided_ms).member("comment", approval.decision->comment);
  }
  out.member("mine", !shown.viewer.about.empty()).end_object();
}

}  // namespace

std::string_view verdict_name(transfer::DropVerdict verdict) {
  switch (verdict) {
    case transfer::DropVerdict::clean:
      return "clean";
    case transfer::DropVerdict::held:
      return "held";
    case transfer::DropVerdict::rejected:
      return "rejected";
  }
  return "";
}

std::string_view media_type(transfer::CleanFileType type) {
  switch (type) {
    case transfer::CleanFileType::pdf:
      return "application/pdf";
    case transfer::CleanFileType::text:
      return "text/plain";
    case transfer::CleanFileType::png:
      return "image/png";
    case transfer::CleanFileType::zip:
      return "application/zip";
  }
  return "";
}

void write_delivery(http::JsonText& out, const Shown& shown) {
  const DropView& drop = shown.drop;
  const std::set<std::string> seen_by = shown.viewer.seen_by();
  const std::vector<const ItemView*> items = items_for(drop, seen_by);
  std::set<std::string> recipients;
  for (const ItemView* item : items)
    for (const RecipientView& one : item->recipients)
      if (seen_by.contains(one.address)) recipients.insert(one.address);
  out.begin_object().member("id", drop.submission.text());
  out.time("received_at", drop.received_ms).time("expires_at", shown.expires_ms);
  out.key("sender").begin_object().member("name", drop.sender_name).member("mail", drop.sender).end_object();
  out.key("recipients").begin_array();
  for (const std::string& address : recipients) out.value(address);
  out.end_array()
      .member("title", drop.title)
      .member("message", drop.message)
      .member("importance", drop.importance)
      .member("files_total", drop.count)
      .member("complete", drop.complete());
  out.key("items").begin_array();
  for (const ItemView* item : items) write_item(out, *item, shown);
  out.end_array().member("digest", hex(digest_of(drop, items)));
  write_approval(out, shown, items);
  out.end_object();
}

std::string content_disposition(std::string_view kind, std::string_view name) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string plain, percent;
  for (const char c : name) {
    const auto octet = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '.' || c == '-' || c == '_';
    // For readers that know only this form: one mark a character that it cannot say.
    if (octet < 0x80)
      plain += unreserved || c == ' ' || c == '(' || c == ')' ? c : '_';
    else if (octet >= 0xC0)
      plain += '_';
    if (unreserved) {
      percent += c;
    } else {
      percent += '%';
      percent += kHex[octet >> 4];
      percent += kHex[octet & 15];
    }
  }
  return std::string(kind) + "; filename=\"" + plain + "\"; filename*=UTF-8''" + percent;
}

}  // namespace kiyome::gate
