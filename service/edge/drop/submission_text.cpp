#include "service/edge/drop/submission_text.h"

#include <algorithm>

#include "service/base/digest.h"
#include "service/http/json_text.h"
#include "service/portal/findings.h"

namespace kiyome::edge::drop {
namespace {

using http::JsonText;

std::string_view name_of(transfer::DropProgress state) {
  switch (state) {
    case transfer::DropProgress::received:
      return "received";
    case transfer::DropProgress::cleaning:
      return "cleaning";
    case transfer::DropProgress::clean:
      return "clean";
    case transfer::DropProgress::held:
      return "held";
    case transfer::DropProgress::refused:
      return "refused";
    case transfer::DropProgress::waiting:
      return "waiting";
    case transfer::DropProgress::delivered:
      return "delivered";
    case transfer::DropProgress::returned:
      return "returned";
    case transfer::DropProgress::picked_up:
      return "picked-up";
  }
  return "received";
}

void write_file(JsonText& out, const SubmittedFile& file) {
  out.begin_object()
      .member("item", file.item.text())
      .member("name", file.name)
      .member("bytes", file.bytes)
      .member("state", name_of(file.state))
      .member("pages", file.pages)
      .time("changed_at", file.changed_ms);
  portal::write_findings(out, file.findings);
  if (file.previews > 0) out.member("preview_pages", file.previews);
  out.end_object();
}

void write_submission(JsonText& out, const Submission& submission) {
  out.begin_object()
      .member("id", submission.id.text())
      .time("created_at", submission.created_ms)
      .member("title", submission.title)
      .member("message", submission.message)
      .member("importance", submission.importance)
      .key("recipients")
      .begin_array();
  for (const std::string& recipient : submission.recipients) out.value(recipient);
  out.end_array().key("files").begin_array();
  for (const SubmittedFile& file : submission.files) write_file(out, file);
  out.end_array().end_object();
}

}  // namespace

std::string submission_json(const Submission& submission) {
  JsonText out;
  write_submission(out, submission);
  return out.take();
}

std::string submissions_json(const std::vector<Submission>& submissions) {
  JsonText out;
  out.begin_object().key("submissions").begin_array();
  for (const Submission& each : submissions) write_submission(out, each);
  out.end_array().end_object();
  return out.take();
}

std::string entity_tag(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::size_t kOctets = 16;  // nobody gains anything by a collision
  const auto digest = sha256(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < kOctets; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out + "\"";
}

// Weak comparison (RFC 9110 section 13.1.2); our tags hold no comma.
bool names_tag(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    std::string_view each = list.substr(0, list.find(','));
    list.remove_prefix(std::min(each.size() + 1, list.size()));
    while (each.starts_with(' ') || each.starts_with('\t')) each.remove_prefix(1);
    while (each.ends_with(' ') || each.ends_with('\t')) each.remove_suffix(1);
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == tag || each == "*") return true;
  }
  return false;
}

}  // namespace kiyome::edge::drop
