#include "service/cleaner/review/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "service/base/clock.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

constexpr double kRecordDaysWanted = 365;  // records and logs: a year is what audits ask for at least

std::string day_of_ms(std::int64_t unix_ms) { return iso_time(unix_ms).substr(0, 10); }

// What was never said is not claimed.
std::string since(std::int64_t unix_ms, const char* never) {
  return unix_ms == 0 ? std::string(never) : iso_time(unix_ms).substr(0, 16);
}

const char* name_of(Action action) {
  static constexpr std::array<const char*, 6> kNames = {"strip", "text", "flatten", "image", "hold", "view"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string joined_words(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out.empty() ? "-" : out;
}

class Sheet {
 public:
  Clause& clause(std::string code, std::string ja, std::string en) {
    out_.push_back({std::move(code), std::move(ja), std::move(en), Answer::no, {}, {}});
    return out_.back();
  }
  std::vector<Clause> take() { return std::move(out_); }

 private:
  std::vector<Clause> out_;
};

void answer(Clause& clause, Answer ok, std::string ja, std::string en) {
  clause.ok = ok;
  clause.evidence_ja = std::move(ja);
  clause.evidence_en = std::move(en);
}

Answer yes_if(bool truth, Answer otherwise = Answer::attention) { return truth ? Answer::yes : otherwise; }

void paths(Sheet& sheet, const Evidence& facts) {
  Clause& clause = sheet.clause("split-paths", "インターネット側と閉域側の通信経路が分割されている",
                                "the paths of the Internet side and the closed side are split");
  if (!facts.gate_connected) {
    answer(clause, Answer::attention, "閉域側の中継先と接続していないため確認できません",
           "the closed side is not connected now, so this cannot be seen");
  } else if (facts.same_host.value_or(true)) {
    answer(clause, Answer::attention,
           "両側が同じ 1 台で動いています。これは通信経路の分割になりません。2 台構成にしてください",
           "both sides run on this one host: that is no split of the paths; use two hosts");
  } else {
    answer(clause, Answer::yes, "閉域側は別の機器で動き、一方向の中継で接続しています",
           "the closed side runs on another host and is reached by the bundle channel alone");
  }
}

void mail_text(Sheet& sheet, const Config& config, const Evidence& facts) {
  answer(sheet.clause("mail-text", "無害化通信: メール本文をテキストだけにして取り込む",
                      "sanitized traffic: the body of a mail comes in as text alone"),
         yes_if(config.policy.mail_body == Action::text, Answer::no),
         fmt::format("policy.mail_body = \"{}\"。直近 {} 日に {} 件を処理", name_of(config.policy.mail_body),
                     facts.days, facts.items),
         fmt::format("policy.mail_body = \"{}\"; {} items in the last {} days",
                     name_of(config.policy.mail_body), facts.items, facts.days));
}

void attachments(Sheet& sheet, const Config& config, const Evidence& facts) {
  const bool all_up = facts.sanitizers > 0 && facts.sanitizers_up == facts.sanitizers;
  answer(sheet.clause("attachments", "無害化通信: 添付ファイルは除去するか、作り直したものだけを取り込む",
                      "sanitized traffic: attachments are stripped or made anew, never passed as they are"),
         yes_if(all_up),
         fmt::format("policy.attachments = \"{}\"、規則 {} 件、テナント {} 件。無害化の処理器 {} / {} が正常",
                     name_of(config.policy.attachments), config.policy.rules.size(), config.tenants.size(),
                     facts.sanitizers_up, facts.sanitizers),
         fmt::format("policy.attachments = \"{}\", {} rules, {} tenants; {} of {} sanitizers are up",
                     name_of(config.policy.attachments), config.policy.rules.size(), config.tenants.size(),
                     facts.sanitizers_up, facts.sanitizers));
}

void isolation(Sheet& sheet, const Evidence& facts) {
  Clause& clause = sheet.clause("isolation", "外部からのファイルは隔離された処理だけが読む",
                                "files from outside are read by isolated processes only");
  if (facts.selftest_ms == 0) {
    const std::string why = facts.selftest_trouble.empty() ? "実行中 / it runs now" : facts.selftest_trouble;
    answer(clause, Answer::attention, "隔離の自己試験の結果がまだありません（" + why + "）",
           "there is no result of the sandbox self test yet (" + why + ")");
    return;
  }
  const bool all = facts.acts_tried > 0 && facts.acts_stopped == facts.acts_tried;
  answer(clause, yes_if(all, Answer::no),
         fmt::format("自己試験 {}: 禁じた操作 {} 件のうち {} 件を阻止", since(facts.selftest_ms, ""),
                     facts.acts_tried, facts.acts_stopped),
         fmt::format("self test at {}: {} of {} forbidden acts were stopped", since(facts.selftest_ms, ""),
                     facts.acts_stopped, facts.acts_tried));
}

void verifier(Sheet& sheet, const Evidence& facts) {
  answer(sheet.clause("verified", "閉域側は、無害化済みと証明できたものだけを受け取る",
                      "the closed side takes only what it has proved to be clean"),
         yes_if(facts.gate_connected && facts.refused_by_gate == 0),
         fmt::format("閉域側 {}。直近 {} 日の検証拒否 {} 件。最後の配送 {}",
                     facts.gate_connected ? "接続中" : "未接続", facts.days, facts.refused_by_gate,
                     since(facts.last_delivery_ms, "なし")),
         fmt::format("closed side {}; {} refused by its verifier in {} days; last delivery {}",
                     facts.gate_connected ? "connected" : "not connected", facts.refused_by_gate, facts.days,
                     since(facts.last_delivery_ms, "never")));
}

void access(Sheet& sheet, const Config& config) {
  std::string where;
  const std::pair<const char*, const HttpConfig*> pages[] = {{"drop box", &config.drop_box.http},
                                                             {"console", &config.console.http},
                                                             {"pick-up", &config.pick_up.http}};
  for (const auto& [name, http] : pages)
    if (!http->listen.empty()) where.append(where.empty() ? "" : ", ").append(name);
  if (where.empty()) where = "-";
  const bool tls = !config.tls_certificate.empty();
  const bool locks = config.auth.tries > 0 && config.auth.lock_minutes > 0;
  answer(
      sheet.clause("access", "アクセス制御: 利用者を識別し、役割ごとに権限を分ける",
                   "access control: people are identified, and each role has its own rights"),
      yes_if(locks && tls),
      fmt::format("画面: {}。役割 6 種を分離、失敗 {} 回で {} 分ロック、無操作 {} 分で終了、パスワード {} "
                  "文字以上、{}、TLS {}",
                  where, config.auth.tries, config.auth.lock_minutes, config.auth.idle_minutes,
                  config.auth.password_length_min,
                  config.auth.ldap.url.empty() ? "ローカルのアカウント" : "LDAP 連携", tls ? "あり" : "なし"),
      fmt::format("pages: {}; separate roles, locked for {} min after {} wrong tries, ends after {} idle "
                  "min, passwords of {} characters, {}, TLS {}",
                  where, config.auth.lock_minutes, config.auth.tries, config.auth.idle_minutes,
                  config.auth.password_length_min, config.auth.ldap.url.empty() ? "local accounts" : "LDAP",
                  tls ? "on" : "off"));
}

void second_factor(Sheet& sheet, const Config& config) {
  const std::vector<std::string>& given = config.auth.second_factor;
  std::vector<std::string> missing;
  for (const char* role : {"sender", "staff", "approver", "reviewer", "auditor", "administrator"})
    if (std::find(given.begin(), given.end(), role) == given.end()) missing.emplace_back(role);
  const auto lacks = [&](const char* role) {
    return std::find(missing.begin(), missing.end(), role) != missing.end();
  };
  const bool chief = lacks("reviewer") || lacks("auditor") || lacks("administrator") || lacks("approver");
  answer(
      sheet.clause("second-factor", "二要素認証を用いる", "people sign in with a second factor"),
      missing.empty() ? Answer::yes
      : chief         ? Answer::no
                      : Answer::attention,
      fmt::format("auth.second_factor: {}。求めない役割: {}", joined_words(given), joined_words(missing)),
      fmt::format("auth.second_factor: {}; roles without: {}", joined_words(given), joined_words(missing)));
}

void log_kept(Sheet& sheet, const Config& config, const Evidence& facts) {
  answer(
      sheet.clause("logs", "ログを取得し、必要な期間保存する", "logs are taken and kept as long as needed"),
      yes_if(facts.audit_entries > 0 && config.audit.days >= kRecordDaysWanted),
      fmt::format("監査記録 {} 件、保存 {} 日、外部の収集先: {}", facts.audit_entries, config.audit.days,
                  config.audit.syslog.empty() ? "なし" : config.audit.syslog),
      fmt::format("{} audit entries, kept {} days, collector: {}", facts.audit_entries, config.audit.days,
                  config.audit.syslog.empty() ? "none" : config.audit.syslog));
}

void log_integrity(Sheet& sheet, const Config& config, const Evidence& facts) {
  Clause& clause = sheet.clause("log-integrity", "ログの改ざんを防ぎ、あれば検知できる",
                                "a change of the logs is prevented, or found");
  if (!facts.audit_intact) {
    answer(clause, Answer::attention, "監査記録の検証の結果がまだありません（実行中）",
           "the trail was not verified yet (it runs now)");
    return;
  }
  if (!*facts.audit_intact) {
    answer(clause, Answer::no, fmt::format("監査記録が壊れています: 最初の異常は {} 番", facts.audit_fault),
           fmt::format("the audit trail is broken: the first bad entry is {}", facts.audit_fault));
    return;
  }
  // A checkpoint that only this host has proves nothing against its root.
  const bool fresh = facts.last_witnessed_ms > 0 &&
                     (facts.last_checkpoint_ms - facts.last_witnessed_ms) <
                         std::max<std::int64_t>(
                             kDayMs, static_cast<std::int64_t>(config.audit.checkpoint_minutes * 120'000));
  answer(
      clause, yes_if(fresh),
      fmt::format("検証 {}: {} 件すべて正常。署名済み確認点 最新 {}、閉域側の控え {}",
                  since(facts.audit_verified_ms, ""), facts.audit_entries,
                  since(facts.last_checkpoint_ms, "なし"), since(facts.last_witnessed_ms, "まだなし")),
      fmt::format("verified {}: all {} entries hold; last signed checkpoint {}, kept by the closed side {}",
                  since(facts.audit_verified_ms, ""), facts.audit_entries,
                  since(facts.last_checkpoint_ms, "none"), since(facts.last_witnessed_ms, "none yet")));
}

void audit_review(Sheet& sheet, const Evidence& facts) {
  answer(sheet.clause("audit", "監査: 記録を定期に確認する", "audit: the records are looked at regularly"),
         yes_if(facts.looked_at > 0),
         fmt::format("直近 {} 日に、人による監査記録の検証・書き出しが {} 回", facts.days, facts.looked_at),
         fmt::format("people verified or exported the trail {} times in the last {} days", facts.looked_at,
                     facts.days));
}

void retention(Sheet& sheet, const Config& config, const Evidence& facts) {
  const double longest = std::max(config.retention.originals_days, config.retention.held_days);
  const bool kept_too_long =
      facts.oldest_original_ms > 0 &&
      static_cast<double>(facts.now_ms - facts.oldest_original_ms) > (longest + 2) * kDayMs;
  answer(
      sheet.clause("retention", "保存期間を定め、過ぎたものを消す",
                   "times of retention are set, and what is past them is removed"),
      yes_if(!kept_too_long && config.retention.records_days >= kRecordDaysWanted),
      fmt::format("原本 {} 日、保留 {} 日、記録 {} 日。残っている最も古い原本 {}",
                  config.retention.originals_days, config.retention.held_days, config.retention.records_days,
                  facts.oldest_original_ms == 0 ? "なし" : day_of_ms(facts.oldest_original_ms)),
      fmt::format("originals {} days, held {} days, records {} days; the oldest original that is kept: {}",
                  config.retention.originals_days, config.retention.held_days, config.retention.records_days,
                  facts.oldest_original_ms == 0 ? "none" : day_of_ms(facts.oldest_original_ms)));
}

void originals(Sheet& sheet, const Config& config, const Evidence& facts) {
  answer(
      sheet.clause(
          "originals", "原本を保護し、解放には理由・二人・検査・宛先の許可を要する",
          "originals are protected; releasing one takes a reason, two people, a scan, a destination"),
      yes_if(facts.key_is_private, Answer::no),
      fmt::format(
          "原本は暗号化して保存（鍵は専用利用者だけが読める: {}）。送り先の許可 {} 件、直近 {} 日の解放 "
          "{} 件、閉域側への許可は {}",
          facts.key_is_private ? "はい" : "いいえ", config.console.originals_to.size(), facts.days,
          facts.originals_released, config.gate_takes_originals ? "あり" : "なし"),
      fmt::format("originals are encrypted (key readable by its owner alone: {}); {} destinations allowed, "
                  "{} released in {} days, to the closed side: {}",
                  facts.key_is_private ? "yes" : "no", config.console.originals_to.size(),
                  facts.originals_released, facts.days, config.gate_takes_originals ? "allowed" : "never"));
}

void two_people(Sheet& sheet, const Config& config, const Evidence& facts) {
  answer(sheet.clause("two-people", "緩める決定は二人で行う", "what loosens a policy takes two people"),
         !config.console.second_person ? Answer::no : yes_if(facts.alone == 0),
         fmt::format("console.second_person = {}。直近 {} 日の緊急の単独実行 {} 件",
                     config.console.second_person, facts.days, facts.alone),
         fmt::format("console.second_person = {}; {} break-glass in the last {} days",
                     config.console.second_person, facts.alone, facts.days));
}

void fail_closed(Sheet& sheet, const Config& config, const Evidence& facts) {
  const bool scan_optional = !config.scan.clamd.empty() && config.scan.optional;
  answer(sheet.clause("fail-closed", "障害のとき、無害化を省いて通すことがない",
                      "in trouble nothing passes without being sanitized"),
         yes_if(!scan_optional),
         fmt::format("直近 {} 日: 処理できず保留・除去にしたもの {} 件。検査が応答しないとき: {}", facts.days,
                     facts.sanitizer_failures,
                     config.scan.clamd.empty() ? "検査なし"
                     : scan_optional           ? "続ける"
                                               : "保留"),
         fmt::format("last {} days: {} could not be processed and did not pass; when the scanner does not "
                     "answer: {}",
                     facts.days, facts.sanitizer_failures,
                     config.scan.clamd.empty() ? "no scanner"
                     : scan_optional           ? "go on"
                                               : "hold"));
}

void encrypted(Sheet& sheet, const Config& config, const Evidence& facts) {
  const bool links = config.request.links && !config.pick_up.url.empty();
  answer(sheet.clause("encrypted", "パスワード付きファイルは、開いて無害化できるまで通さない",
                      "files with a password do not pass before they were opened and sanitized"),
         yes_if(facts.sanitizers > 0 && facts.sanitizers_up == facts.sanitizers),
         fmt::format("直近 {} 日に {} 件を確認。開いて無害化する処理器 {} / {} "
                     "が正常。受信者がパスワードを入れるページ: {}",
                     facts.days, facts.encrypted, facts.sanitizers_up, facts.sanitizers,
                     links ? "あり" : "なし（通知の案内文のみ）"),
         fmt::format(
             "{} seen in the last {} days; {} of {} sanitizers are up; page where the recipient gives the "
             "password: {}",
             facts.encrypted, facts.days, facts.sanitizers_up, facts.sanitizers,
             links ? "yes" : "no (words in the notice only)"));
}

void malware(Sheet& sheet, const Config& config, const Evidence& facts) {
  Clause& clause = sheet.clause("malware", "マルウェア検査を行う", "files are scanned for malware");
  if (config.scan.clamd.empty()) {
    answer(clause, Answer::attention, "scan.clamd が設定されていません（無害化はすべてに行われます）",
           "scan.clamd is not configured (all is sanitized all the same)");
    return;
  }
  answer(clause, yes_if(facts.clamd_trouble.empty(), Answer::no),
         fmt::format("検査プログラム: {}。直近 {} 日の検知 {} 件",
                     facts.clamd_trouble.empty() ? "応答あり" : "応答なし " + facts.clamd_trouble, facts.days,
                     facts.malware),
         fmt::format("the scanner {}; {} found in the last {} days",
                     facts.clamd_trouble.empty() ? "answers" : "does not answer: " + facts.clamd_trouble,
                     facts.malware, facts.days));
}

void backup(Sheet& sheet, const Config& config) {
  answer(sheet.clause("backup", "バックアップを取り、鍵の控えを別に保管する",
                      "there are backups, and a copy of the key is kept elsewhere"),
         Answer::attention,
         fmt::format("製品の中からは確認できません。{} と cleaner/cleaner.key の控えを運用で確かめてください",
                     config.data_dir),
         fmt::format("this cannot be seen from inside: make sure of copies of {} and cleaner/cleaner.key",
                     config.data_dir));
}

}  // namespace

const char* name_of(Answer answer) {
  return answer == Answer::yes ? "yes" : answer == Answer::no ? "no" : "attention";
}

std::vector<Clause> self_check(const Config& config, const Evidence& evidence) {
  Sheet sheet;
  paths(sheet, evidence);
  mail_text(sheet, config, evidence);
  attachments(sheet, config, evidence);
  isolation(sheet, evidence);
  verifier(sheet, evidence);
  access(sheet, config);
  second_factor(sheet, config);
  log_kept(sheet, config, evidence);
  log_integrity(sheet, config, evidence);
  audit_review(sheet, evidence);
  retention(sheet, config, evidence);
  originals(sheet, config, evidence);
  two_people(sheet, config, evidence);
  fail_closed(sheet, config, evidence);
  encrypted(sheet, config, evidence);
  malware(sheet, config, evidence);
  backup(sheet, config);
  return sheet.take();
}

}  // namespace kiyome::cleaner
