// A later decision about an item in a worker's hands: for whom it counts, what of it is new to them, and what
// the store is to remember of it.
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "service/base/log.h"
#include "service/cleaner/processor_job.h"
#include "service/compose/characters.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

bool contains(const std::vector<std::uint32_t>& all, std::uint32_t one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool is_held(const store::RecipientRow& row) {
  return row.state == store::State::held && row.verdict != Verdict::rejected;
}

bool is_served(const store::RecipientRow& row) {
  return row.state == store::State::sending || row.state == store::State::delivered ||
         row.state == store::State::bounced;
}

// What a person orders changes how the copy stands.
void apply(const Order& order, Standing& standing) {
  standing.released = standing.released || order.lifts_hold;
  if (order.policy) {
    const std::string place = order.part.empty() ? "*" : std::to_string(part_of_place(order.part));
    std::erase_if(standing.policies, [&](const auto& each) { return place == "*" || each.first == place; });
    standing.policies.emplace_back(place, *order.policy);
  }
  if (!order.left_out.empty()) standing.left_out.insert(order.left_out);
}

// Why nothing is new: what holds the parts that were meant. Nothing: there is nothing that he has not got.
std::vector<clean::Finding> held_parts(const Group& group, const Work& work) {
  std::vector<clean::Finding> out;
  for (const PartVerdict& each : group.parts) {
    const bool meant =
        !work.order || work.order->part.empty() || part_of_place(work.order->part) == each.part;
    const bool within =
        std::find(each.reasons.begin(), each.reasons.end(), clean::Finding::kEntryHeld) != each.reasons.end();
    if (meant && (each.action == Action::hold || within))
      for (const clean::Finding reason : each.reasons) compose::add_finding(out, reason);
  }
  return out;
}

}  // namespace

// Whether it is worth to look into attachments for anybody.
bool Processor::looks_into(const Job& job) {
  if (policy::passes_documents(*job.config) || !job.allowed.empty()) return true;
  return std::any_of(job.standings.begin(), job.standings.end(),
                     [](const auto& each) { return !each.second.policies.empty(); });
}

void Processor::choose_ordered(Job& job, const Order& order) {
  const std::size_t count = job.original.envelope.recipients.size();
  std::map<std::uint32_t, store::Standing> kept;
  for (store::Standing& each : parts_.items.standings(job.original.envelope.id))
    kept.emplace(each.recipient, std::move(each));
  const std::vector<store::RecipientRow> rows = parts_.items.recipients(job.original.envelope.id);
  // The recipients of a dropped file have it together: it is released to all, or sent anew to all.
  const bool drop = job.original.envelope.drop.has_value();
  if (drop) {
    job.decided.released = std::all_of(rows.begin(), rows.end(), is_held);
    job.decided.unlocked = !job.decided.released;
  }
  for (const store::RecipientRow& row : rows) {
    const bool further = is_served(row) || (drop && job.decided.unlocked && is_held(row));
    const bool meant = (further && order.served) || (!further && is_held(row) && order.held);
    if (row.index >= count || !meant ||
        (!drop && !order.recipients.empty() && !contains(order.recipients, row.index)))
      continue;
    const auto known = kept.find(row.index);
    Standing standing = known == kept.end() ? Standing{} : standing_of(known->second);
    standing.further = further;
    if (!further) standing.given.clear();
    apply(order, standing);
    job.standings[row.index] = std::move(standing);
    job.recipients.push_back(row.index);
    if (further && row.state != store::State::sending) job.served.push_back(row.index);
  }
}

// An allowance counts for whom the trusted upstream found to be himself, or who has signed in to the drop
// box.
void Processor::prove_sender(Job& job) {
  const store::Envelope& envelope = job.original.envelope;
  if (!envelope.drop) {
    const std::string& trusted = job.config->notice.trusted_authserv_id;
    if (!trusted.empty()) job.answer->header.authentication = upstream_results(job);
    job.proven = true;
    if (!is_proven(envelope.sender, job.answer->header.authentication, trusted)) job.allowed.clear();
  }
  if (job.allowed.empty()) return;
  std::string numbers;
  for (const store::Allowed& each : job.allowed)
    numbers.append(numbers.empty() ? "" : ",").append(std::to_string(each.number));
  job.decided.detail += ",\"allowances\":[" + numbers + "]";
}

// Of those who have a mail only they get another one for whom something is new.
void Processor::keep_new(Job& job, const Work& work) {
  for (const Group& group : job.groups) {
    if (group.verdict != Verdict::clean)
      for (const clean::Finding reason : group.reasons) compose::add_finding(job.why, reason);
    else if (group.standing.further && group.given.empty())
      for (const clean::Finding reason : held_parts(group, work)) compose::add_finding(job.why, reason);
  }
  std::erase_if(job.groups, [](const Group& group) {
    return group.standing.further && (group.verdict != Verdict::clean || group.given.empty());
  });
}

void Processor::keep_standings(Job& job) {
  const bool again = job.decided.released || job.decided.unlocked;
  for (const Group& group : job.groups) {
    if (group.verdict != Verdict::clean) continue;
    Standing standing = group.standing;
    standing.further = false;
    standing.given.insert(group.given.begin(), group.given.end());
    if (!again && standing == Standing{}) continue;  // most mails: nothing to remember
    for (const std::size_t each : group.recipients)
      job.decided.standings.push_back(kept_standing(standing, job.original.envelope.recipients[each].index));
  }
}

// The record of an item that was decided before: what is known of the others stays.
std::string Processor::merged_report(const Job& job, const ItemId& id, std::string fresh) {
  const std::optional<store::ItemRow> row = parts_.items.find(id);
  if (!row) return fresh;
  std::set<std::string> now;
  for (const Group& group : job.groups)
    for (const std::size_t each : group.recipients)
      now.insert(job.original.envelope.recipients[each].address);
  try {
    Poco::JSON::Parser before, after;
    const auto old = before.parse(row->report).extract<Poco::JSON::Object::Ptr>();
    const auto out = after.parse(fresh).extract<Poco::JSON::Object::Ptr>();
    const Poco::JSON::Array::Ptr groups = old->getArray("groups");
    Poco::JSON::Array::Ptr all = out->getArray("groups");
    for (std::size_t i = 0; groups && all && i < groups->size(); ++i) {
      Poco::JSON::Object::Ptr group = groups->getObject(static_cast<unsigned>(i));
      const Poco::JSON::Array::Ptr whom = group->getArray("recipients");
      Poco::JSON::Array::Ptr others = new Poco::JSON::Array;  // Poco counts its references itself
      for (std::size_t j = 0; whom && j < whom->size(); ++j)
        if (const auto address = whom->getElement<std::string>(static_cast<unsigned>(j));
            !now.contains(address))
          others->add(address);
      if (others->empty()) continue;
      group->set("recipients", others);
      all->add(group);
    }
    std::ostringstream text;
    Poco::JSON::Stringifier::stringify(*out, text);
    return text.str();
  } catch (const std::exception& trouble) {
    log::warning("record not merged", id, {{"why", trouble.what()}});
    return fresh;
  }
}

}  // namespace kiyome::cleaner
