#include "service/gate/pick_up/pick_up.h"

#include <algorithm>
#include <charconv>
#include <future>
#include <memory>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/gate/pick_up/answers.h"
#include "service/gate/pick_up/doors.h"
#include "service/gate/pick_up/zip_stream.h"
#include "service/policy/tenant.h"

namespace kiyome::gate {
namespace {

using http::JsonText;
using http::Problem;

// A file that is shown runs nothing and asks nobody. Chromium 156 shows a PDF under `sandbox`, too; browsers
// of some years ago, as closed networks have them, show an empty frame instead. A PDF here was proved to bear
// no script, so it goes without.
constexpr const char* kFilePolicy = "sandbox; default-src 'none'; frame-ancestors 'self'";
constexpr const char* kPagesPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'";

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

[[noreturn]] void invalid(std::string field) { throw Problem{422, "invalid", {}, {std::move(field)}, {}}; }
[[noreturn]] void view_only() {
  throw Problem{403, "view-only", "規程により画面での閲覧のみです / By policy it can only be viewed", {}, {}};
}
[[noreturn]] void not_found() { throw Problem{404, "not-found", {}, {}, {}}; }

const std::string* parameter(const http::Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? nullptr : &found->second;
}

bool truth(const http::Request& request, const std::string& name) {
  const std::string* text = parameter(request, name);
  if (text == nullptr || *text == "false") return false;
  if (*text != "true") invalid(name);
  return true;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number out = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (trouble != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

void add_file_headers(http::Response& response, std::string_view type, std::string disposition,
                      const char* policy) {
  const bool text = type == "text/plain";
  response.headers.emplace_back("Content-Type", std::string(type) + (text ? "; charset=utf-8" : ""));
  response.headers.emplace_back("Content-Disposition", std::move(disposition));
  response.headers.emplace_back("Content-Security-Policy", policy);
}

}  // namespace

void commit(Writer& writer, std::function<void(GateStore&)> apply, std::function<void()> written) {
  const auto promise = std::make_shared<std::promise<bool>>();  // shared with the writer's thread
  std::future<bool> outcome = promise->get_future();
  Writer::Work work;
  work.apply = std::move(apply);
  work.done = [promise, written = std::move(written)](bool done) {
    if (done && written) written();
    promise->set_value(done);
  };
  writer.submit(std::move(work));
  if (!outcome.get()) throw TemporaryFailure("the store could not write");
}

PickUp::PickUp(PickUpParts parts, auth::Accounts& accounts, const Config& config,
               std::function<void()> changed)
    : parts_(std::move(parts)), accounts_(accounts), changed_(std::move(changed)) {
  reload(config);
}

void PickUp::reload(const Config& config) {
  config_.with([&](std::shared_ptr<const Config>& held) { held = std::make_shared<const Config>(config); });
}

std::shared_ptr<const Config> PickUp::config() const {
  return config_.with([](const std::shared_ptr<const Config>& held) { return held; });
}

void PickUp::add_to(http::Router& router, portal::Portal& portal) {
  const auto add = [&](const char* method, const char* path,
                       Response (PickUp::*handler)(Request&, const auth::Session&)) {
    router.on(method, std::string("/api/v1") + path,
              portal.signed_in({}, [this, handler](Request& request, const auth::Session& session) {
                return (this->*handler)(request, session);
              }));
  };
  add("GET", "/deliveries", &PickUp::list);
  add("GET", "/deliveries/{delivery}", &PickUp::detail);
  add("GET", "/deliveries/{delivery}/files/{file}", &PickUp::file);
  add("GET", "/deliveries/{delivery}/archive", &PickUp::archive);
  add("POST", "/deliveries/{delivery}/items/{item}/request", &PickUp::ask);
  add("GET", "/approvals", &PickUp::approvals);
  add("POST", "/deliveries/{delivery}/decision", &PickUp::decide);
  add("GET", "/delegation", &PickUp::delegation);
  add("PUT", "/delegation", &PickUp::set_delegation);
}

Deciders PickUp::deciders() const {
  return {accounts_, parts_.store.drops(), parts_.now_ms(), config(), parts_.is_folder};
}

std::int64_t PickUp::expires_ms(const DropView& drop) const {
  return drop.changed_ms +
         static_cast<std::int64_t>(policy::pick_up_days_of(*config(), drop.tenants) * 86'400'000);
}

PickUp::Found PickUp::find(const Request& request, const auth::Session& session) {
  const Result<ItemId> id = ItemId::parse(request.captured.at("delivery"));
  std::optional<DropView> drop = id ? parts_.store.drops().load(*id) : std::nullopt;
  if (!drop) not_found();
  Deciders asked = deciders();
  Viewer viewer = viewer_of(session.account, *drop, asked);
  return {std::move(*drop), std::move(viewer)};
}

void PickUp::write(JsonText& out, const DropView& drop, const Viewer& viewer, const auth::Account& account) {
  Shown shown{
      drop, viewer, parts_.store.drops().picked(drop.submission, account.login), expires_ms(drop), {}};
  for (const ItemView& item : drop.items) {
    const RecipientView* mine = viewer.recipient ? item.recipient(viewer.address) : nullptr;
    if (mine != nullptr && can_be_asked_for(item))
      shown.asked[item.id] = parts_.store.doors().mark(item.id, mine->recipient, transfer::kWholeItem);
  }
  write_delivery(out, shown);
}

http::Response PickUp::list(Request& request, const auth::Session& session) {
  std::size_t limit = 20;
  std::optional<ItemId> before;
  std::string words;
  if (const std::string* text = parameter(request, "limit")) {
    const std::optional<std::size_t> given = number<std::size_t>(*text);
    if (!given || *given < 1 || *given > limits::kPickUpFound) invalid("limit");
    limit = *given;
  }
  if (const std::string* text = parameter(request, "before")) {
    const Result<ItemId> id = ItemId::parse(*text);
    if (!id) invalid("before");
    before = *id;
  }
  if (const std::string* text = parameter(request, "query")) {
    if (characters(*text) > limits::kPickUpQuery) invalid("query");
    words = folded(*text);
  }
  Deciders asked = deciders();
  const std::string address = asked.fits(session.account) ? lower(session.account.mail) : std::string();
  std::vector<ItemId> ids;
  if (!address.empty()) ids = parts_.store.drops().sent_to(address, words, before, limit);
  JsonText out;
  out.begin_object().key("deliveries").begin_array();
  std::size_t files = 0;
  for (const ItemId& id : ids) {
    const std::optional<DropView> drop = parts_.store.drops().load(id);
    if (!drop) continue;  // its time ended in between
    for (const ItemView& item : drop->items) files += 1 + item.files.size();
    write(out, *drop, viewer_of(session.account, *drop, asked), session.account);
    if (files > limits::kPickUpListed) break;
  }
  return Response::json(out.end_array().end_object().take());
}

http::Response PickUp::detail(Request& request, const auth::Session& session) {
  const Found found = find(request, session);
  if (!found.viewer.sees()) not_found();
  JsonText out;
  write(out, found.drop, found.viewer, session.account);
  return Response::json(out.take());
}

// The mark is on the disk before the first octet leaves: who took a file is never forgotten.
void PickUp::give(const std::vector<DropStore::FilePlace>& files, const Found& found,
                  const auth::Account& account, const char* event) {
  const auto results = std::make_shared<std::vector<NumberedResult>>();  // shared with the writer's thread
  const std::int64_t now = parts_.now_ms();
  JsonText detail;
  detail.begin_object().key("files").begin_array();
  for (const DropStore::FilePlace& place : files) detail.value(place.second);
  detail.end_array().end_object();
  commit(
      parts_.writer,
      [=, text = detail.take(), login = account.login, address = found.viewer.address,
       id = found.drop.submission](GateStore& store) {
        store.drops().picked_up(files, login, address, now, *results);
        store.drops().audit().note(event, &id, login, text, now);
      },
      [this, results] { parts_.results(*results); });
}

http::Response PickUp::file(Request& request, const auth::Session& session) {
  const bool preview = truth(request, "preview");
  const Found found = find(request, session);
  const std::optional<std::uint32_t> wanted = number<std::uint32_t>(request.captured.at("file"));
  if (!wanted) not_found();
  for (const ItemView* item : items_for(found.drop, found.viewer.seen_by()))
    for (const FileView& one : item->files) {
      if (one.number != *wanted) continue;
      const bool mine = is_available(found.viewer, found.drop, *item);
      if (!mine && !(preview && may_preview(found.viewer, *item)))
        throw Problem{403,
                      "not-approved",
                      "承認されるまで受け取れません / It cannot be picked up before it is approved",
                      {},
                      {}};
      if (!preview && item->view_only()) view_only();
      std::shared_ptr<const Content> content = parts_.store.drops().content(item->row, one.number);
      if (!content) not_found();
      if (request.method != "HEAD") {
        const DropStore::FilePlace place{item->row, one.number};
        if (!preview)
          give({place}, found, session.account, "picked-up");
        else if (mine && item->view_only() &&
                 !parts_.store.drops().picked(found.drop.submission, session.account.login).contains(place))
          give({place}, found, session.account, "viewed");  // all that he can have of it; once a page
      }
      Response response;
      response.source = std::make_unique<FileStream>(std::move(content));
      const bool pages = preview && one.type == transfer::CleanFileType::pdf;
      add_file_headers(response, media_type(one.type),
                       content_disposition(preview ? "inline" : "attachment", one.name),
                       pages ? kPagesPolicy : kFilePolicy);
      return response;
    }
  not_found();
}

http::Response PickUp::archive(Request& request, const auth::Session& session) {
  const Found found = find(request, session);
  if (!found.viewer.recipient) not_found();
  std::vector<ZipEntry> entries;
  std::vector<DropStore::FilePlace> places;
  std::set<std::string> taken;
  bool only_views = false;
  for (const ItemView& item : found.drop.items) {
    if (!is_available(found.viewer, found.drop, item)) continue;
    if (item.view_only()) {
      only_views = true;
      continue;
    }
    for (const FileView& one : item.files) {
      places.emplace_back(item.row, one.number);
      entries.push_back({unlike(one.name, taken), one.bytes, one.crc, [this, place = places.back()] {
                           return parts_.store.drops().content(place.first, place.second);
                         }});
    }
  }
  if (entries.empty()) {
    if (only_views) view_only();
    if (approval_of(found.viewer, found.drop).state == ApprovalState::none) not_found();
    throw Problem{403,
                  "not-approved",
                  "承認されるまで受け取れません / It cannot be picked up before it is approved",
                  {},
                  {}};
  }
  if (request.method != "HEAD") give(places, found, session.account, "picked-up");
  Response response;
  response.source = std::make_unique<ZipStream>(std::move(entries));
  add_file_headers(response, "application/zip",
                   content_disposition("attachment", "kiyome-" + found.drop.submission.text() + ".zip"),
                   kFilePolicy);
  return response;
}

// Of a file that was held: reviewers on the Internet side are asked, and answer by mail.
http::Response PickUp::ask(Request& request, const auth::Session& session) {
  const Found found = find(request, session);
  const Result<ItemId> id = ItemId::parse(request.captured.at("item"));
  if (!id || !found.viewer.recipient) not_found();
  for (const ItemView& item : found.drop.items) {
    const RecipientView* mine = item.recipient(found.viewer.address);
    if (item.id != *id || mine == nullptr) continue;
    if (!can_be_asked_for(item)) throw Problem{409, "not-held", {}, {}, {}};
    const transfer::DoorRequest asked{item.id, mine->recipient, transfer::kWholeItem};
    if (parts_.store.doors().waiting() >= limits::kReviewOpen) throw Problem{503, "busy", {}, {}, {}};
    const std::int64_t now = parts_.now_ms();
    commit(parts_.writer,
           [=, until = expires_ms(found.drop), login = session.account.login](GateStore& store) {
             if (store.doors().ask(asked, now, until))
               store.drops().audit().note("request", &asked.id, login, "{}", now);
           });
    parts_.doors_wake();
    return Response::empty(204);
  }
  not_found();
}

}  // namespace kiyome::gate
