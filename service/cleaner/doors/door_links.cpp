#include "service/cleaner/doors/door_links.h"

#include <sodium.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/cleaner/locked_parts.h"
#include "service/cleaner/processor_job.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/utf8.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

constexpr const char* kPage = "/ask#";

std::string base64url(std::string_view octets) {
  constexpr int kForm = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_encoded_len(octets.size(), kForm), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(octets.data()),
                    octets.size(), kForm);
  out.pop_back();  // its NUL
  return out;
}

// Cleaned once more when it was cut: behind a joiner something must follow.
std::string cut_line(std::string_view text, std::size_t max) {
  std::vector<Finding> ignored;
  const std::string line = compose::clean_line(text, ignored);
  return compose::clean_line(compose::cut_at_character(line, max), ignored);
}

std::string sender_line(const DoorTold& told) {
  if (told.header != nullptr && !told.header->from.empty()) {
    const clean::Address& from = told.header->from.front();
    if (!from.display.empty() && !from.address.empty()) return from.display + " <" + from.address + ">";
    if (!from.address.empty()) return from.address;
  }
  return std::string(told.sender);
}

std::vector<std::uint16_t> numbers(const std::vector<Finding>& findings) {
  std::vector<std::uint16_t> out;
  for (const Finding finding : findings) out.push_back(static_cast<std::uint16_t>(finding));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > limits::kCrossingFindings) out.resize(limits::kCrossingFindings);
  return out;
}

// Held itself, or with something held in it; adds why. Depth is bounded by documents.depth_max.
bool is_missing(const document::Made& made, std::vector<Finding>& reasons) {
  bool out = made.held();
  if (out)
    for (const Finding finding : made.reasons) compose::add_finding(reasons, finding);
  for (const document::Entry& entry : made.entries) out = is_missing(entry.made, reasons) || out;
  return out;
}

bool is_locked(std::string_view places, std::uint32_t part) {
  const std::string number = std::to_string(part);
  while (!places.empty()) {
    const std::string_view place = places.substr(0, places.find(' '));
    if (place == number || place.starts_with(number + "/")) return true;
    places.remove_prefix(std::min(place.size() + 1, places.size()));
  }
  return false;
}

}  // namespace

bool has_links(const Config& config) { return config.request.links && !config.pick_up.url.empty(); }

DoorLink make_link(const Config& config) {
  std::string token(limits::kDoorToken, '\0');
  randombytes_buf(token.data(), token.size());
  std::string url = config.pick_up.url;
  while (url.ends_with('/')) url.pop_back();
  return {url + kPage + base64url(token), sha256(token)};
}

std::map<std::size_t, DoorLink> make_links(const std::vector<std::size_t>& recipients, const Config& config) {
  std::map<std::size_t, DoorLink> out;
  if (!has_links(config) || recipients.size() > limits::kPasswordPeople) return out;
  for (const std::size_t each : recipients) out.emplace(each, make_link(config));
  return out;
}

std::vector<transfer::DoorPart> door_parts(const Group& group, const clean::MailAnswer& answer) {
  std::vector<transfer::DoorPart> out;
  const std::string places = locked_places(group, answer);
  for (const PartVerdict& verdict : group.parts) {
    const clean::Part& part = answer.parts[verdict.part];
    if (part.role == clean::Role::body) continue;
    std::vector<Finding> reasons;
    bool missing = verdict.action == Action::strip || verdict.action == Action::hold;
    if (missing) reasons = verdict.reasons;
    if (verdict.made != nullptr) missing = is_missing(*verdict.made, reasons) || missing;
    if (!missing) continue;
    const bool locked = is_locked(places, verdict.part);
    out.push_back(
        {verdict.part, cut_line(part.name, limits::kCrossingFileName),
         cut_line(part.detected_type.empty() ? part.declared_type : part.detected_type, limits::kCleanType),
         std::min<std::uint64_t>(part.size, limits::kMessageBytes), numbers(reasons),
         static_cast<std::uint8_t>(transfer::kDoorAsk | (locked ? transfer::kDoorPassword : 0))});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.part < b.part; });
  // Those that a password opens stay: they can be got at once.
  if (out.size() > limits::kDoorParts)
    std::stable_partition(out.begin(), out.end(),
                          [](const auto& part) { return (part.can & transfer::kDoorPassword) != 0; });
  if (out.size() > limits::kDoorParts) out.resize(limits::kDoorParts);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.part < b.part; });
  return out;
}

