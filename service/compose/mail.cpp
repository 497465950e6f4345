// The clean mail: kept fields, the body with what was done to it, clean texts beside it. Its input is the
// clean language and our own decisions; every text of it is hostile.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/encode.h"
#include "service/compose/kept_fields.h"
#include "service/compose/lines.h"
#include "service/compose/notice.h"
#include "service/compose/utf8.h"
#include "service/compose/warnings.h"

namespace kiyome::compose {
namespace {

using clean::Finding;

constexpr const char* kText = "text/plain";

struct Attachment {
  std::string name;
  std::string type;
  std::string text;                     // of text/plain
  const std::string* octets = nullptr;  // of another type
};

std::string kiyome_id(const MailInput& input) {
  const std::string id = input.id.text();
  return input.parts_total > 1 ? joined({id, ".", std::to_string(input.part)}) : id;
}

// What is said of the mail as a whole: its header, and the parts that became the body.
std::vector<Finding> findings_of_body(const clean::MailAnswer& answer) {
  std::vector<Finding> all;
  const auto take = [&](const std::vector<Finding>& some) {
    for (const Finding finding : some) add_finding(all, finding);
  };
  take(answer.header.findings);
  take(answer.body.findings);
  for (const clean::Part& part : answer.parts) {
    const bool listed = part.role == clean::Role::attachment || part.role == clean::Role::inline_image;
    if (!listed && part.role != clean::Role::decoration) take(part.findings);
  }
  take(answer.afterwords);
  return all;
}

// A further mail to somebody who has the first: an answer to it, in its thread. With the first one's
// Message-ID a mail server might take it for the same mail and drop it.
clean::MailHeader answering(const MailInput& input, const std::string& first_own_id) {
  const clean::MailHeader& first = input.answer->header;
  clean::MailHeader out = first;
  const std::string subject = first.subject.value_or("");
  if (!lower(subject.substr(0, 3)).starts_with("re:")) out.subject = joined({"Re: ", subject});
  if (input.further_ms != 0) out.date = clean::Date{input.further_ms / 1000, 0};
  const std::string& id = is_message_id(first.message_id) ? first.message_id : first_own_id;
  out.message_id.clear();
  if (out.references.empty()) out.references = first.in_reply_to;
  out.references.push_back(id);
  out.in_reply_to = {id};
  return out;
}

// The names of one mail's attachments, each once, ASCII case ignored. A thousand files of one name cost no
// more than a thousand of different ones: where the numbers of a name have got to is remembered.
class Names {
 public:
  std::string unused(const std::string& name) {
    if (taken_.insert(lower(name)).second) return name;
    const std::size_t dot = name.rfind('.');
    for (std::size_t& n = last_.try_emplace(lower(name), 1).first->second;;) {
      const std::string number = joined({" (", std::to_string(++n), ")", std::string_view(name).substr(dot)});
      const std::string_view room =
          cut_at_character(std::string_view(name).substr(0, dot), limits::kCleanFileName - number.size());
      std::string candidate = std::string(without_name_end(room)) + number;
      if (taken_.insert(lower(candidate)).second) return candidate;
    }
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::size_t> last_;
};

// The body as shown. A longer one is cut at a line end and goes along whole.
std::string shown_body(const std::string& text, const Config& config, std::vector<Attachment>& attachments,
                       std::vector<Finding>& findings) {
  const bool links = config.notice.break_links;
  if (text.size() <= limits::kBodyTextShown) {
    std::string shown = clean_body(text, links, findings);
    if (!shown.empty() && shown.back() != '\n') shown += '\n';
    if (shown.size() <= limits::kCleanText) return shown;
  }
  add_finding(findings, Finding::kBodyCut);
  std::string_view part = cut_at_character(text, limits::kBodyTextShown);
  const std::size_t line_end = part.rfind('\n');
  if (line_end != std::string_view::npos && line_end > part.size() / 2) part = part.substr(0, line_end + 1);
  std::string shown = clean_body(part, links, findings);
  if (!shown.empty() && shown.back() != '\n') shown += '\n';
  attachments.push_back({"本文.txt", kText, clean_body(text, links, findings), nullptr});
  return shown + "\n（本文が長いため、ここまでを表示しています。全文は添付の 本文.txt にあります）\n";
}

// What a further mail is, in its first line.
std::string further_lead(const MailInput& input) {
  const auto count = std::count_if(input.outcomes.begin(), input.outcomes.end(), [](const PartOutcome& each) {
    return each.text != nullptr || (each.files != nullptr && !each.files->empty());
  });
  return joined({kLeadMark, " 先にお届けしたメールの添付 ", std::to_string(count),
                 " 件を追加でお届けします（詳細は末尾）\n"});
}

// Its words are ours, and those of whoever decided.
std::string further_body(const MailInput& input, const Config& config, std::vector<Finding>& findings) {
  std::string out =
      "本文は先のメールをご覧ください。\n"
      "(This mail brings what was missing from the one it answers.)\n";
  const std::string word = clean_body(input.further_text, config.notice.break_links, findings);
  if (!word.empty()) out.append("\n担当者から / from the reviewer:\n").append(word);
  if (out.back() != '\n') out += '\n';
  return out;
}

// The clean files of the outcomes; gives each outcome's output names for the notice, empty when it has none.
class Files {
 public:
  Files(const Config& config, std::vector<Attachment>& attachments, std::vector<Finding>& findings)
      : config_(config), attachments_(attachments), findings_(findings) {
    for (const Attachment& attachment : attachments) unused_.unused(attachment.name);
  }

