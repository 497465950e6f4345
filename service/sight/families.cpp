#include "service/sight/families.h"

#include <cmath>

#include "proto/clean/findings.h"

namespace kiyome::sight {
namespace {

constexpr std::array kVerdicts{"clean", "held", "rejected"};                            // kiyome::Verdict
constexpr std::array kResults{"delivered", "relayed", "delayed", "failed", "expired"};  // ResultClass

}  // namespace

void show_smtp(Sheet& sheet) {
  const meters::Smtp& of = meters::smtp;
  sheet.counter("kiyome_smtp_connections_total", "SMTP connections that came", of.connections);
  sheet.counters("kiyome_smtp_sessions_refused_total", "SMTP sessions that ended before a first command",
                 "reason", meters::kSessionRefusals, of.sessions_refused);
  for (std::size_t i = 0; i < of.refusals.size(); ++i)
    sheet.counter(
        "kiyome_smtp_refusals_total", "SMTP answers 4xx and 5xx", of.refusals[i],
        {{"code", i < meters::kSmtpCodes.size() ? std::to_string(meters::kSmtpCodes[i]) : "other"}});
}

void show_taken(Sheet& sheet) {
  sheet.counters("kiyome_accepted_total", "Items that were said to be accepted, after their commit", "by",
                 meters::kBy, meters::taken.items);
  sheet.counters("kiyome_accepted_bytes_total", "Octets of them", "by", meters::kBy, meters::taken.octets);
}

void show_commits(Sheet& sheet, const char* store, const meters::Commits& commits) {
  sheet.histogram("kiyome_commit_seconds", "Time of one commit, its fsync included", commits.seconds,
                  {{"store", store}});
  sheet.histogram("kiyome_commit_group_size", "Operations that shared a commit", commits.group,
                  {{"store", store}});
}

void show_cleaning(Sheet& sheet) {
  const meters::Cleaning& of = meters::cleaning;
  sheet.counter("kiyome_items_decided_total", "Items that got their first verdict", of.items);
  sheet.counter("kiyome_items_decided_again_total", "Later decisions: releases, passwords", of.again);
  sheet.counters("kiyome_verdicts_total", "First verdicts, one a recipient", "verdict", kVerdicts,
                 of.verdicts);
#define FINDING(code, name, slug, effect, japanese, english)                                            \
  sheet.counter("kiyome_reasons_total", "Reasons of first verdicts, one a recipient", of.reasons[code], \
                {{"reason", slug}});
#include "proto/clean/findings.def"
#undef FINDING
  sheet.counter("kiyome_put_off_total", "Times that trouble of ours put an item off", of.put_off);
  sheet.histogram("kiyome_accept_to_verdict_seconds", "From an item's acceptance to its verdict",
                  of.to_verdict);
  sheet.histogram("kiyome_verdict_to_gate_seconds",
                  "From a bundle's commit to the gate's word that it has it", of.to_gate);
  sheet.histogram("kiyome_accept_to_delivery_seconds",
                  "From an item's acceptance to the news of a recipient's delivery", of.to_delivery);
  sheet.counters("kiyome_results_total", "Results that came from the other zone, one a recipient", "result",
                 kResults, of.deliveries);
  sheet.counters("kiyome_transfer_refused_total",
                 "Bundles that the gate's verifier refused, as the cleaner "
                 "heard of them",
                 "reason", meters::kRefusalReasons, of.gate_refusals);
  sheet.counter("kiyome_way_back_refused_total", "Messages of the other zone that are none of the known ones",
                of.way_back_refused);
  sheet.counter("kiyome_way_back_slowed_total",
                "Times that the other zone was slowed down for saying too much", of.way_back_slowed);
  sheet.counter("kiyome_transfer_connections_total", "Connections to the gate that were made",
                of.gate_connections);
}

void show_sandboxes(Sheet& sheet) {
  for (std::size_t i = 0; i < meters::kSandboxes.size(); ++i) {
    const meters::Sandbox& of = meters::sandboxes[i];
    const Labels kind{{"kind", meters::kSandboxes[i]}};
    sheet.counter("kiyome_sanitizer_jobs_total", "Jobs that gave a whole answer", of.good, kind);
    sheet.counters("kiyome_sanitizer_failures_total",
                   "Jobs that gave none. forbidden: killed by the sandbox for a forbidden call", "cause",
                   meters::kJobFailures, of.failed, kind);
    sheet.counter("kiyome_sanitizer_deaths_total", "Deaths of the process that forks the jobs", of.deaths,
                  kind);
    sheet.histogram("kiyome_sanitizer_job_seconds", "Time of one job", of.seconds, kind);
  }
}

void show_gate(Sheet& sheet) {
  const meters::Gate& of = meters::gate;
  sheet.counters("kiyome_gate_bundles_total", "Bundles that the gate took, after their commit", "kind",
                 meters::kBundleKinds, of.bundles);
  sheet.counters("kiyome_gate_refused_total", "Bundles that the gate refused", "reason",
                 meters::kRefusalReasons, of.refusals);
  sheet.counters("kiyome_gate_attempts_total", "Attempts to deliver, one a recipient", "result",
                 meters::kAttemptResults, of.attempts);
  sheet.histogram("kiyome_gate_delivery_seconds",
                  "From when the gate took a bundle to a recipient's delivery", of.to_delivery);
  sheet.counter("kiyome_gate_frames_refused_total", "Frames of the other zone that do not decode",
                of.frames_refused);
  sheet.counter("kiyome_gate_connections_total", "Connections of the other zone", of.connections);
}

void show_certificate(Sheet& sheet, const char* name, std::optional<std::int64_t> end_ms) {
  sheet.gauge("kiyome_certificate_expiry_timestamp_seconds",
              "When a certificate ends, Unix time; 0: it cannot be read",
              end_ms ? std::floor(static_cast<double>(*end_ms) / 1000) : 0, {{"certificate", name}});
}

void show_zone(Sheet& sheet, const meters::ZoneCounts& counts) {
  if (counts.certificate_end_ms) show_certificate(sheet, "transfer", counts.certificate_end_ms);
  const auto count = [&](const char* name, const char* help, std::uint64_t value) {
    sheet.counter(name, help, static_cast<double>(value));
  };
  count("kiyome_zone_unknown_peers_total", "Who came to the zone channel and is no peer of ours",
        counts.unknown_peers);
  count("kiyome_zone_unfinished_total",
        "Who came to the zone channel and did not finish its handshake in time", counts.unfinished);
  count("kiyome_zone_sessions_total", "Proved connections of the zone channel", counts.sessions);
  count("kiyome_zone_slowed_total", "Seconds in which the other side said more than it may", counts.slowed);
}

void show_collector(Sheet& sheet, const std::optional<meters::Collector>& collector) {
  if (!collector) return;
  sheet.gauge("kiyome_syslog_connected", "1: the collector of the audit trail is reached",
              collector->connected ? 1 : 0);
  sheet.gauge("kiyome_syslog_unsent_entries",
              "Entries of the audit trail that the collector was not given yet",
              static_cast<double>(collector->unsent));
}

void show_pages(Sheet& sheet) {
  sheet.counters("kiyome_http_answers_total", "Answers of the pages and their interface", "status",
                 kAnswerClasses, meters::http.answers);
  sheet.counters("kiyome_sign_ins_total", "Steps of signing in", "result", meters::kSignIns,
                 meters::sign_ins);
}

}  // namespace kiyome::sight
