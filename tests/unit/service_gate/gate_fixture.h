// What the gate's tests stand on: a folder, bundles that are clean, and the Internet side's end of the
// socket.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/digest.h"
#include "service/base/sockets.h"
#include "service/gate/gate_at.h"
#include "tests/unit/service_delivery/smtp_sink.h"
#include "tests/unit/service_gate/verify_sample.h"
#include "tests/unit/store_place.h"

namespace kiyome::testing {

// Also where the database is not in it (tests/unit/store_place.h).
struct Folder {
  std::filesystem::path path;
  std::optional<store::Place> shared;
  Folder() {
    signal(SIGPIPE, SIG_IGN);
    std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-gate-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  gate::GateAt gate() {
    gate::GateAt out(path.string());
    out.place = store::test_place(path.string() + "/gate.sqlite");
    if (!out.place.shared()) return out;
    out.blobs.clear();
    shared = out.place;
    return out;
  }
  // Of a whole gate: its schemas have fixed names, so what an earlier test left goes.
  void share(Config& config) {
    if (!store::tests_on_postgres()) return;
    config.store.url = std::getenv("KIYOME_TEST_POSTGRES");
    store::Database database(store::Place{{}, config.store.url, "public"});
    for (const char* schema : {store::schema::kGate, store::schema::kGateAccounts})
      database.execute(("DROP SCHEMA IF EXISTS " + std::string(schema) + " CASCADE").c_str());
    shared = store::Place{{}, config.store.url, store::schema::kGate};
  }
  std::size_t blobs(const char* where = "blobs") const {
    std::size_t count = 0;
    if (shared) {
      store::Database database(*shared);
      store::Statement(database, "SELECT count(DISTINCT name) FROM blobs").one([&](const store::Row& row) {
        count = static_cast<std::size_t>(row.integer(0));
      });
      return count;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path / where))
      count += entry.exists() ? 1 : 0;
    return count;
  }
};

// A clean mail of item `id` with `recipients` recipients r0@, r1@, …; `size` octets of text or a little more.
inline transfer::Bundle make_bundle(std::size_t recipients = 1, std::size_t size = 100,
                                    const ItemId& id = new_item_id(), std::uint16_t part = 1) {
  transfer::Bundle out;
  out.id = id;
  out.part = part;
  out.kind = part == 0 ? transfer::BundleKind::notice : transfer::BundleKind::mail;
  out.sender = "sender@example.com";
  for (std::size_t i = 0; i < recipients; ++i)
    out.recipients.push_back(
        {static_cast<std::uint32_t>(i), "r" + std::to_string(i) + "@city.example.jp", 0, {}});
  std::string text;
  while (text.size() < size) text += "お世話になっております。資料を送付いたします。\r\n";
  verify_sample::Sample sample = verify_sample::Sample::with_text(text);
  const std::size_t theirs = sample.received.find("0191f3a0");
  sample.received.replace(theirs, id.text().size(), id.text());
  sample.kiyome_id = "X-Kiyome-Id: " + id.text() + "\r\n";
  sample.message_id = "Message-ID: <" + id.text() + "." + std::to_string(part) + "@kiyome.example.jp>\r\n";
  out.content = sample.mail();
  out.sha256 = sha256(out.content);
  return out;
}

inline SmtpClientConfig deliver_to(std::vector<std::uint16_t> ports) {
  SmtpClientConfig out;
  for (const std::uint16_t port : ports) out.hosts.push_back({"127.0.0.1", port});
  out.timeout_seconds = 5;
  out.retry_first_seconds = 0.1;
  out.retry_max_seconds = 0.4;
  return out;
}

// The Internet side. Everything it waits for it waits for twenty seconds.
class InternetSide {
 public:
  explicit InternetSide(const std::string& path)
      : socket_(connect_unix(path)), frames_(limits::kWayBackFrame) {
    REQUIRE(socket_);
  }

  void send(const transfer::Forward& message) { send_octets(transfer::encode(message)); }
  void send_octets(std::string_view octets) {
    write_all(socket_.get(), octets, Steady::now() + std::chrono::seconds(20));
  }
  // Empty: nothing came in time, or the gate hung up.
  std::optional<transfer::WayBack> next(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    const auto deadline = Steady::now() + patience;
    std::string frame;
    for (;;) {
      const Result<bool> got = frames_.next(frame);
      REQUIRE(got);
      if (*got) {
        Result<transfer::WayBack> message = transfer::decode_way_back(frame);
        REQUIRE(message);
        // A head of the gate's audit trail comes whenever one is due: the keeper's tests are about those.
        if (std::holds_alternative<transfer::Checkpoint>(*message)) continue;
        return *message;
      }
      std::string octets;
      const long count = read_some(socket_.get(), octets, 65536, deadline);
      hung_up_ = count == 0;
      if (count <= 0) return std::nullopt;
      frames_.feed(octets);
    }
  }
  // The next message has to be a T.
  template <class T>
  T expect() {
    const std::optional<transfer::WayBack> message = next();
    REQUIRE(message);
    REQUIRE(std::holds_alternative<T>(*message));
    return std::get<T>(*message);
  }
  void confirm(const transfer::DeliveryResult& result) {
    send(transfer::ResultTaken{result.id, result.part, result.recipient,
                               static_cast<std::uint8_t>(result.result)});
  }
  bool silent() { return !next(std::chrono::milliseconds(200)) && !hung_up_; }
  bool hung_up() { return !next() && hung_up_; }

 private:
  Descriptor socket_;
  transfer::FrameReader frames_;
  bool hung_up_ = false;
};

inline SmtpSink::Settings scripted(SmtpSink::Script script) {
  SmtpSink::Settings settings;
  settings.script = std::move(script);
  return settings;
}

inline std::uint16_t dead_port() {
  SmtpSink gone;
  return gone.port();
}

}  // namespace kiyome::testing
