// Bundles of the drop box, and a pick-up over a real store with accounts, a clock that tests move, and what
// it says to the outside: results and mails.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "service/gate/pick_up/service.h"
#include "service/store/audit_book.h"
#include "tests/unit/service_gate/gate_fixture.h"

namespace kiyome::testing {

inline transfer::CleanFile clean_text(const std::string& name, const std::string& text = "Hello.\r\n") {
  return {name, transfer::CleanFileType::text, sha256(text), text};
}

inline transfer::DropBundle make_drop(const std::vector<std::string>& recipients = {"taro@city.example.jp"},
                                      const std::string& name = "report.docx") {
  transfer::DropBundle out;
  out.id = new_item_id();
  out.submission = new_item_id();
  out.sender = "outside@example.com";
  out.sender_name = "株式会社サンプル　山田";
  out.recipients = recipients;
  out.title = "見積書の件";
  out.message = "お世話になっております。\n資料を送付します。";
  out.importance = "通常";
  out.name = name;
  out.type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  out.bytes = 12345;
  out.sha256 = sha256(name);
  out.policy = sha256("policy");
  out.files = {clean_text(name + ".txt")};
  return out;
}

// Another file of the same submission.
inline transfer::DropBundle next_of(const transfer::DropBundle& first, const std::string& name) {
  transfer::DropBundle out = first;
  out.id = new_item_id();
  out.number = first.number + 1;
  out.name = name;
  out.files = {clean_text(name + ".txt")};
  return out;
}

using Stages = std::vector<transfer::DropStage>;

// Of its delivery, below /api/v1.
inline std::string path_of(const transfer::DropBundle& bundle) {
  return "/deliveries/" + bundle.submission.text();
}

inline void set_held(transfer::DropBundle& bundle) {
  bundle.verdict = transfer::DropVerdict::held;
  bundle.files.clear();
  bundle.approval.clear();
}

// A request without a socket.
class TextBody : public http::Body {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  std::size_t read(char* into, std::size_t size) override {
    const std::size_t count = std::min(size, text_.size() - at_);
    std::copy_n(text_.begin() + static_cast<long>(at_), count, into);
    at_ += count;
    return count;
  }
  std::optional<std::uint64_t> length() const override { return text_.size(); }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

struct Told {
  int status = 0;
  std::string code, content;  // code of a problem
  std::map<std::string, std::string> headers;
  bool has(const std::string& piece) const { return content.find(piece) != std::string::npos; }
  // The value of the first member of this name, without quotes.
  std::string member(const std::string& name) const {
    const std::size_t at = content.find("\"" + name + "\":\"");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return content.substr(begin, content.find('"', begin) - begin);
  }
};

class PickUpDesk {
 public:
  Folder folder;
  std::atomic<std::int64_t> now_ms{unix_ms_now()};
  Config config;
  std::unique_ptr<gate::GateStore> store;
  std::unique_ptr<gate::Writer> writer;
  std::unique_ptr<gate::PickUpService> service;
  // Who carries passwords to the other side; without one they cannot be given.
  std::function<bool(transfer::DoorPassword)> give_password;

  PickUpDesk() {
    config.smtp.hostname = "gate.city.example.jp";
    config.auth.second_factor.clear();
    folder.share(config);
    open();
  }
  ~PickUpDesk() { close(); }
  void open() {
    store = std::make_unique<gate::GateStore>(folder.gate());
    writer = std::make_unique<gate::Writer>(*store, [] {});
    service =
        std::make_unique<gate::PickUpService>(folder.path.string(), config, parts(), gate::PickUpGifts{});
    router_ = service->router();
  }
  void close() {
    if (service) service->stop();
    writer.reset();
    service.reset();
    store.reset();
  }
  void reopen() {
    close();
    open();
  }

