// See run.h.
#include "sanitizers/mail/run.h"

#include "proto/base/limits.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/assemble/file_words.h"
#include "sanitizers/mail/outlook.h"
#include "sanitizers/mail/scanner.h"
#include "sanitizers/mail/transfer.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/digest.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::mail {

namespace {

Reading refusal(clean::Finding finding) {
  Reading out;
  out.messages = {clean::Refusal{finding}, clean::End{}};
  return out;
}

// A mailbox with one mail in it is that mail.
bool is_mail(std::string_view octets, const std::string& detected) {
  if (detected == "application/mbox")
    return octets.find("\n\nFrom ") == octets.npos && octets.find("\r\n\r\nFrom ") == octets.npos;
  return detected == "message/rfc822";
}

// A file that is no mail: one attachment without a claim of its own.
Reading one_file(std::string_view octets, type::Detected detected, const clean::JobOptions& options) {
  clean::Part part;
  part.span = {0, octets.size()};
  part.detected_type = std::move(detected.type);
  part.size = octets.size();
  part.sha256 = type::sha256(octets);
  part.findings = std::move(detected.findings);
  std::vector<clean::Message> words;
  if (options.part_texts && detected.text_like) {
    text::Text text = file_words(octets, {part.detected_type, "", options.name, ""});
    for (const clean::Finding finding : text.findings) note(part.findings, finding);
    words.emplace_back(clean::PartText{0, std::move(text.utf8)});
  }
  Reading out;
  out.messages = {clean::MailHeader{}, std::move(part), clean::BodyText{}};
  out.messages.insert(out.messages.end(), words.begin(), words.end());
  out.messages.emplace_back(clean::End{});
  return out;
}

Reading read_message(std::string_view octets, const clean::JobOptions& options) {
  Tree tree(octets);
  if (const auto limit = scan(tree, 0, kNone, Start::message)) return refusal(*limit);
  Reading out;
  for (const Node& node : tree.nodes())
    if (!node.container) out.leaf_types.push_back(node.media_type);
  Assembly assembly(tree, options);
  if (const auto limit = assembly.expand()) return refusal(*limit);
  assembly.show();
  out.messages = assembly.tell();
  return out;
}

// A winmail.dat by itself: the mail that would have carried it.
OutlookMail tnef_as_mail(std::string_view octets) {
  OutlookMail out;
  out.octets =
      "MIME-Version: 1.0\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: binary\r\n\r\n";
  out.octets += octets;
  return out;
}

// Outlook's file is read as the mail it stands for. All parts are derived: they lie nowhere in the original
// as they are told.
Reading read_outlook(std::string_view octets, const OutlookMail& mail, type::Detected detected,
                     const clean::JobOptions& options) {
  if (mail.limit) return refusal(*mail.limit);
  Reading out = read_message(mail.octets, options);
  out.leaf_types.clear();  // a second opinion would be one about ourselves
  for (clean::Message& message : out.messages) {
    auto* const part = std::get_if<clean::Part>(&message);
    if (part == nullptr) continue;
    part->span = {0, octets.size()};
    if (part->index != 0) continue;
    part->declared_type.clear();
    part->detected_type = detected.type;
    part->size = octets.size();
    part->sha256 = type::sha256(octets);
    for (const clean::Finding finding : detected.findings) note(part->findings, finding);
    if (mail.damaged) note(part->findings, clean::Finding::kDamagedPart);
    if (mail.left_out) note(part->findings, clean::Finding::kEmbeddedRemoved);
  }
  return out;
}

}  // namespace

void warm_up() {
  warm_up_transfer();
  text::warm_up();
  type::warm_up();
}

Reading read_mail(std::string_view octets, const clean::JobOptions& options) {
  if (octets.size() > limits::kMessageBytes) return refusal(clean::Finding::kLimitSize);
  if (options.any_file) {
    type::Detected detected = type::detect(octets, options.name, "");
    if (detected.type == "application/vnd.ms-outlook")
      return read_outlook(octets, outlook_as_mail(octets), std::move(detected), options);
    if (detected.type == "application/vnd.ms-tnef")
      return read_outlook(octets, tnef_as_mail(octets), std::move(detected), options);
    if (!is_mail(octets, detected.type)) return one_file(octets, std::move(detected), options);
  }
  return read_message(octets, options);
}

}  // namespace kiyome::sanitizer::mail
