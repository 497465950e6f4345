#include "service/gate/pick_up/doors.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/http/json_body.h"
#include "service/http/json_text.h"
#include "service/portal/findings.h"
#include "service/portal/portal.h"

namespace kiyome::gate {
namespace {

using http::JsonText;
using http::Problem;
using transfer::DoorPart;
using transfer::kLockedParts;
using transfer::kWholeItem;

constexpr auto kMinute = std::chrono::seconds(60);
constexpr std::size_t kAddresses = 10'000;  // whose tries are counted; then all begin anew
constexpr std::size_t kTokenText = 22;      // kDoorToken octets in base64url

// base64url without padding, exactly kDoorToken octets; of the last character's spare bits none is set.
std::optional<std::string> octets_of(std::string_view token) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (token.size() != kTokenText) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : token) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xff);
  }
  if ((bits & ((1U << have) - 1)) != 0) return std::nullopt;
  return out;
}

std::string part_name(std::uint32_t part) { return part == kWholeItem ? "all" : std::to_string(part); }

const DoorPart* part_of(const transfer::Door& door, std::string_view name) {
  const auto found = std::find_if(door.parts.begin(), door.parts.end(),
                                  [&](const DoorPart& part) { return part_name(part.part) == name; });
  return found == door.parts.end() ? nullptr : &*found;
}

DoorMark mark_of(const DoorView& door, std::uint32_t part) {
  const auto found = door.marks.find(part);
  return found == door.marks.end() ? DoorMark::none : found->second;
}

bool takes_password(const DoorView& door) {
  return std::any_of(door.door.parts.begin(), door.door.parts.end(),
                     [](const DoorPart& part) { return (part.can & transfer::kDoorPassword) != 0; });
}

// Drawn, not counted: also after a restart, or from an older copy of the disk, no number comes twice.
std::uint64_t new_attempt() {
  std::uint64_t out = 0;
  while (out == 0) {
    ::randombytes_buf(&out, sizeof out);
    out >>= 1;
  }
  return out;
}

std::string token_of(http::JsonObject& json) { return json.ascii("token", 200); }

std::string json_of(const DoorView& view) {
  const transfer::Door& door = view.door;
  JsonText out;
  out.begin_object()
      .member("item", door.id.text())
      .member("recipient", door.address)
      .member("sender", door.sender)
      .member("subject", door.subject)
      .time("received_at", door.id.unix_ms())
      .time("until", static_cast<std::int64_t>(door.until_ms));
  out.key("parts").begin_array();
  for (const DoorPart& part : door.parts) {
    out.begin_object()
        .member("part", part_name(part.part))
        .member("name", part.name)
        .member("type", part.type)
        .member("bytes", part.bytes);
    portal::write_findings(out, part.findings);
    out.member("can_ask", (part.can & transfer::kDoorAsk) != 0)
        .member("locked", (part.can & transfer::kDoorPassword) != 0)
        .member("state", mark_name(mark_of(view, part.part)))
        .end_object();
  }
  out.end_array();
  if (takes_password(view)) out.member("password", mark_name(mark_of(view, kLockedParts)));
  return out.end_object().take();
}

}  // namespace

std::string_view mark_name(DoorMark mark) {
  switch (mark) {
    case DoorMark::none:
      return "none";
    case DoorMark::asked:
      return "asked";
    case DoorMark::refused:
      return "refused";
    case DoorMark::granted:
      return "granted";
    case DoorMark::wrong:
      return "wrong";
    case DoorMark::opened:
      return "opened";
    case DoorMark::spent:
      return "spent";
    case DoorMark::gone:
      return "gone";
    case DoorMark::sent:
      return "sending";
    case DoorMark::lost:
      return "lost";
  }
  return "none";
}

bool can_be_asked_for(const ItemView& item) {
  return item.verdict == transfer::DropVerdict::held && item.files.empty();
}

void DoorPages::add_to(http::Router& router) {
  const auto add = [&](const char* path, http::Response (DoorPages::*handler)(http::Request&)) {
    router.on("POST", std::string("/api/v1/doors/") + path,
              portal::Portal::from_our_page(
                  [this, handler](http::Request& request) { return (this->*handler)(request); }));
  };
  add("open", &DoorPages::show);
  add("ask", &DoorPages::ask);
  add("password", &DoorPages::password);
}

