#include "service/edge/drop/submissions.h"

#include <algorithm>
#include <charconv>

#include "proto/base/limits.h"
#include "service/compose/compose.h"
#include "service/compose/utf8.h"
#include "service/edge/drop/drop_rows.h"
#include "service/edge/drop/held_types.h"
#include "service/edge/drop/mailbox.h"
#include "service/edge/drop/submission_request.h"
#include "service/edge/drop/submission_text.h"
#include "service/http/json_text.h"

namespace kiyome::edge::drop {
namespace {

using auth::Role;
using auth::Session;
using http::Problem;
using http::Request;
using http::Response;
using What = DropStore::Begun::What;

constexpr std::size_t kListMax = 100, kListUsual = 20;

// The rows of a request that has been read; names and sizes come from the uploads.
Submission submission_of(const SubmissionRequest& asked, const Request& request, const Session& session,
                         const std::optional<Allowance>& allowance, std::int64_t wall_ms) {
  Submission out;
  out.id = new_item_id();
  out.account = session.account.number;
  out.created_ms = wall_ms;
  out.key = asked.key;
  out.digest = asked.digest();
  out.client = request.client_address;
  std::vector<clean::Finding> changes;
  // What a directory says is not always an address; the file goes without it rather than not at all.
  out.sender = mailbox_of(allowance ? allowance->mail : session.account.mail);
  out.sender_name =
      compose::cut_at_character(compose::clean_line(session.account.name, changes), limits::kCrossingPerson);
  out.recipients = asked.recipients;
  out.title = asked.title;
  out.message = asked.message;
  out.importance = asked.importance;
  for (const SubmissionRequest::File& file : asked.files) {
    SubmittedFile row;
    row.item = new_item_id();
    row.upload = file.upload;
    row.password = file.password;
    out.files.push_back(std::move(row));
  }
  return out;
}

[[noreturn]] void refuse(const DropStore::Begun& begun) {
  const std::string field = "uploads[" + std::to_string(begun.place) + "].id";
  switch (begun.what) {
    case What::upload_open:
      throw Problem{409,
                    "incomplete-upload",
                    "まだ送信が終わっていないファイルがあります / An upload is not whole yet",
                    {field},
                    {}};
    case What::upload_used:
      throw Problem{
          409, "submitted", "すでに送信したファイルです / This upload was sent before", {field}, {}};
    case What::upload_elsewhere:
      throw elsewhere();
    case What::other_request:
      throw Problem{409,
                    "key-reused",
                    "同じキーで別の内容が送られました / This Idempotency-Key has named something else",
                    {"Idempotency-Key"},
                    {}};
    case What::over:
      throw Problem{
          403, "forbidden", "この招待での送付は終わっています / This invitation has been used", {}, {}};
    case What::too_many:
      throw Problem{429,
                    "quota",
                    "1 日に送れる件数を超えました / Too many submissions today",
                    {},
                    {{"Retry-After", "3600"}}};
    default:
      throw Problem{422, "invalid", {}, {field}, {}};
  }
}

}  // namespace

void Submissions::add_to(http::Router& router, portal::Portal& portal) {
  const auto signed_in = [&](Response (Submissions::*handler)(Request&, const Session&)) {
    return portal.signed_in({Role::sender}, [this, handler](Request& request, const Session& session) {
      return (this->*handler)(request, session);
    });
  };
  router.on("GET", "/api/v1/drop-box", signed_in(&Submissions::rules));
  router.on("GET", "/api/v1/submissions", signed_in(&Submissions::list));
  router.on("POST", "/api/v1/submissions", signed_in(&Submissions::submit));
  router.on("GET", "/api/v1/submissions/{submission}", signed_in(&Submissions::get));
}

Response Submissions::rules(Request&, const Session& session) {
  const auto config = now(config_);
  const auto allowance = outside_.allowance(session.account);
  const std::uint64_t day =
      allowance ? std::min(allowance->bytes_max, config->day_bytes_max) : config->day_bytes_max;
  const std::uint64_t used =
      store_.begun_bytes(session.account.number, allowance ? 0 : outside_.wall_ms() - kDayMs);
  http::JsonText out;
  out.begin_object()
      .member("file_bytes_max", file_bytes_max(*config))
      .member("files_max", std::min<std::size_t>(config->files_max, limits::kDropFiles))
      .member("day_bytes_left", day - std::min(used, day))
      .member("invites", outside_.may_invite(session.account))
      .key("importances")
      .begin_array();
  for (const std::string& importance : config->importances) out.value(importance);
  out.end_array();
  if (allowance) {
    out.key("recipients").begin_array();
    for (const std::string& recipient : allowance->recipients) out.value(recipient);
    out.end_array();
  }
  out.key("held_types").begin_array();
  for (const HeldType& held : held_types()) out.value(held.ending);
  out.end_array().end_object();
  return Response::json(out.take());
}

Response Submissions::submit(Request& request, const Session& session) {
  const auto allowance = outside_.allowance(session.account);
  const auto may_send_to = [&](const std::string& mailbox) {
    if (!outside_.is_own(session.account, mailbox)) return false;  // as one that nobody here has
    if (!allowance) return outside_.knows_recipient(mailbox);
    if (allowance->over()) return true;  // only what he has sent before is told him again
    return std::find(allowance->recipients.begin(), allowance->recipients.end(), mailbox) !=
           allowance->recipients.end();
  };
  const SubmissionRequest asked = read_submission(request, *now(config_), may_send_to);
  const DropStore::Begun begun = store_.begin_submission(
      submission_of(asked, request, session, allowance, outside_.wall_ms()), !allowance          ? SIZE_MAX
                                                                             : allowance->over() ? 0
                                                                                                 : 1);
  if (begun.what != What::begun && begun.what != What::known) refuse(begun);
  const Dispatch::Outcome outcome =
      dispatch_.send(begun.submission, std::chrono::milliseconds(limits::kDropWaitMs));
  if (outcome == Dispatch::Outcome::undone) {
    if (outside_.has_room(limits::kOriginalSegment))
      throw Problem{503, "busy", {}, {}, {{"Retry-After", "10"}}};
    throw Problem{507, "no-space", {}, {}, {}};
  }
  outside_.submitted(session.account);  // also what is still underway: it goes on by itself
  if (outcome == Dispatch::Outcome::underway)
    throw Problem{503,
                  "busy",
                  "受け付けの途中です。自動的に続きます / It is being taken in and goes on by itself",
                  {},
                  {{"Retry-After", "5"}}};
  const auto stored = store_.find_submission(begun.submission);
  if (!stored) throw Problem{404, "not-found", {}, {}, {}};  // pruned meanwhile
  Response out = Response::json(submission_json(*stored), 201);
  out.headers.emplace_back("Location", "/api/v1/submissions/" + stored->id.text());
  return out;
}

Response Submissions::list(Request& request, const Session& session) {
  std::vector<std::string> wrong;
  std::size_t limit = kListUsual;
  if (const auto found = request.query.find("limit"); found != request.query.end()) {
    const char* end = found->second.data() + found->second.size();
    const auto read = std::from_chars(found->second.data(), end, limit);
    if (read.ec != std::errc() || read.ptr != end || limit < 1 || limit > kListMax) wrong.push_back("limit");
  }
  std::optional<ItemId> before;
  if (const auto found = request.query.find("before"); found != request.query.end()) {
    const Result<ItemId> id = ItemId::parse(found->second);
    if (id)
      before = *id;
    else
      wrong.push_back("before");
  }
  if (!wrong.empty()) throw Problem{422, "invalid", {}, wrong, {}};
  return Response::json(submissions_json(store_.list(session.account.number, before, limit)));
}

Response Submissions::get(Request& request, const Session& session) {
  const auto found = store_.find_submission(captured_id(request, "submission"));
  if (!found || found->account != session.account.number) throw Problem{404, "not-found", {}, {}, {}};
  std::string text = submission_json(*found);
  const std::string tag = entity_tag(text);
  const bool same = names_tag(request.header("if-none-match"), tag);
  Response out = same ? Response::empty(304) : Response::json(std::move(text));
  out.headers.emplace_back("ETag", tag);
  return out;
}

}  // namespace kiyome::edge::drop