  std::string add(const PartOutcome& outcome) {
    if (outcome.text != nullptr) return add_text(outcome.part->name, *outcome.text);
    if (outcome.files == nullptr || outcome.files->empty()) return {};
    std::string first;
    for (const CleanFile& file : *outcome.files) {
      const std::string name = add_file(file);
      if (first.empty()) first = name;
    }
    const std::size_t more = outcome.files->size() - 1;
    return more == 0 ? first : joined({first, " ほか ", std::to_string(more), " 件"});
  }

 private:
  std::string add_text(const std::string& name, const std::string& text) {
    attachments_.push_back({unused_.unused(clean_file_name(name, "txt", findings_)), kText,
                            clean_body(text, config_.notice.break_links, findings_), nullptr});
    return attachments_.back().name;
  }
  std::string add_file(const CleanFile& file) {
    if (file.type == kText) return add_text(file.name, file.octets);
    const std::string_view extension = extension_of_type(file.type);
    attachments_.push_back(
        {unused_.unused(clean_file_name(file.name, extension, findings_)), file.type, {}, &file.octets});
    return attachments_.back().name;
  }

  const Config& config_;
  std::vector<Attachment>& attachments_;
  std::vector<Finding>& findings_;
  Names unused_;
};

bool is_plain_name_character(char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; }

// `name` in RFC 2047 form is for old readers, `filename*` (RFC 2231) for all others.
std::string type_parameters(const std::string& name) {
  if (is_ascii(name)) return joined({";\r\n name=\"", name, "\""});
  return joined({";\r\n name=\"", encoded_words(name, "\r\n ", 7), "\""});
}

std::string disposition(const std::string& name) {
  if (is_ascii(name)) return joined({"attachment;\r\n filename=\"", name, "\""});
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "attachment;\r\n filename*=UTF-8''";
  for (const char c : name) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_plain_name_character(c))
      out += c;
    else
      (out += '%') += {kHex[octet >> 4], kHex[octet & 15]};
  }
  return out;
}

void write_content(const std::string& body, const std::vector<Attachment>& attachments,
                   const std::string& boundary, Entity& mail) {
  write_mime_version(mail);
  if (attachments.empty()) return write_text(body, "", "", mail);
  mail.field("Content-Type", joined({"multipart/mixed;\r\n boundary=\"", boundary, "\""}));
  mail.boundary(boundary);
  auto first = std::make_unique<Entity>();
  write_text(body, "", "", *first);
  mail.add(std::move(first));
  for (const Attachment& attachment : attachments) {
    auto part = std::make_unique<Entity>();
    const std::string parameters = type_parameters(attachment.name);
    if (attachment.octets == nullptr)
      write_text(attachment.text, parameters, disposition(attachment.name), *part);
    else
      write_file(attachment.type, *attachment.octets, parameters, disposition(attachment.name), *part);
    mail.add(std::move(part));
  }
}

// Octets after CRLF line ends, as the reader will save it.
std::uint64_t octets_saved(const std::string& text) {
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  const bool open_end = !text.empty() && text.back() != '\n';
  return text.size() + lines + (open_end ? 2 : 0);
}

}  // namespace

