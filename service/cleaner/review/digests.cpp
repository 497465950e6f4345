#include "service/cleaner/review/digests.h"

#include <algorithm>
#include <ctime>
#include <map>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/cleaner/doors/door_links.h"
#include "service/cleaner/refusal_notice.h"
#include "service/cleaner/review/overview.h"
#include "service/compose/letter.h"
#include "service/compose/notice.h"
#include "service/compose/own_mail.h"
#include "service/store/item_writer.h"
#include "service/store/row_values.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstLook = 3s;  // what an earlier life left undone
constexpr auto kLook = 60s;
constexpr auto kWritePatience = 15s;
constexpr std::size_t kReasonsNamed = 30;
constexpr const char* kToRecipient = "recipient";
constexpr const char* kToReviewer = "reviewer";

// What was told later than by now and this was told by a clock that has been set back: it does not count, or
// what is held in between would never be told. (The clocks of two hosts differ by less.)
constexpr std::int64_t kClocksDifferMs = 3'600'000;

// Whether this one was told at this moment already; notes that he is now.
bool first_time(store::Database& db, const char* kind, const std::string& address, std::int64_t moment,
                std::int64_t now_ms) {
  bool told = false;
  db.kept("SELECT told_ms FROM digests WHERE kind=? AND address=? AND told_ms<=?")
      .one([&](const store::Row& row) { told = row.integer(0) >= moment; }, kind, address,
           now_ms + kClocksDifferMs);
  if (told) return false;
  db.kept(
        "INSERT INTO digests VALUES (?,?,?) ON CONFLICT (kind, address) DO UPDATE SET "
        "told_ms=excluded.told_ms")
      .run(kind, address, moment);
  return true;
}

std::vector<clean::Finding> findings_of(std::string_view slugs) {
  std::vector<clean::Finding> out;
  while (!slugs.empty()) {
    const std::string_view slug = slugs.substr(0, slugs.find(' '));
    if (const auto finding = clean::finding_of_slug(slug)) out.push_back(*finding);
    slugs.remove_prefix(std::min(slug.size() + 1, slugs.size()));
  }
  return out;
}

std::string sender_shown(const store::ItemRow& item, const std::optional<clean::MailHeader>& header) {
  if (header && !header->from.empty()) {
    const clean::Address& from = header->from.front();
    if (!from.address.empty())
      return from.display.empty() ? from.address : from.display + " <" + from.address + ">";
  }
  return item.sender;
}

void keep_door(store::Database& db, const ItemId& bundle, const transfer::Door& door) {
  db.kept(
        "INSERT INTO doors (bundle, part, id, recipient, frame, until_ms) VALUES "
        "(?,0,?,?,?,?) " KIYOME_DOOR_ANEW)
      .run(store::blob(bundle), store::blob(door.id), door.recipient,
           store::Blob{transfer::encode(transfer::Forward(door))}, door.until_ms);
}

}  // namespace

std::int64_t digest_moment(std::int64_t now_ms, std::uint32_t hour) {
  const std::time_t now = now_ms / 1000;
  std::tm local{};
  ::localtime_r(&now, &local);
  const bool before = local.tm_hour < static_cast<int>(hour);
  local.tm_mday -= before ? 1 : 0;
  local.tm_hour = static_cast<int>(hour);
  local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&local)) * 1000;
}

void Digests::start() {
  thread_ = std::thread([this] { run(); });
}

