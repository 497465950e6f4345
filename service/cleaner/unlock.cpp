// The passwords that a mail's encrypted files are tried with, and the further cleaning of items whose
// passwords came later. A person's password goes into a sandbox's job and, sealed, into the store; nowhere
// else.
#include <algorithm>

#include "service/base/clock.h"
#include "service/cleaner/locked_parts.h"
#include "service/cleaner/processor_job.h"

namespace kiyome::cleaner {
namespace {

using document::PasswordWords;
using store::LockedCopy;
using store::RememberedWords;

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// A password that was told to one recipient opens nothing for another.
std::vector<std::string> known_to_all(const std::vector<RememberedWords>& people) {
  if (people.empty()) return {};
  std::vector<std::string> out = people.front().words;
  for (const RememberedWords& each : people)
    std::erase_if(out, [&](const std::string& word) { return !contains(each.words, word); });
  return out;
}

PasswordWords words_of(const clean::MailAnswer& answer) {
  return document::password_words(answer.header.subject.value_or(""), answer.body.text);
}

}  // namespace

// Those of its own mail, of earlier mails to the same people, and the configured ones.
std::vector<std::string> Processor::passwords_for(Job& job, const Work& work) {
  const store::Envelope& envelope = job.original.envelope;
  std::vector<RememberedWords> people;
  if (!envelope.sender.empty() && job.recipients.size() <= limits::kPasswordPeople)
    for (const std::size_t each : job.recipients)
      people.push_back(
          parts_.locks.remembered(envelope.sender, envelope.recipients[each].address, unix_ms_now()));
  const std::vector<std::string> common = known_to_all(people);
  for (std::size_t i = 0; i < people.size(); ++i)
    if (std::all_of(people[i].words.begin(), people[i].words.end(),
                    [&](const std::string& word) { return contains(common, word); }))
      job.tried[envelope.recipients[job.recipients[i]].index] = people[i].last;

  job.words = words_of(*job.answer);
  return document::passwords_to_try({.given = work.order ? work.order->passwords : std::vector<std::string>(),
                                     .configured = job.config->documents.passwords,
                                     .remembered = common},
                                    *job.words);
}

// Who gets a further mail when something opens: whoever is served and has locked files. This is done for
// those together to whom the same passwords came; the others have their turn next.
void Processor::choose_copies(Job& job, const Work& work) {
  const std::int64_t now = unix_ms_now();
  const std::vector<store::RecipientRow> rows = parts_.items.recipients(work.where.id);
  const std::vector<store::Standing> standings = parts_.items.standings(work.where.id);
  std::optional<std::vector<std::string>> words;
  for (LockedCopy& copy : parts_.locks.due_copies(work.where.id, now)) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const store::RecipientRow& each) {
      return each.index == copy.recipient;
    });
    if (row == rows.end() || row->state == store::State::held || row->state == store::State::deleted)
      continue;
    RememberedWords remembered = parts_.locks.remembered(row->sender, row->address, now);
    if (words && *words != remembered.words) continue;
    words = std::move(remembered.words);
    job.tried[copy.recipient] = remembered.last;
    const auto standing = std::find_if(standings.begin(), standings.end(), [&](const store::Standing& each) {
      return each.recipient == copy.recipient;
    });
    Standing& own = job.standings[copy.recipient];
    if (standing != standings.end()) own = standing_of(*standing);
    own.further = true;
    job.recipients.push_back(copy.recipient);
    if (row->state != store::State::sending) job.served.push_back(copy.recipient);
    job.copies.push_back(std::move(copy));
  }
}

// A further mail goes only to those for whom something is open now that was not.
void Processor::keep_opened(Job& job) {
  std::erase_if(job.groups, [](const Group& group) { return group.verdict != Verdict::clean; });
  for (Group& group : job.groups) {
    const std::string places = locked_places(group, *job.answer);
    std::erase_if(group.recipients, [&](std::size_t each) {
      const std::uint32_t number = job.original.envelope.recipients[each].index;
      const auto copy = std::find_if(job.copies.begin(), job.copies.end(),
                                     [&](const LockedCopy& one) { return one.recipient == number; });
      if (copy == job.copies.end() || !opens_any(copy->places, group)) return true;
      copy->places = places;
      return false;
    });
  }
  std::erase_if(job.groups, [](const Group& group) { return group.recipients.empty(); });
}

// What the store is to remember: files that are locked, and passwords that the mail names.
void Processor::add_locks(Job& job, const Work& work) {
  store::DecidedItem& decided = job.decided;
  decided.locked = job.copies;
  for (LockedCopy& copy : decided.locked) copy.tried = job.tried[copy.recipient];
  if (work.unlock || !job.answer) return;
  const store::Envelope& envelope = job.original.envelope;
  std::vector<std::string_view> people;
  for (const Group& group : job.groups) {
    if (group.verdict != Verdict::clean) continue;
    const std::string places = locked_places(group, *job.answer);
    for (const std::size_t each : group.recipients) {
      const std::uint32_t number = envelope.recipients[each].index;
      // Without places: nothing (any more).
      if (!places.empty() || work.order) decided.locked.push_back({number, places, job.tried[number]});
      if (!group.standing.further) people.push_back(envelope.recipients[each].address);
    }
  }
  // Newsletters bring no passwords, and where nothing passes none is needed.
  if (envelope.sender.empty() || people.size() > limits::kPasswordPeople || !looks_into(job)) return;
  if (!job.words) job.words = words_of(*job.answer);
  if (job.words->named.empty()) return;
  for (const std::string_view each : people)
    decided.words.push_back(parts_.locks.seal(envelope.sender, each, job.words->named));
}

void Processor::try_locked(const std::vector<transfer::Announce>& due) {
  for (const transfer::Announce& where : due) {
    Work work;
    work.where = where;
    work.actor = "cleaner";
    work.unlock.emplace();
    parts_.queue.put(std::move(work));  // one that is in hand is looked for again when it is done
  }
}

void Processor::try_locked() { try_locked(parts_.locks.due_items(unix_ms_now(), limits::kUnlockItems)); }

}  // namespace kiyome::cleaner
