#include "service/cleaner/review/probes.h"

#include <algorithm>
#include <vector>

#include "service/base/clock.h"
#include "service/base/sockets.h"
#include "service/base/tls_context.h"
#include "service/compose/notice.h"
#include "service/sight/process.h"
#include "service/store/audit_book.h"
#include "service/store/database.h"
#include "service/store/row_values.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;
using Look = Health::Look;

constexpr std::int64_t kResultsRead = 20'000;  // entries of the audit trail, back from its end, at start
constexpr std::size_t kResultsNew = 10;        // results looked at in one turn: the last ones count
constexpr unsigned kRefusalsMatter = 3;        // one is a mailbox that is not there
constexpr std::int64_t kDeathMatters = 10 * 60'000;  // ms that a sanitizer's death is shown
constexpr auto kStuckAfter = 10min;                  // the gate is there, and takes not what is first in turn
constexpr auto kPingPatience = 1s;

// "2026-11-22 16:05", of this machine's zone.
std::string moment(std::int64_t unix_ms) {
  const std::string text = iso_time(unix_ms);
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

std::string member_of(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t begin = json.find(key);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = json.substr(begin + key.size());
  return std::string(rest.substr(0, rest.find('"')));
}

std::int64_t single(store::Database& database, const char* sql) {
  std::int64_t out = 0;
  store::Statement(database, sql).one([&](const store::Row& row) { out = row.integer(0); });
  return out;
}

void add_trail(Look& look, store::Database& items, audit::Trail trail) {
  const std::vector<store::KeptCheckpoint> last = store::checkpoints_of(items, trail, 1);
  if (last.empty()) return;
  const std::string at = moment(last.front().checkpoint.unix_ms);
  look.ja += "。監査記録の最後の確認点 " + at;
  look.en += "; last checkpoint of its audit trail " + at;
}

Look edge_look(const ProbeParts& parts) {
  Look out{parts.intake.connected(), "接続しています", "connected"};
  if (!out.ok) out = {false, "接続がありません", "not connected"};
  store::Database items(parts.at.place);
  if (const std::int64_t last = single(items, "SELECT received_ms FROM items ORDER BY id DESC LIMIT 1")) {
    out.ja += "。最後の受付 " + moment(last);
    out.en += "; last item " + moment(last);
  }
  add_trail(out, items, audit::Trail::edge);
  return out;
}

Look console_look(const ProbeParts& parts) {
  Look out{true, "動いています", "it serves"};  // whoever reads this came by way of it
  store::Database items(parts.at.place);
  add_trail(out, items, audit::Trail::console);
  return out;
}

// Connected, and taking what is first in turn.
class Gate {
 public:
  Look look(const ProbeParts& parts) {
    Look out{parts.gate.connected(), "閉域側とつながっています", "the closed side is connected"};
    if (!out.ok) out = {false, "閉域側へつながりません", "the closed side is not reached"};
    store::Database items(parts.at.place);
    std::string first;
    store::Statement(items, "SELECT id, part FROM bundles ORDER BY id, part LIMIT 1")
        .one([&](const store::Row& row) {
          first = std::string(row.blob(0)) + std::to_string(row.integer(1));
        });
    const auto now = Steady::now();
    if (first != first_ || !out.ok) since_ = now;
    first_ = std::move(first);
    if (!first_.empty() && now - since_ > kStuckAfter) {
      out.ok = false;
      out.ja += "が、10 分以上受け取られないものがあります";
      out.en += ", but something waits for more than 10 minutes to be taken";
    }
    add_trail(out, items, audit::Trail::gate);
    return out;
  }

 private:
  std::string first_;
  Steady::time_point since_{};
};

// What the gate said of its deliveries stands in the audit trail.
class Deliveries {
 public:
  Look look(const store::ItemsAt& at) {
    store::Database items(at.place);
    const std::int64_t last = single(items, "SELECT coalesce(max(sequence), 0) FROM audit");
    const std::int64_t from = read_to_ < 0 ? std::max<std::int64_t>(0, last - kResultsRead) : read_to_;
    std::vector<std::pair<std::int64_t, std::string>> fresh;  // newest first
    store::Statement(items,
                     "SELECT unix_ms, detail FROM audit WHERE sequence>? AND event='delivery' "
                     "ORDER BY sequence DESC LIMIT ?")
        .each([&](const store::Row& row) { fresh.emplace_back(row.integer(0), row.text(1)); }, from,
              kResultsNew);
    for (auto each = fresh.rbegin(); each != fresh.rend(); ++each)
      hop_.heard(each->first, member_of(each->second, "result"), member_of(each->second, "status"));
    read_to_ = last;
    return hop_.look();
  }

 private:
  std::int64_t read_to_ = -1;
  NextHop hop_;
};

Look sanitizer_look(const ProbeParts& parts, document::Kind kind) {
  const std::optional<workers::PoolHealth> pool = parts.sanitizers.health(kind);
  if (!pool) return {true, "まだ使っていません", "not used yet"};
  if (!pool->up) return {false, "起動できません", "it does not start"};
  const std::string counts = std::to_string(pool->good) + " / " + std::to_string(pool->good + pool->failed);
  Look out{true, "正常（成功 " + counts + "）", "ready (good jobs " + counts + ")"};
  if (pool->last_death_ms > 0 && unix_ms_now() - pool->last_death_ms < kDeathMatters) {
    const std::string at = moment(pool->last_death_ms);
    out.ja += "。最近の異常終了 " + at + "（自動で再開済み）";
    out.en += "; it died at " + at + " and was started again";
  }
  return out;
}

Look clamd_look(const std::string& path) {
  const std::string trouble = ping_clamd(path);
  if (trouble.empty()) return {true, "応答しています", "it answers"};
  return {false, "応答がありません（" + trouble + "）", "it does not answer: " + trouble};
}

Look disk_look(const ProbeParts& parts) {
  const std::optional<sight::Space> space = sight::space_of(parts.at.folder);
  if (!space) return {false, "調べられません", "cannot be looked at"};
  // Below the bound edge takes no mail; at twice that a person should know.
  const bool ok = space->free > 2 * parts.config.get()->smtp.free_bytes_min;
  const std::string text = compose::size_text(space->free) + " / " + compose::size_text(space->whole);
  return {ok, "空き " + text, "free " + text};
}

std::optional<Look> collector_look(const ProbeParts& parts) {
  const std::optional<trail::Forwarding> state = parts.keeper.forwarding();
  if (!state) return std::nullopt;
  return syslog_look(*state, parts.keeper.unsent(state->sent));
}

}  // namespace