void Digests::stop() {
  stopping_.with([](bool& stopping) { stopping = true; });
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Digests::run() {
  for (auto pause = kFirstLook;; pause = kLook) {
    const bool stop = stopping_.wait_until(
        Steady::now() + pause, [](bool& stopping) { return stopping; },
        [](bool& stopping) { return stopping; });
    if (stop) return;
    try {
      send_due(unix_ms_now());
    } catch (const std::exception& trouble) {
      log::warning("digests wait", {{"why", trouble.what()}});
    }
  }
}

bool Digests::write(std::function<void(store::ItemWriter&)> work) {
  return store::wait_for_answer<bool>(
             kWritePatience,
             [&](store::ItemStore::Done done) { parts_.items.write(std::move(work), std::move(done)); })
      .value_or(false);
}

// Held since the digest before, of those who were not told at this moment already.
std::vector<Digests::Recipient> Digests::due(store::Database& database, std::int64_t moment,
                                             std::int64_t now_ms) const {
  std::vector<Recipient> out;
  store::Statement(
      database,
      "SELECT r.address, r.id, r.number, r.reasons FROM recipients r LEFT JOIN digests d ON "
      "d.kind='recipient' AND d.address=r.address AND d.told_ms<=?2 WHERE r.state=1 AND r.verdict=1 AND "
      "r.changed_ms<=?1 "
      "AND r.changed_ms>coalesce(d.told_ms, 0) AND coalesce(d.told_ms, 0)<?1 ORDER BY r.address, "
      "r.id DESC")
      .each(
          [&](const store::Row& row) {
            if (out.empty() || out.back().address != row.text(0))
              out.push_back({std::string(row.text(0)), {}, 0});
            ++out.back().count;
            if (out.back().items.size() < limits::kDigestItems)
              out.back().items.push_back({store::item_id(row.blob(1)),
                                          static_cast<std::uint32_t>(row.integer(2)),
                                          std::string(row.text(3))});
          },
          moment, now_ms + kClocksDifferMs);
  return out;
}

bool Digests::tell(const Recipient& recipient, std::int64_t moment, std::int64_t now_ms,
                   const Config& config) {
  const ItemId id = new_item_id();
  std::vector<transfer::Door> doors;
  compose::Values values(config);
  values.own("date", iso_time(moment).substr(0, 10)).own("count", std::to_string(recipient.count));
  values.own("contact", compose::contact_sentence(config.notice));
  std::size_t named = 0;
  for (const Held& each : recipient.items) {
    const std::optional<store::ItemRow> item = parts_.items.find(each.id);
    if (!item) continue;
    ++named;
    const std::optional<clean::MailHeader> header = header_of(*item);
    const std::vector<clean::Finding> reasons = findings_of(each.reasons);
    compose::Values& row = values.row("items");
    row.text("subject", item->subject.empty() ? "（なし）" : item->subject, 300);
    row.text("sender", sender_shown(*item, header), 320);
    row.own("received", iso_time(item->received_ms)).own("item", each.id.text());
    row.own("reasons", compose::reasons_text(reasons));
    if (!has_links(config) || parts_.items.is_drop(each.id)) continue;
    const transfer::Recipient address{each.number, recipient.address, transfer::kNotifyNever, {}};
    const DoorLink link = make_link(config);
    doors.push_back(
        make_door({each.id, &address, item->sender, header ? &*header : nullptr, {}, item->bytes, reasons},
                  link, config, now_ms));
    row.own("link", link.url);
  }
  if (named == 0) return false;
  if (recipient.count > named) values.own("more", std::to_string(recipient.count - named));

  transfer::Bundle bundle;
  bundle.id = id;
  bundle.kind = transfer::BundleKind::notice;
  bundle.recipients.push_back({0, recipient.address, transfer::kNotifyNever, {}});
  bundle.content = compose::own_mail(
      {id, 0, recipient.address, compose::worded("digest", values, config), now_ms}, config);
  bundle.sha256 = sha256(bundle.content);
  const auto fresh = std::make_shared<bool>(false);  // shared: the writer may answer after we gave up
  const bool written = write([=](store::ItemWriter& writer) {
    *fresh = first_time(writer.database(), kToRecipient, recipient.address, moment, now_ms);
    if (!*fresh) return;
    writer.send(bundle);
    for (const transfer::Door& door : doors) keep_door(writer.database(), id, door);
  });
  if (!written) throw TemporaryFailure("a digest could not be written");
  if (!*fresh) return false;
  parts_.gate.offer(BundleKey{id, 0});
  parts_.gate.flush();
  return true;
}

std::size_t Digests::tell_reviewers(store::Database& database, std::int64_t moment, std::int64_t now_ms,
                                    const Config& config) {
  std::map<std::string, std::int64_t, std::less<>> reasons;
  std::int64_t held = 0, oldest = 0, requests = 0, proposals = 0;
  store::Statement(
      database,
      "SELECT r.reasons, count(*), min(r.changed_ms) FROM recipients r WHERE r.state=1 AND r.verdict=1 "
      "GROUP BY r.reasons")
      .each([&](const store::Row& row) {
        held += row.integer(1);
        if (oldest == 0 || row.integer(2) < oldest) oldest = row.integer(2);
        const std::string_view first = row.text(0).substr(0, row.text(0).find(' '));
        reasons[std::string(first)] += row.integer(1);
      });
  const auto count = [&](const char* sql, std::int64_t& into) {
    store::Statement(database, sql).one([&](const store::Row& row) { into = row.integer(0); });
  };
  count("SELECT count(*) FROM requests WHERE state='open'", requests);
  count("SELECT count(*) FROM proposals WHERE state='open'", proposals);
  if (held + requests + proposals == 0) return 0;

  compose::Values values(config);
  values.own("date", iso_time(moment).substr(0, 10)).own("held", std::to_string(held));
  if (oldest > 0) values.own("oldest", iso_time(oldest).substr(0, 16));
  values.own("requests", std::to_string(requests)).own("proposals", std::to_string(proposals));
  values.own("url", config.console.url);
  std::vector<std::pair<std::int64_t, std::string>> largest;
  for (const auto& [reason, number] : reasons) largest.emplace_back(number, reason);
  std::sort(largest.rbegin(), largest.rend());
  for (std::size_t i = 0; i < std::min(largest.size(), kReasonsNamed); ++i)
    values.row("reasons")
        .own("reason", reason_words(largest[i].second).ja)
        .own("count", std::to_string(largest[i].first));
  const compose::Worded words = compose::worded("reviewer-digest", values, config);

  std::size_t told = 0;
  for (const std::string& address : config.console.reviewers) {
    const std::string mail =
        compose::letter_mail({new_item_id(), address, words.subject, words.text, now_ms}, config);
    const auto fresh = std::make_shared<bool>(false);  // shared: as above
    const bool written = write([=](store::ItemWriter& writer) {
      *fresh = first_time(writer.database(), kToReviewer, address, moment, now_ms);
      if (*fresh) writer.add_return(ItemId{}, address, mail);
    });
    if (!written) throw TemporaryFailure("a digest could not be written");
    told += *fresh ? 1 : 0;
  }
  return told;
}

Digests::Sent Digests::send_due(std::int64_t now_ms) {
  const std::shared_ptr<const Config> config = parts_.config.get();
  const std::int64_t moment = digest_moment(now_ms, config->digest.hour);
  Sent out;
  store::Database database(at_.place);
  if (config->digest.recipients)
    for (const Recipient& recipient : due(database, moment, now_ms)) {
      if (stopping_.with([](bool& stopping) { return stopping; })) return out;
      out.recipients += tell(recipient, moment, now_ms, *config) ? 1 : 0;
    }
  const bool told = !config->digest.reviewers || config->console.reviewers.empty();
  if (!told) out.reviewers = tell_reviewers(database, moment, now_ms, *config);
  if (out.recipients + out.reviewers > 0)
    parts_.items.note({0, 0, "digest", std::nullopt, "cleaner",
                       "{\"recipients\":" + std::to_string(out.recipients) +
                           ",\"reviewers\":" + std::to_string(out.reviewers) + "}"});
  return out;
}

}  // namespace kiyome::cleaner