  void add(const std::string& login, const std::string& department = "総務部/総務課",
           const std::set<auth::Role>& roles = {auth::Role::staff}, const std::string& tenant = "",
           const std::string& domain = "city.example.jp") {
    auth::Account account;
    account.login = login;
    account.name = "氏名 " + login;
    account.mail = login + "@" + domain;
    account.tenant = tenant;
    account.department = department;
    account.roles = roles;
    service->accounts().add(account, "correct horse battery", "operator");
    tokens_[login] = service->accounts().add_program_token(login, "test", "operator");
  }
  // As the intake does, on the writer's thread.
  gate::DropStore::Inserted take(const transfer::DropBundle& bundle) {
    const auto inserted = std::make_shared<gate::DropStore::Inserted>();
    const auto results = std::make_shared<std::vector<gate::NumberedResult>>();
    gate::commit(*writer,
                 [=, asked = service->asked(bundle), now = now_ms.load()](gate::GateStore& gate_store) {
                   *inserted = gate_store.drops().insert(bundle, asked, now, *results);
                 });
    const std::lock_guard lock(mutex_);
    for (const gate::NumberedResult& one : *results)
      results_.push_back(std::get<transfer::DropResult>(one.result));
    return *inserted;
  }
  Told ask(const std::string& login, const std::string& path, const std::string& method = "GET",
           const std::string& json = {}, const std::map<std::string, std::string>& query = {}) {
    http::Request request;
    request.method = method;
    request.path = "/api/v1" + path;
    request.query = query;
    request.client_address = "192.0.2.1";
    request.headers["authorization"] = "Bearer " + tokens_[login];
    if (!json.empty()) request.headers["content-type"] = "application/json";
    TextBody body(json);
    request.body = &body;
    Told out;
    try {
      http::Response response = router_.route(request);
      out.status = response.status;
      for (const auto& [name, value] : response.headers) out.headers[name] = value;
      out.content = response.content;
      if (response.source) {
        std::string piece(1000, '\0');
        while (const std::size_t count = response.source->read(piece.data(), piece.size()))
          out.content.append(piece, 0, count);
        CHECK(out.content.size() == response.source->size());
      }
    } catch (const http::Problem& problem) {
      out.status = problem.status;
      out.code = problem.code;
    }
    return out;
  }
  Told decide(const std::string& login, const std::string& id, const std::string& what,
              const std::string& digest, const std::string& comment = "") {
    return ask(login, "/deliveries/" + id + "/decision", "POST",
               R"({"decision":")" + what + R"(","digest":")" + digest + R"(","comment":")" + comment + "\"}");
  }
  std::string digest(const std::string& login, const std::string& id) {
    return ask(login, "/deliveries/" + id).member("digest");
  }
  void turn() {
    gate::PickUp pick_up(parts(), service->accounts(), config, [] {});
    gate::Rounds(parts(), pick_up, gate::rounds_settings(config)).turn();
  }
  std::vector<transfer::DropStage> stages_of(const ItemId& id, std::uint32_t recipient = 0) {
    const std::lock_guard lock(mutex_);
    std::vector<transfer::DropStage> out;
    for (const transfer::DropResult& one : results_)
      if (one.id == id && one.recipient == recipient) out.push_back(one.stage);
    return out;
  }
  std::vector<transfer::Bundle> mails() {
    const std::lock_guard lock(mutex_);
    return std::exchange(mails_, {});
  }
  std::vector<std::string> audit(const std::string& event) {
    std::vector<std::string> out;
    std::uint64_t count = 0;
    gate::commit(*writer, [](gate::GateStore&) {});  // what is lazy is written with it
    const auto fault = store::walk_trail(
        *store->open(),
        [&](const audit::Entry& entry) {
          if (entry.event == event) out.push_back(entry.actor + " " + entry.detail);
        },
        count);
    CHECK(!fault);
    return out;
  }

 private:
  gate::PickUpParts parts() {
    gate::PickUpParts out{*store, *writer, [this] { return now_ms.load(); },
                          [this](const std::vector<gate::NumberedResult>& results) {
                            const std::lock_guard lock(mutex_);
                            for (const gate::NumberedResult& one : results)
                              results_.push_back(std::get<transfer::DropResult>(one.result));
                          },
                          [this](std::int64_t, std::int64_t, std::shared_ptr<const transfer::Bundle> mail) {
                            const std::lock_guard lock(mutex_);
                            mails_.push_back(*mail);
                          }};
    out.give_password = [this](const transfer::DoorPassword& password) {
      return give_password && give_password(password);
    };
    return out;
  }
  http::Router router_;
  std::mutex mutex_;
  std::vector<transfer::DropResult> results_;
  std::vector<transfer::Bundle> mails_;
  std::map<std::string, std::string> tokens_;
};

}  // namespace kiyome::testing