Look certificate_look(std::optional<std::int64_t> end_ms, std::int64_t now_ms) {
  if (!end_ms) return {false, "証明書を読めません", "the certificate cannot be read"};
  const std::string day = iso_time(*end_ms).substr(0, 10);
  if (*end_ms <= now_ms) return {false, "期限が切れました（" + day + "）", "it ended on " + day};
  const std::int64_t days = (*end_ms - now_ms) / kDayMs;
  const std::string left = std::to_string(days);
  return {days >= kCertificateDays, "期限 " + day + "（あと " + left + " 日）",
          "valid until " + day + " (" + left + (days == 1 ? " day" : " days") + " left)"};
}

Look syslog_look(const trail::Forwarding& state, std::uint64_t waiting) {
  const std::string count = std::to_string(waiting);
  Look out{state.connected, "転送しています。未送信 " + count + " 件", "forwarding; not sent yet: " + count};
  if (!state.connected)
    out = {false, "収集先へつながりません。未送信 " + count + " 件",
           "the collector is not reached; not sent yet: " + count};
  if (state.sent_ms > 0) {
    out.ja += "、最後の送信 " + moment(state.sent_ms);
    out.en += ", last sent " + moment(state.sent_ms);
  }
  if (!state.connected && !state.why.empty()) {
    out.ja += "（" + state.why + "）";
    out.en += " (" + state.why + ")";
  }
  return out;
}

void NextHop::heard(std::int64_t unix_ms, std::string result, std::string status) {
  refused_ = result == "failed" ? refused_ + 1 : 0;
  last_ms_ = unix_ms;
  last_ = std::move(result);
  status_ = std::move(status);
}

// That it wants no mail of one recipient says that it is there.
Look NextHop::look() const {
  if (last_.empty()) return {true, "まだ配送していません", "nothing was delivered yet"};
  const bool ok = last_ == "delivered" || last_ == "relayed" || (refused_ > 0 && refused_ < kRefusalsMatter);
  const std::string words = last_ + (status_.empty() ? "" : " (" + status_ + ")") + " " + moment(last_ms_);
  return {ok, "最後の配送結果 " + words, "last result " + words};
}

std::string ping_clamd(const std::string& socket_path) {
  using namespace std::literals;
  try {
    const Descriptor socket = connect_unix(socket_path);
    if (!socket) return "no connection";
    const auto deadline = Steady::now() + kPingPatience;
    std::string answer;
    if (!write_all(socket.get(), "zPING\0"sv, deadline)) return "it takes no command";
    while (answer.size() < 5 && read_some(socket.get(), answer, 64, deadline) > 0) {
    }
    return answer == "PONG\0"sv ? "" : "no answer";
  } catch (const std::exception& trouble) {
    return trouble.what();
  }
}

void add_probes(Health& health, const ProbeParts& parts) {
  health.add("console", [parts] { return console_look(parts); });
  health.add("edge", [parts] { return edge_look(parts); });
  health.add("cleaner", [] { return Look{true, "動いています", "it serves"}; });
  health.add("gate", [parts, gate = Gate()]() mutable { return gate.look(parts); });
  health.add("next-hop", [parts, deliveries = Deliveries()]() mutable { return deliveries.look(parts.at); });
  for (const document::Kind kind : document::kAllKinds)
    health.add(std::string("sanitizer.") + document::name_of(kind),
               [parts, kind] { return sanitizer_look(parts, kind); });
  health.add("clamd", [parts]() -> std::optional<Look> {
    const std::string path = parts.config.get()->scan.clamd;
    if (path.empty()) return std::nullopt;
    return clamd_look(path);
  });
  health.add("syslog", [parts] { return collector_look(parts); });
  health.add("certificate", [parts]() -> std::optional<Look> {
    const std::string pem = parts.certificate.with([](const std::string& held) { return held; });
    if (pem.empty()) return std::nullopt;
    return certificate_look(certificate_end_ms(pem), unix_ms_now());
  });
  health.add("transfer-certificate", [parts]() -> std::optional<Look> {
    const zone::ZoneLink* wire = parts.gate.wire();
    if (wire == nullptr) return std::nullopt;
    return certificate_look(wire->certificate_end_ms(), unix_ms_now());
  });
  health.add("disk", [parts] { return disk_look(parts); });
}

}  // namespace kiyome::cleaner
