// The cleaner's side of the console for what takes two people: a real store, a real log of originals, and a
// clamd that finds what it is told to look for.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/cleaner/decide/proposals.h"
#include "tests/unit/store_place.h"

namespace kiyome::two_people {

using cleaner::Proposals;
using http::Problem;
using review::Call;
using review::Desk;
using review::Reply;

inline constexpr std::string_view kMarker = "MARKER-OF-THE-ORIGINAL";

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiyome-two-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    std::filesystem::create_directory(path / "originals");
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

// clamd's side of zINSTREAM: finds what it is told to look for.
class Clamd {
 public:
  explicit Clamd(const std::string& path, std::string virus) : virus_(std::move(virus)) {
    listening_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening_.get(), 8) == 0);
    thread_ = std::thread([this] { run(); });
  }
  ~Clamd() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::atomic<int> scans = 0;

 private:
  static bool read_all(int socket, char* into, std::size_t size) {
    for (std::size_t at = 0; at < size;) {
      const ssize_t count = ::read(socket, into + at, size - at);
      if (count <= 0) return false;
      at += static_cast<std::size_t>(count);
    }
    return true;
  }
  void run() {
    for (;;) {
      const Descriptor peer(::accept(listening_.get(), nullptr, nullptr));
      if (!peer) return;
      ++scans;
      char head[10];
      if (!read_all(peer.get(), head, sizeof head)) continue;
      std::string content;
      for (std::uint32_t length = 0; read_all(peer.get(), reinterpret_cast<char*>(&length), 4);) {
        length = ntohl(length);
        if (length == 0) break;
        std::string chunk(length, '\0');
        if (!read_all(peer.get(), chunk.data(), length)) break;
        content += chunk;
      }
      const std::string answer =
          content.find(virus_) != std::string::npos ? "stream: Kiyome.Test FOUND" : "stream: OK";
      write_all(peer.get(), answer + std::string(1, '\0'), Steady::now() + std::chrono::seconds(5));
    }
  }
  std::string virus_;
  Descriptor listening_;
  std::thread thread_;
};

inline Config config_for(const Folder& folder) {
  Config config;
  config.smtp.hostname = "kiyome.example.jp";
  config.scan.clamd = (folder.path / "clamd.sock").string();
  config.console.originals_to = {"*@partner.example"};
  config.console.reviewers = {"reviewers@city.example"};
  config.console.escalate_to = {"boss@city.example"};
  return config;
}

// The cleaner's side of the console as the role wires it, over a real store and a real log of originals.
struct Room {
  explicit Room(const Folder& where, Config told, Proposals::Apply apply = {})
      : folder(where.path),
        config(std::move(told)),
        key(store::load_or_make_cleaner_key(folder)),
        items(store::items_at(folder), [] {}),
        log(folder + "/originals", key.public_key, [](const transfer::Announce&) {}),
        reader(folder + "/originals", key),
        sight(store::items_at(folder), config),
        proposals({items, reader, config, sight,
                   apply ? std::move(apply)
                         : [this](const store::Proposal& proposal) {
                             const std::string who = proposal.proposed_by + "+" + proposal.decided_by;
                             applied_.with([&](std::vector<std::string>& all) {
                               all.push_back(who + ":" + proposal.what);
                             });
                             return std::string("done");
                           },
                   [this](transfer::AnyBundle sealed) { crossing.push_back(std::move(sealed)); }},
                  key, store::items_at(folder)) {
    items.keep_house(Steady::time_point::max());
    proposals.add_to(desk);
    proposals.start();
  }
  ~Room() { proposals.stop(); }

