#include "service/review/index/entry.h"
#include "service/base/hex.h"

#include <algorithm>
#include <charconv>

#include "proto/base/limits.h"
#include "service/policy/policy.h"
#include "service/policy/tenant.h"
#include "service/review/index/facts.h"
#include "service/review/index/report_reader.h"
#include "service/review/index/words.h"
#include "service/store/locks.h"
#include "service/store/row_values.h"

namespace kiyome::review {
namespace {

using store::Row;
using store::State;

constexpr std::size_t kPlaces = 20'000;       // addresses whose departments are remembered
constexpr std::size_t kScopes = 200;          // tenants and departments that one item counts for
constexpr std::size_t kDepartmentsOf = 1000;  // recipients of one item whose departments are looked for

// From what asks most for attention to what asks least.
int rank(State state) {
  switch (state) {
    case State::held:
      return 0;
    case State::sending:
      return 1;
    case State::bounced:
      return 2;
    case State::delivered:
      return 3;
    case State::deleted:
      return 4;
  }
  return 0;
}

void add(std::vector<std::string>& all, const std::string& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

// Without what parts the columns of Counts::text().
std::string in_one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text.size() > limits::kConfigLine ? text.substr(0, limits::kConfigLine) : text;
}

const char* name_of(Verdict verdict) {
  return verdict == Verdict::clean ? "clean" : verdict == Verdict::held ? "held" : "rejected";
}

// Words of several texts in one column; between them a gap that no phrase bridges cannot be had, so they just
// follow each other.
void add_words(std::string& column, std::string_view text, std::size_t& left) {
  if (left == 0 || text.empty()) return;
  const std::string words = searchable(text, left);
  left -= std::min(left, text.size());
  if (words.empty()) return;
  if (!column.empty()) column += ' ';
  column += words;
}

std::string_view until(std::string_view& rest, char end) {
  const std::size_t at = std::min(rest.find(end), rest.size());
  const std::string_view out = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return out;
}
std::int64_t number_of_text(std::string_view text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

// "DAY\nTENANT\tDEPARTMENT\n…\n\nKIND\tNOW\tAMOUNT\tKEY\n…"
std::string Counts::text() const {
  std::string out = std::to_string(day) + "\n";
  for (const CountScope& scope : scopes)
    if (!scope.tenant.empty() || !scope.department.empty())
      out.append(scope.tenant).append("\t").append(scope.department).append("\n");
  out += "\n";
  for (const One& one : all)
    out.append(std::to_string(static_cast<int>(one.kind)))
        .append(one.now ? "\t1\t" : "\t0\t")
        .append(std::to_string(one.amount))
        .append("\t")
        .append(one.key)
        .append("\n");
  return out;
}

Counts Counts::of_text(std::string_view text) {
  Counts out;
  out.day = number_of_text(until(text, '\n'));
  out.scopes.push_back({});
  while (!text.empty()) {
    std::string_view line = until(text, '\n');
    if (line.empty()) break;
    const std::string_view tenant = until(line, '\t');
    out.scopes.push_back({std::string(tenant), std::string(line)});
  }
  while (!text.empty()) {
    std::string_view line = until(text, '\n');
    One one;
    one.kind = static_cast<Count>(number_of_text(until(line, '\t')));
    one.now = until(line, '\t') == "1";
    one.amount = number_of_text(until(line, '\t'));
    one.key = line;
    out.all.push_back(std::move(one));
  }
  return out;
}

EntryReader::EntryReader(const store::Place& items, NumberOf number_of)
    : items_(items), number_of_(std::move(number_of)), config_(std::make_shared<const Config>()) {}

void EntryReader::use(std::shared_ptr<const Config> config) {
  config_ = std::move(config);
  places_.clear();
}

std::vector<std::string> departments_of(const Config& config, const std::string& address) {
  std::vector<std::string> out;
  const auto matches = [&](const std::string& glob) { return policy::glob_match(glob, address); };
  for (const DepartmentConfig& each : config.console.departments)
    if (std::any_of(each.addresses.begin(), each.addresses.end(), matches)) add(out, each.name);
  if (const TenantConfig* tenant = policy::tenant_of(config.tenants, address))
    for (const OrganisationConfig& each : tenant->organisations)
      if (std::any_of(each.addresses.begin(), each.addresses.end(), matches)) add(out, each.name);
  return out;
}

const EntryReader::Place& EntryReader::place_of(const std::string& address) {
  const auto known = places_.find(address);
  if (known != places_.end()) return known->second;
  if (places_.size() >= kPlaces) places_.clear();
  Place place;
  for (const std::string& name : departments_of(*config_, address)) add(place.departments, in_one_line(name));
  if (const TenantConfig* tenant = policy::tenant_of(config_->tenants, address))
    place.tenant = in_one_line(tenant->name);
  return places_.emplace(address, std::move(place)).first->second;
}

bool EntryReader::read_item(const ItemId& id, Entry& entry, std::string& report, std::string& sha256) {
  ListedItem& row = entry.row;
  return items_
      .kept(
          "SELECT received_ms, sender, subject, report, bytes, sha256, tenants, EXISTS (SELECT 1 "
          "FROM drops d WHERE d.id=items.id), (SELECT count(*) FROM requests r WHERE r.id=items.id AND "
          "r.state='open'), (SELECT count(*) FROM proposals p WHERE p.id=items.id AND p.state='open'), "
          "EXISTS "
          "(SELECT 1 FROM kept k WHERE k.id=items.id) FROM items WHERE id=?")
      .one(
          [&](const Row& found) {
            row.received_ms = found.integer(0);
            row.sender = found.text(1);
            row.subject = found.text(2);
            report = found.text(3);
            row.bytes = static_cast<std::uint64_t>(found.integer(4));
            sha256 = hex(store::sha256_of(found.blob(5)));
            for (const std::string& tenant : store::parted_lines(found.text(6)))
              if (!tenant.empty()) row.tenants.push_back(in_one_line(tenant));
            row.drop = found.integer(7) != 0;
            row.requests = static_cast<std::uint32_t>(found.integer(8));
            row.proposals = static_cast<std::uint32_t>(found.integer(9));
            row.kept = found.integer(10) != 0;
          },
          store::blob(id));
}

void EntryReader::read_recipients(const ItemId& id, Entry& entry, Counts& counts) {
  ListedItem& row = entry.row;
  std::map<std::size_t, std::int64_t> delivered;  // bucket → how many
  std::size_t left = limits::kReviewIndexText;
  const auto scope = [&](const std::string& tenant, const std::string& department) {
    const bool known = std::any_of(counts.scopes.begin(), counts.scopes.end(), [&](const CountScope& each) {
      return each.tenant == tenant && each.department == department;
    });
    if (!known && counts.scopes.size() < kScopes) counts.scopes.push_back({tenant, department});
  };
  scope("", "");
  for (const std::string& tenant : row.tenants) scope(tenant, "");
  row.state = State::deleted;
  items_
      .kept("SELECT address, state, verdict, reasons, changed_ms FROM recipients WHERE id=? ORDER BY number")
      .each(
          [&](const Row& found) {
            const ListedRecipient one{std::string(found.text(0)), static_cast<State>(found.integer(1)),
                                      static_cast<Verdict>(found.integer(2))};
            ++row.recipient_count;
            row.verdict = policy::stricter(row.verdict, one.verdict);
            if (rank(one.state) < rank(row.state)) row.state = one.state;
            std::string_view reasons = found.text(3);
            while (!reasons.empty()) add(row.reasons, std::string(until(reasons, ' ')));
            if (one.state == State::delivered)
              ++delivered[delivery_bucket(found.integer(4) - row.received_ms)];
            add_words(entry.words.recipients, one.address, left);
            if (row.recipient_count <= kDepartmentsOf) {
              entry.facts.push_back(recipient_fact(store::address_key(one.address)));
              const Place& place = place_of(one.address);
              for (const std::string& department : place.departments) {
                add(row.departments, department);
                scope("", department);
                if (!place.tenant.empty()) scope(place.tenant, department);
              }
            }
            if (row.recipients.size() < kListedRecipients) row.recipients.push_back(one);
          },
          store::blob(id));
  for (const auto& [bucket, count] : delivered)
    counts.all.push_back({Count::delivery, std::to_string(bucket), count});
}

// A part without a name that is text is a mail's body.
void EntryReader::take_report(const std::string& report, Entry& entry, Counts& counts) {
  const ReportedItem told = read_report(report);
  ListedItem& row = entry.row;
  std::size_t left = limits::kReviewIndexText;
  std::map<std::string, std::int64_t> types;
  for (const ReportedPart& part : told.parts) {
    for (const std::string& reason : part.reasons) add(row.reasons, reason);
    if (!part.sha256.empty()) entry.facts.push_back(hash_fact(part.sha256));
    if (part.name.empty() && part.type.starts_with("text/")) continue;
    ++row.file_count;
    if (row.files.size() < kListedFiles) row.files.push_back(part.name);
    add_words(entry.words.files, part.name, left);
    ++types[part.type_name.empty() ? "other" : in_one_line(part.type)];
  }
  for (const auto& [type, count] : types) counts.all.push_back({Count::type, type, count});
  std::size_t sender_left = limits::kReviewIndexText;
  add_words(entry.words.sender, row.sender, sender_left);
  if (told.from != row.sender) add_words(entry.words.sender, told.from, sender_left);
  entry.words.subject = searchable(row.subject, limits::kReviewIndexText);
}

void EntryReader::add_facts(Entry& entry, const std::string& sha256) {
  const ListedItem& row = entry.row;
  std::vector<std::string>& facts = entry.facts;
  facts.push_back(state_fact(row.state));
  facts.push_back(verdict_fact(row.verdict));
  facts.push_back(direction_fact(row.drop));
  for (const std::string& slug : row.reasons)
    if (const auto finding = clean::finding_of_slug(slug)) facts.push_back(reason_fact(*finding));
  if (row.requests > 0) facts.push_back(asked_fact());
  if (row.kept) facts.push_back(kept_fact());
  for (const std::string& each : row.tenants) facts.push_back(named_fact(number_of_("t" + each)));
  for (const std::string& each : row.departments) facts.push_back(named_fact(number_of_("d" + each)));
  if (!sha256.empty()) facts.push_back(hash_fact(sha256));
  facts.push_back(sender_fact(store::address_key(row.sender)));
  std::sort(facts.begin(), facts.end());
  facts.erase(std::unique(facts.begin(), facts.end()), facts.end());
}

void EntryReader::add_counts(Entry& entry, Counts& counts) {
  const ListedItem& row = entry.row;
  counts.day = day_of(row.received_ms);
  counts.all.push_back({Count::items, ""});
  counts.all.push_back({Count::verdict, name_of(row.verdict)});
  counts.all.push_back({Count::state, std::string(store::name_of(row.state))});
  counts.all.push_back({Count::direction, row.drop ? "drop" : "mail"});
  counts.all.push_back({Count::bytes, "", static_cast<std::int64_t>(row.bytes)});
  for (const std::string& slug : row.reasons) counts.all.push_back({Count::reason, in_one_line(slug)});
  if (row.verdict != Verdict::clean)
    counts.all.push_back({Count::sender_held, in_one_line(store::address_key(row.sender))});
  if (row.state == State::held) counts.all.push_back({Count::open, "held", 1, true});
  if (row.requests > 0) counts.all.push_back({Count::open, "requests", row.requests, true});
  if (row.proposals > 0) counts.all.push_back({Count::open, "proposals", row.proposals, true});
  if (row.kept) counts.all.push_back({Count::open, "kept", 1, true});
  entry.counted = counts.text();
}

std::optional<Entry> EntryReader::read(const ItemId& id) {
  Entry entry;
  Counts counts;
  std::string report, sha256;
  entry.row.id = id;
  if (!read_item(id, entry, report, sha256)) return std::nullopt;
  read_recipients(id, entry, counts);
  take_report(report, entry, counts);
  add_facts(entry, sha256);
  add_counts(entry, counts);
  return entry;
}

}  // namespace kiyome::review
