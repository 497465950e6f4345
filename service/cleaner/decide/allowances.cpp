#include "service/cleaner/decide/allowances.h"

#include <algorithm>

#include "service/cleaner/refusal_notice.h"
#include "service/compose/utf8.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

bool lets_nothing_out(Action wish) {
  return wish == Action::hold || wish == Action::view || wish == Action::strip;
}

}  // namespace

Action with_allowances(Action wish, std::span<const store::Allowed> allowed, std::string_view tenant,
                       const clean::Part& part) {
  if (!lets_nothing_out(wish)) return wish;
  // By content: what a sender calls his file is no proof of anything.
  const bool fits = std::any_of(allowed.begin(), allowed.end(), [&](const store::Allowed& each) {
    return (each.tenant.empty() || each.tenant == tenant) && !part.detected_type.empty() &&
           policy::glob_match(each.type, part.detected_type);
  });
  return fits ? Action::flatten : wish;
}

std::string allowed_sender(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size()) return {};
  return compose::lower(address);
}

std::string allowed_domain(std::string_view address) {
  const std::string whole = allowed_sender(address);
  return whole.empty() ? whole : whole.substr(whole.rfind('@'));
}

bool is_proven(std::string_view sender, std::span<const clean::Authentication> results,
               std::string_view trusted) {
  const std::string domain = allowed_domain(sender);
  const std::string server = compose::lower(trusted);
  if (domain.empty() || server.empty()) return false;
  // One run of that server's results, and the first of each method, as in what is told of the sender: what
  // stands below came from further outside.
  const auto is_trusted = [&](const clean::Authentication& each) {
    return compose::lower(each.server) == server;
  };
  const auto begin = std::find_if(results.begin(), results.end(), is_trusted);
  const auto end = std::find_if_not(begin, results.end(), is_trusted);
  for (const clean::AuthMethod method :
       {clean::AuthMethod::dmarc, clean::AuthMethod::spf, clean::AuthMethod::dkim}) {
    const auto first =
        std::find_if(begin, end, [&](const clean::Authentication& each) { return each.method == method; });
    if (first != end && first->result == clean::AuthResult::pass &&
        "@" + compose::lower(first->domain) == domain)
      return true;
  }
  return false;
}

bool is_proven(const store::ItemRow& item, bool drop, const Config& config) {
  if (drop) return true;
  const std::optional<clean::MailHeader> header = header_of(item);
  return header && is_proven(item.sender, header->authentication, config.notice.trusted_authserv_id);
}

std::vector<store::Allowed> Allowances::of(std::string_view sender) {
  const std::string whole = allowed_sender(sender);
  if (whole.empty()) return {};
  return known_.with([&](Known& known) {
    const auto now = Steady::now();
    if (!known.at || now - *known.at > kFresh) {
      known.by_sender.clear();
      known.at.reset();
      for (store::Allowed& each : items_.allowed(unix_ms_now())) {
        std::string key = each.sender;
        known.by_sender.emplace(std::move(key), std::move(each));
      }
      known.at = now;
    }
    std::vector<store::Allowed> out;
    for (const std::string& key : {whole, whole.substr(whole.rfind('@'))}) {
      const auto [first, last] = known.by_sender.equal_range(key);
      for (auto each = first; each != last; ++each)
        if (each->second.until_ms > unix_ms_now()) out.push_back(each->second);
    }
    return out;
  });
}

}  // namespace kiyome::cleaner