  ItemId item(const std::string& content, std::vector<std::string> tenants = {}, bool drop = false) {
    store::DecidedItem decided;
    const ItemId id = new_item_id();
    decided.envelope.id = id;
    decided.envelope.received_ms = unix_ms_now();
    decided.envelope.sender = "a@outside.example";
    decided.envelope.recipients = {{0, "b@city.example", 0, ""}};
    if (drop) {
      decided.envelope.drop.emplace();
      decided.envelope.drop->submission = new_item_id();
      decided.envelope.drop->file_name = "見積/../書\u202etxt.xlsx";
      decided.envelope.drop->sender_name = "a";
    }
    auto writer = log.begin(id);
    writer->append(content);
    std::promise<Result<transfer::Announce>> logged;
    log.commit(std::move(writer), decided.envelope, [&](auto where) { logged.set_value(std::move(where)); });
    decided.envelope.drop.reset();
    Result<transfer::Announce> where = logged.get_future().get();
    REQUIRE(where);
    decided.where = *where;
    decided.bytes = content.size();
    decided.sha256 = sha256(content);
    decided.subject = "四半期\u202eの報告";
    decided.report = "{}";
    decided.tenants = std::move(tenants);
    store::DecidedGroup group;
    group.verdict = Verdict::held;
    group.recipients = {0};
    group.reasons = {clean::Finding::kPolicyVerdictHeld};
    decided.groups.push_back(std::move(group));
    std::promise<bool> done;
    items.decide(std::move(decided), [&](bool ok) { done.set_value(ok); });
    REQUIRE(done.get_future().get());
    return id;
  }

  Call call(const std::string& who, const char* operation, std::string body = "", std::int64_t number = 0) {
    Call out;
    out.operation = operation;
    out.actor.login = who;
    out.actor.roles = review::kReviewer;
    out.body = std::move(body);
    if (number != 0) out.path["proposal"] = std::to_string(number);
    return out;
  }
  Reply answer(const std::string& who, const char* operation, std::string body = "",
               std::int64_t number = 0) {
    return desk.answer(call(who, operation, std::move(body), number));
  }
  std::string problem(const Call& asked) {
    try {
      desk.answer(asked);
    } catch (const Problem& refused) {
      return std::to_string(refused.status) + " " + refused.code +
             (refused.fields.empty() ? "" : " " + refused.fields.front());
    }
    return "";
  }
  std::string problem(const std::string& who, const char* operation, std::string body = "",
                      std::int64_t number = 0) {
    return problem(call(who, operation, std::move(body), number));
  }
  std::int64_t propose(const ItemId& item, const char* kind = "clean-again",
                       const std::string& who = "sato") {
    Call asked = call(who, "decideItem");
    return proposals.propose(asked, kind, item, R"({"policy":"flatten"})", "必要");
  }
  static std::string original_body(const ItemId& item, const std::string& to = "kato@partner.example",
                                   const char* zone = "internet") {
    return R"({"kind":"original","item":")" + item.text() + R"(","to":")" + to +
           R"(","reason":"契約書の原本","zone":")" + zone + "\"}";
  }
  std::int64_t propose_original(const ItemId& item) {
    const Reply reply = answer("sato", "propose", original_body(item));
    CHECK(reply.status == 202);
    return std::stoll(reply.content.substr(reply.content.find(':') + 1));
  }
  std::string agree(std::int64_t number, const std::string& who = "suzuki") {
    return answer(who, "decideProposal", R"({"decision":"agree","reason":"確認した"})", number).content;
  }
  std::vector<store::ReturnMail> mails_to(const std::string& to) {
    std::vector<store::ReturnMail> out;
    for (store::ReturnMail& mail : items.due_returns(unix_ms_now(), 50))
      if (mail.recipient == to) out.push_back(std::move(mail));
    return out;
  }
  std::vector<std::string> applied() {
    return applied_.with([](const std::vector<std::string>& all) { return all; });
  }
  std::vector<std::string> events() {
    store::Database db(store::items_at(folder).place);
    std::vector<std::string> out;
    store::Statement(db, "SELECT event FROM audit WHERE event<>'verdict' ORDER BY sequence")
        .each([&](const store::Row& row) { out.emplace_back(row.text(0)); });
    return out;
  }

  std::string folder;
  cleaner::CurrentConfig config;
  store::CleanerKeyPair key;
  store::ItemStore items;
  store::OriginalLog log;
  store::OriginalReader reader;
  cleaner::ReviewSight sight;
  Guarded<std::vector<std::string>> applied_;  // on the proposals' thread
  std::vector<transfer::AnyBundle> crossing;
  Proposals proposals;
  Desk desk;
};

inline bool has(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

inline std::string base64_decoded(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t at =
        std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
    if (at == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(at);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 255);
  }
  return out;
}

}  // namespace kiyome::two_people
