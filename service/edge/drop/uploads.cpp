#include "service/edge/drop/uploads.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/edge/drop/drop_rows.h"
#include "service/edge/drop/tus.h"

namespace kiyome::edge::drop {
namespace {

using auth::Role;
using auth::Session;
using http::Problem;
using http::Request;
using http::Response;

constexpr const char* kUploads = "/api/v1/uploads";
constexpr const char* kUpload = "/api/v1/uploads/{upload}";
constexpr std::string_view kOctets = "application/offset+octet-stream";

Problem gone() { return {410, "gone", "このアップロードはもうありません / This upload is no more", {}, {}}; }

Problem wrong_offset(std::uint64_t stands) {
  return {409,
          "wrong-offset",
          "続きの位置が違います / The upload stands elsewhere",
          {},
          {{"Upload-Offset", std::to_string(stands)}}};
}

Problem ended_by_another() {
  return {409, "wrong-offset", "別の送信が続きを引き継ぎました / Another transfer has taken over", {}, {}};
}

Problem no_space() { return {507, "no-space", {}, {}, {}}; }

Problem quota(const std::string& title) { return {429, "quota", title, {}, {{"Retry-After", "3600"}}}; }

std::uint64_t number_of(const Request& request, const std::string& header, const char* shown) {
  if (const auto number = tus_number(request.header(header))) return *number;
  throw Problem{400, "malformed", {}, {shown}, {}};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace

std::uint64_t file_bytes_max(const DropBoxConfig& config) {
  return std::min(config.file_bytes_max, limits::kDropFileBytes);
}

Problem elsewhere() {
  return {503,
          "busy",
          "別の台が受け取っています / Another host is taking this upload in",
          {},
          {{"Retry-After", "2"}}};
}

ItemId captured_id(const Request& request, const char* name) {
  const auto found = request.captured.find(name);
  const std::string text = found == request.captured.end() ? std::string() : found->second;
  const Result<ItemId> id = ItemId::parse(text);
  if (!id || id->text() != text) throw Problem{404, "not-found", {}, {}, {}};
  return *id;
}

// A transfer's place among those that may be under way at once: each has a buffer.
class Uploads::Place {
 public:
  Place(Guarded<Counts>& counts, std::int64_t account) : counts_(counts), account_(account) {
    const bool free = counts.with([&](Counts& now) {
      const auto found = now.by_account.find(account);
      if (now.all >= limits::kDropTransfers ||
          (found != now.by_account.end() && found->second >= limits::kDropTransfersEach))
        return false;
      ++now.all;
      ++now.by_account[account];
      return true;
    });
    if (!free) throw Problem{503, "busy", {}, {}, {{"Retry-After", "2"}}};
  }
  ~Place() {
    counts_.with([&](Counts& now) {
      --now.all;
      const auto found = now.by_account.find(account_);
      if (--found->second == 0) now.by_account.erase(found);
    });
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Guarded<Counts>& counts_;
  const std::int64_t account_;
};

void Uploads::add_to(http::Router& router, portal::Portal& portal) {
  const auto signed_in = [&](Response (Uploads::*handler)(Request&, const Session&)) {
    return speaking_tus(
        portal.signed_in({Role::sender}, [this, handler](Request& request, const Session& session) {
          return (this->*handler)(request, session);
        }));
  };
  // What the server can do is asked before a version is agreed on, and tells nothing about anybody.
  router.on("OPTIONS", kUploads, [this](Request& request) { return options(request); });
  router.on("OPTIONS", kUpload, [this](Request& request) { return options(request); });
  router.on("POST", kUploads, signed_in(&Uploads::create));
  router.on("HEAD", kUpload, signed_in(&Uploads::head));
  router.on("PATCH", kUpload, signed_in(&Uploads::patch));
  router.on("DELETE", kUpload, signed_in(&Uploads::remove));
  router.on("POST", kUpload, signed_in(&Uploads::overridden));
}

Response Uploads::options(Request&) {
  Response out = Response::empty();
  out.headers = {{"Tus-Resumable", std::string(kTusVersion)},
                 {"Tus-Version", std::string(kTusVersion)},
                 {"Tus-Extension", "creation,termination"},
                 {"Tus-Max-Size", std::to_string(file_bytes_max(*now(config_)))}};
  return out;
}

Response Uploads::create(Request& request, const Session& session) {
  const auto config = now(config_);
  Upload upload;
  upload.size = number_of(request, "upload-length", "Upload-Length");
  if (upload.size > file_bytes_max(*config))
    throw Problem{413, "too-large", "ファイルが大きすぎます / The file is too large", {"Upload-Length"}, {}};
  upload.metadata = request.header("upload-metadata");
  const Result<std::string> name = tus_file_name(upload.metadata);
  if (!name) throw Problem{400, "malformed", {}, {"Upload-Metadata"}, {}};
  upload.name = kept_file_name(*name);
  if (upload.name.empty())
    throw Problem{422, "invalid", "ファイル名が使えません / This file name cannot be used", {"filename"}, {}};
  if (!outside_.has_room(upload.size)) throw no_space();
  upload.id = new_item_id();
  upload.account = session.account.number;
  const auto allowance = outside_.allowance(session.account);
  if (allowance && allowance->over()) throw Problem{403, "forbidden", {}, {}, {}};
  upload.created_ms = upload.touched_ms = outside_.wall_ms();
  try {
    files_.create(upload.id);
  } catch (const NoRoom&) {
    outside_.write_failed();
    throw no_space();
  }
  // A guest's share is for all the days of his invitation.
  const DropStore::Added added = store_.add_upload(
      upload, allowance ? std::min(allowance->bytes_max, config->day_bytes_max) : config->day_bytes_max,
      allowance ? 0 : upload.created_ms - kDayMs);
  if (added != DropStore::Added::added) files_.remove(upload.id);
  if (added == DropStore::Added::too_many_bytes)
    throw quota("1 日に送れる容量を超えます / This would be more than a day's share");
  if (added == DropStore::Added::too_many)
    throw quota("送信していないファイルが多すぎます / Too many uploads that were not sent");
  Response out = Response::empty(201);
  out.headers.emplace_back("Location", kUploads + ("/" + upload.id.text()));
  return out;
}

Upload Uploads::mine(const Request& request, const Session& session) {
  const auto upload = store_.find_upload(session.account.number, captured_id(request, "upload"));
  if (!upload) throw Problem{404, "not-found", {}, {}, {}};
  if (upload->state != UploadState::open) throw gone();
  if (upload->host != store_.host()) throw elsewhere();
  return *upload;
}

// Who asks where an upload stands wants to go on from there: a transfer that is still under way has lost its
// client, and what it might still add would only make the answer wrong.
Response Uploads::head(Request& request, const Session& session) {
  const Upload upload = mine(request, session);
  const auto taken_over = files_.standing(upload.id, true);
  // Nobody writes: what the store says now counts, for a transfer may have ended just before.
  const std::uint64_t stands = taken_over ? *taken_over : mine(request, session).offset;
  Response out = Response::empty(200);
  out.headers = {{"Upload-Offset", std::to_string(stands)},
                 {"Upload-Length", std::to_string(upload.size)},
                 {"Upload-Metadata", upload.metadata},
                 {"Cache-Control", "no-store"}};
  return out;
}

Response Uploads::patch(Request& request, const Session& session) {
  if (lower(request.header("content-type")) != kOctets) throw Problem{415, "media-type", {}, {}, {}};
  const std::uint64_t offset = number_of(request, "upload-offset", "Upload-Offset");
  const Upload upload = mine(request, session);
  if (offset > upload.size) throw wrong_offset(files_.standing(upload.id).value_or(upload.offset));
  const std::uint64_t room = upload.size - offset;
  const std::uint64_t promised = request.body == nullptr ? 0 : request.body->length().value_or(room);
  if (promised > room)
    throw Problem{413, "too-large", "宣言した大きさを超えています / More than Upload-Length says", {}, {}};
  if (!outside_.has_room(promised)) throw no_space();
  const Place place(transfers_, session.account.number);
  UploadFiles::Begun begun = files_.begin(session.account.number, upload.id, offset);
  if (!begun.offset) throw gone();
  if (!begun.transfer) throw wrong_offset(*begun.offset);
  if (request.body != nullptr) receive(*request.body, *begun.transfer, room);
  const auto stands = begun.transfer->finish();
  if (!stands) throw ended_by_another();
  Response out = Response::empty();
  out.headers.emplace_back("Upload-Offset", std::to_string(*stands));
  return out;
}

// Whatever ends this early, the transfer keeps what came.
void Uploads::receive(http::Body& body, Transfer& transfer, std::uint64_t room) {
  const auto buffer = std::make_unique<char[]>(limits::kHttpBuffer);  // not on the connection's small stack
  while (const std::size_t count = body.read(buffer.get(), limits::kHttpBuffer)) {
    const std::size_t fits = std::min<std::uint64_t>(count, room);
    try {
      if (!outside_.has_room(0)) throw NoRoom();
      if (!transfer.write({buffer.get(), fits})) throw ended_by_another();
    } catch (const NoRoom&) {
      outside_.write_failed();
      throw no_space();
    }
    room -= fits;
    if (fits < count)
      throw Problem{413, "too-large", "宣言した大きさを超えています / More than Upload-Length says", {}, {}};
  }
}

Response Uploads::remove(Request& request, const Session& session) {
  const Upload upload = mine(request, session);
  if (!files_.drop(upload.id)) throw gone();
  return Response::empty();
}

// For clients behind programs that let neither PATCH nor DELETE pass (tus, X-HTTP-Method-Override).
Response Uploads::overridden(Request& request, const Session& session) {
  const std::string_view method = request.header("x-http-method-override");
  if (method == "PATCH") return patch(request, session);
  if (method == "DELETE") return remove(request, session);
  throw Problem{405, "method", {}, {}, {{"Allow", "OPTIONS, HEAD, PATCH, DELETE"}}};
}

}  // namespace kiyome::edge::drop