// Found by its hash: how long that takes says nothing about the token. Who guesses has few guesses.
DoorView DoorPages::open(const http::Request& request, const std::string& token) {
  const auto now = Steady::now();
  const bool tired = tries_.with([&](auto& tries) {
    const auto found = tries.find(request.client_address);
    return found != tries.end() && now - found->second.minute < kMinute &&
           found->second.wrong >= limits::kDoorTries;
  });
  if (tired) throw Problem{429, "too-many-tries", {}, {}, {{"Retry-After", "60"}}};
  const std::optional<std::string> octets = octets_of(token);
  std::optional<DoorView> door = parts_.store.doors().find(sha256(octets.value_or("")), parts_.now_ms());
  if (octets && door) return std::move(*door);
  tries_.with([&](auto& tries) {
    if (tries.size() >= kAddresses) tries.clear();
    Tries& mine = tries[request.client_address];
    if (now - mine.minute >= kMinute) mine = {now, 0};
    ++mine.wrong;
  });
  throw Problem{404,
                "not-found",
                "このリンクは使えません。期限が過ぎたか、途中で切れています / "
                "This link cannot be used: it is too old, or was cut off",
                {},
                {}};
}

http::Response DoorPages::answer(const std::string& token) {
  const std::optional<DoorView> door =
      parts_.store.doors().find(sha256(octets_of(token).value_or("")), parts_.now_ms());
  if (!door) throw Problem{404, "not-found", {}, {}, {}};
  return http::Response::json(json_of(*door));
}

http::Response DoorPages::show(http::Request& request) {
  const std::string token = http::read_json(request, token_of);
  return http::Response::json(json_of(open(request, token)));
}

http::Response DoorPages::ask(http::Request& request) {
  struct Wanted {
    std::string token;
    std::vector<std::string> parts;
  };
  const Wanted asked = http::read_json(request, [](http::JsonObject& json) {
    return Wanted{token_of(json), json.texts("parts", limits::kDoorParts, 10)};
  });
  const DoorView door = open(request, asked.token);
  std::vector<transfer::DoorRequest> wanted;
  for (const std::string& name : asked.parts) {
    const DoorPart* part = part_of(door.door, name);
    if (part == nullptr || (part->can & transfer::kDoorAsk) == 0)
      throw Problem{422, "invalid", {}, {"parts"}, {}};
    if (mark_of(door, part->part) == DoorMark::none)
      wanted.push_back({door.door.id, door.door.recipient, part->part});
  }
  if (!wanted.empty()) {
    if (parts_.store.doors().waiting() >= limits::kReviewOpen) throw Problem{503, "busy", {}, {}, {}};
    commit(parts_.writer, [=, now = parts_.now_ms(),
                           until = static_cast<std::int64_t>(door.door.until_ms)](GateStore& store) {
      for (const transfer::DoorRequest& each : wanted)
        if (store.doors().ask(each, now, until))
          store.drops().audit().note("request", &each.id, "recipient",
                                     "{\"recipient\":" + std::to_string(each.recipient) + "}", now);
    });
    parts_.doors_wake();
  }
  return answer(asked.token);
}

// The password is nowhere on a disk. One at a time: the next one when it is known what came of this.
http::Response DoorPages::password(http::Request& request) {
  struct Given {
    std::string token, password;
  };
  const Given given = http::read_json(request, [](http::JsonObject& json) {
    Given out{token_of(json), json.text("password", limits::kJobPassword)};
    if (out.password.size() > limits::kJobPassword || !transfer::is_drop_line(out.password))
      json.wrong("password");
    return out;
  });
  const DoorView door = open(request, given.token);
  const DoorMark mark = mark_of(door, kLockedParts);
  if (!takes_password(door))
    throw Problem{
        409, "not-locked", "パスワードで開くものはありません / Nothing here takes a password", {}, {}};
  if (mark == DoorMark::sent)
    throw Problem{
        409, "busy", "前のパスワードを確認しています / The last password is being looked at", {}, {}};
  if (mark == DoorMark::spent || mark == DoorMark::gone) throw Problem{429, "too-many-tries", {}, {}, {}};
  const ItemId id = door.door.id;
  const std::uint64_t attempt = new_attempt();
  commit(parts_.writer, [=, recipient = door.door.recipient, now = parts_.now_ms(),
                         until = static_cast<std::int64_t>(door.door.until_ms)](GateStore& store) {
    store.doors().password_sent(id, recipient, attempt, now, until);
    store.drops().audit().note("password", &id, "recipient",
                               "{\"recipient\":" + std::to_string(recipient) + "}", now);
  });
  if (!parts_.give_password({id, door.door.recipient, attempt, given.password})) {
    commit(parts_.writer, [=, recipient = door.door.recipient](GateStore& store) {
      store.doors().password_lost(id, recipient);
    });
    throw Problem{503, "busy", {}, {}, {}};
  }
  return answer(given.token);
}

}  // namespace kiyome::gate
