// Warnings about the sender. Header values are hostile text; what is shown of them is an ASCII address or
// nothing.
#include "service/compose/warnings.h"

#include <algorithm>

#include "service/compose/characters.h"
#include "service/compose/header.h"
#include "service/compose/lines.h"
#include "service/compose/references.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

using clean::Finding;

std::string domain_of(const clean::Address& mailbox) {
  const std::string address = lower(ascii_address(mailbox.address));
  return address.substr(address.rfind('@') + 1);  // npos + 1 is 0: an empty address has an empty domain
}

// The same domain, or one within the other.
bool related(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (a.size() < b.size()) std::swap(a, b);
  return a.ends_with(b) && a[a.size() - b.size() - 1] == '.';
}

bool is_address_character(char c) {
  return is_letter_or_digit(c) || std::string_view("._%+-").find(c) != std::string_view::npos;
}

// The domain of the first thing in the text that reads as an address, in lower case; empty if nothing does.
std::string domain_read_in(std::string_view display) {
  const std::string text = lower(compatibility_form(display));  // ＠ reads as @
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && is_address_character(text[end])) ++end;
    const std::string domain = text.substr(at + 1, end - at - 1);
    if (at > 0 && is_address_character(text[at - 1]) && domain.find('.') != std::string::npos) return domain;
  }
  return {};
}

std::string line(std::string text) {
  break_references(text, false);
  return std::string(kLeadMark).append(" 注意: ").append(text).append("\n");
}

std::string about_reply_to(const clean::MailHeader& header, std::vector<Finding>& findings) {
  // Lists and automatic mail answer elsewhere by their nature.
  if (!header.list_id.empty() || !header.precedence.empty() || header.from.empty()) return {};
  const std::string from = domain_of(header.from.front());
  for (const clean::Address& reply_to : header.reply_to) {
    const std::string domain = domain_of(reply_to);
    if (domain.empty() || from.empty() || related(domain, from)) continue;
    add_finding(findings, Finding::kReplyToDiffers);
    return line(joined({"返信先 ", ascii_address(reply_to.address), " が差出人 ",
                        ascii_address(header.from.front().address), " と異なります"}));
  }
  return {};
}

std::string about_display(const clean::MailHeader& header, std::vector<Finding>& findings) {
  for (const clean::Address& from : header.from) {
    std::vector<Finding> ignored;
    const std::string shown = domain_read_in(clean_line(cut_at_character(from.display, 1024), ignored));
    const std::string domain = domain_of(from);
    if (shown.empty() || domain.empty() || related(shown, domain)) continue;
    add_finding(findings, Finding::kDeceptiveName);
    return line(joined(
        {"差出人の表示名が別のアドレスに見えます。実際のアドレスは ", ascii_address(from.address), " です"}));
  }
  return {};
}

std::string about_own_domain(const clean::MailHeader& header, const NoticeConfig& config,
                             std::vector<Finding>& findings) {
  for (const clean::Address& from : header.from) {
    const std::string domain = domain_of(from);
    for (const std::string& own : config.own_domains) {
      const std::string ours = lower(own);
      const bool same =
          domain == ours || (domain.size() > ours.size() && domain.ends_with(joined({".", ours})));
      if (domain.empty() || ours.empty() || !same) continue;
      add_finding(findings, Finding::kOwnDomainOutside);
      return line(joined({"組織の外から、自組織のドメイン ", domain, " を名乗って届きました"}));
    }
  }
  return {};
}

std::string_view word_of(clean::AuthResult result) {
  switch (result) {
    case clean::AuthResult::none:
      return "設定なし";
    case clean::AuthResult::pass:
      return "合格";
    case clean::AuthResult::fail:
      return "不合格";
    case clean::AuthResult::softfail:
      return "不合格の疑い";
    case clean::AuthResult::neutral:
      return "判定なし";
    case clean::AuthResult::policy:
      return "方針により不合格";
    case clean::AuthResult::temperror:
    case clean::AuthResult::permerror:
      return "確認できず";
  }
  return "確認できず";
}

}  // namespace

std::string sender_check(const clean::MailHeader& header, const NoticeConfig& config) {
  const std::string trusted = lower(config.trusted_authserv_id);
  if (trusted.empty()) return {};
  constexpr std::pair<clean::AuthMethod, std::string_view> kMethods[] = {{clean::AuthMethod::spf, "SPF"},
                                                                         {clean::AuthMethod::dkim, "DKIM"},
                                                                         {clean::AuthMethod::dmarc, "DMARC"}};
  // One run of that server's results: what stands below somebody else's came from further outside.
  const auto& all = header.authentication;
  const auto is_trusted = [&](const clean::Authentication& each) { return each.server == trusted; };
  const auto begin = std::find_if(all.begin(), all.end(), is_trusted);
  const auto end = std::find_if_not(begin, all.end(), is_trusted);
  std::string results;
  for (const auto& [method, name] : kMethods) {
    const auto one =
        std::find_if(begin, end, [wanted = method](const auto& each) { return each.method == wanted; });
    if (one == end) continue;
    results += joined({results.empty() ? "" : "、", name, " ", word_of(one->result)});
    if (!one->domain.empty()) results += joined({"（", one->domain, "）"});
  }
  if (results.empty()) results = "記録なし";  // the upstream did not look, or somebody came past it
  return joined({kSenderCheck, ": ", results, "\n"});
}

std::string sender_warnings(const clean::MailHeader& header, const NoticeConfig& config,
                            std::vector<Finding>& findings) {
  return about_own_domain(header, config, findings) + about_display(header, findings) +
         about_reply_to(header, findings);
}

}  // namespace kiyome::compose