std::string clean_text_file(std::string_view utf8, bool break_links, std::vector<Finding>& findings) {
  return with_crlf(clean_body(utf8, break_links, findings));
}

std::string_view extension_of_type(std::string_view clean_type) {
  if (clean_type == "application/pdf") return "pdf";
  if (clean_type == "image/png") return "png";
  if (clean_type == "application/zip") return "zip";
  KIYOME_CHECK(clean_type == kText);
  return "txt";
}

ComposedMail clean_mail(const MailInput& input, const Config& config) {
  KIYOME_CHECK(input.answer != nullptr);
  ComposedMail composed;
  const clean::MailAnswer& answer = *input.answer;
  const HeaderContext context{.break_links = config.notice.break_links, .findings = &composed.findings};
  std::vector<Attachment> attachments;

  Entity mail;
  mail.field("Received", received_value({.helo = input.client_helo,
                                         .client = input.client_address,
                                         .host = config.smtp.hostname,
                                         .protocol = input.protocol,
                                         .kiyome_id = kiyome_id(input),
                                         .recipient = input.only_recipient,
                                         .unix_seconds = input.received_ms / 1000}));
  mail.field("X-Kiyome-Id", kiyome_id(input));
  const auto own_id = [&](std::string_view id) {
    return joined({"<", id, "@", host_text(config.smtp.hostname), ">"});
  };
  const std::string first_id = own_id(input.id.text());
  std::optional<clean::MailHeader> further;
  if (input.further) further = answering(input, first_id);
  const std::string fallback_id = input.further ? own_id(kiyome_id(input)) : first_id;
  write_kept_fields({.header = further ? &*further : &answer.header,
                     .subject_mark = config.notice.external_mark ? kExternalMark : std::string_view(),
                     .fallback_message_id = fallback_id,
                     .fallback_unix_seconds = input.received_ms / 1000},
                    context, mail);

  const std::string shown = input.further
                                ? further_body(input, config, composed.findings)
                                : shown_body(answer.body.text, config, attachments, composed.findings);
  std::vector<std::string> names;
  Files files(config, attachments, composed.findings);
  for (const PartOutcome& outcome : input.outcomes) names.push_back(files.add(outcome));
  std::string warnings;
  if (!input.further)
    warnings = sender_check(answer.header, config.notice) +
               sender_warnings(answer.header, config.notice, composed.findings);
  const std::string item = input.id.text();
  NoticeInput notice_input{.item = item,
                           .outcomes = &input.outcomes,
                           .output_names = {names.begin(), names.end()},
                           .notes = input.further ? std::vector<Finding>() : findings_of_body(answer),
                           .link = input.link};
  for (const Finding finding : composed.findings) add_finding(notice_input.notes, finding);
  const Notice notice = write_notice(notice_input, config, composed.findings);

  std::string body = (input.further ? further_lead(input) : notice.lead) + warnings;
  if (!body.empty()) body += '\n';
  body.append(shown).append(notice.block);
  write_content(body, attachments, joined({"=_kiyome-", item, "-", std::to_string(input.part)}), mail);
  for (const Attachment& attachment : attachments)
    composed.outputs.push_back(
        {attachment.name, attachment.type,
         attachment.octets == nullptr ? octets_saved(attachment.text) : attachment.octets->size()});
  composed.octets = mail.octets();
  return composed;
}

}  // namespace kiyome::compose