transfer::Door make_door(DoorTold told, const DoorLink& link, const Config& config, std::int64_t now_ms) {
  transfer::Door out;
  out.id = told.id;
  out.recipient = told.recipient->index;
  out.address = told.recipient->address;
  out.token_hash = link.token_hash;
  out.until_ms =
      static_cast<std::uint64_t>(now_ms + static_cast<std::int64_t>(config.request.days * 86'400'000));
  out.sender = cut_line(sender_line(told), limits::kCrossingTitle);
  if (told.header != nullptr)
    out.subject = cut_line(told.header->subject.value_or(""), limits::kCrossingTitle);
  out.parts = std::move(told.parts);
  if (out.parts.empty())
    out.parts.push_back({transfer::kWholeItem,
                         {},
                         "message/rfc822",
                         std::min<std::uint64_t>(told.bytes, limits::kMessageBytes),
                         numbers(told.reasons),
                         transfer::kDoorAsk});
  return out;
}

// The door of one recipient's mail: written with it, in one transaction.
void Processor::add_door(Job& job, const Group& group) {
  if (group.verdict != Verdict::clean || group.recipients.size() != 1) return;
  const auto link = job.links.find(group.recipients.front());
  if (link == job.links.end()) return;
  std::vector<transfer::DoorPart> parts = door_parts(group, *job.answer);
  if (parts.empty()) return;
  const store::Envelope& envelope = job.original.envelope;
  job.decided.doors.push_back({envelope.id, group.ordinal,
                               make_door({envelope.id,
                                          &envelope.recipients[group.recipients.front()],
                                          envelope.sender,
                                          &job.answer->header,
                                          std::move(parts),
                                          0,
                                          {}},
                                         link->second, *job.config, unix_ms_now())});
}

// One for all who are told; with links each has his own, and the first of them the item's number.
void Processor::add_notices(Job& job, std::vector<std::size_t> told, const std::vector<Finding>& why) {
  std::sort(told.begin(), told.end());  // as a bundle has its recipients
  const store::Envelope& envelope = job.original.envelope;
  const clean::MailHeader* const header = job.answer ? &job.answer->header : nullptr;
  const auto add = [&](const std::vector<std::size_t>& whom, const DoorLink* link) {
    compose::HeldInput input{.id = envelope.id,
                             .received_ms = envelope.received_ms,
                             .sender = envelope.sender,
                             .recipient = {},
                             .header = header,
                             .reasons = why};
    if (whom.size() == 1) input.recipient = envelope.recipients[whom.front()].address;
    if (link != nullptr) input.link = link->url;
    if (!job.decided.notices.empty()) input.own_id = new_item_id();
    transfer::Bundle& bundle = job.decided.notices.emplace_back();
    bundle.id = input.own_id.value_or(envelope.id);
    bundle.kind = transfer::BundleKind::notice;
    for (const std::size_t each : whom) {
      transfer::Recipient& recipient = bundle.recipients.emplace_back(envelope.recipients[each]);
      recipient.notify = transfer::kNotifyNever;
      recipient.orcpt.clear();
    }
    bundle.content = compose::held_notice(input, *job.config);
    bundle.sha256 = kiyome::sha256(bundle.content);
    if (link == nullptr) return;
    job.decided.doors.push_back({bundle.id, 0,
                                 make_door({envelope.id,
                                            &envelope.recipients[whom.front()],
                                            envelope.sender,
                                            header,
                                            {},
                                            job.original.size,
                                            why},
                                           *link, *job.config, unix_ms_now())});
  };
  if (told.empty()) return;
  if (job.links.empty() || job.damaged)
    return add(told, nullptr);  // of what cannot be read nothing can be asked
  for (const std::size_t each : told) add({each}, &job.links.at(each));
}

}  // namespace kiyome::cleaner
