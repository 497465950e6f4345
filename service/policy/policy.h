// Rules → what to do with this sender, recipient, part. Pure functions of the configuration. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "service/base/config.h"

namespace kiyome::policy {

// rejected > held > clean.
Verdict stricter(Verdict one, Verdict other);
// hold > view > strip > text > flatten > image. What is held leaves nothing of itself; what is viewed leaves
// pictures that nobody can keep; what is stripped leaves its name; words say less than pages, and pages less
// than a picture's own pixels.
Action stricter(Action one, Action other);

// The policies that speak for one recipient: of his tenant, or of the service when the tenant has none or he
// has no tenant; and beside it those of the tenant's organisations that he belongs to. The strictest of them
// wins, key by key. Lives no longer than the configuration and the address. Allocates nothing where there are
// no organisations.
class RecipientPolicy {
 public:
  RecipientPolicy(const Config& config, std::string_view recipient);

  // Of an item of so many octets.
  Verdict verdict(std::string_view sender, std::uint64_t item_bytes) const;
  // Of one attachment of a mail.
  Action attachment(std::string_view sender, std::uint64_t item_bytes, const clean::Part& part) const;
  // Of a file that came by itself: each policy's strip means flatten, for there is nothing to strip it from.
  Action file(std::string_view sender, const clean::Part& part) const;

  const TenantConfig* tenant() const { return tenant_; }  // none: nullptr
  const PolicyConfig& base() const { return *base_; }
  const std::vector<const OrganisationConfig*>& organisations() const { return organisations_; }

 private:
  std::string_view recipient_;
  const TenantConfig* tenant_;
  const PolicyConfig* base_;
  std::vector<const OrganisationConfig*> organisations_;
};

// Whether some rule of anybody lets attachments through in another form, so that it is worth to look into
// them.
bool passes_documents(const Config& config);

// '*' any run, '?' one character; ASCII case is ignored. For a given pattern the time is linear in the text.
bool glob_match(std::string_view pattern, std::string_view text);
// Whether some text matches both patterns. Of '?' a character of several octets counts as one of them: what
// is not of ASCII may then be told apart where it need not be.
bool globs_meet(std::string_view one, std::string_view other);

// The text of `kiyome policy explain`: the tenant and organisations, each policy's rules in order with
// matched or why not, then the outcome and who decided it, in Japanese and English.
std::string explain(const Config& config, std::string_view sender, std::string_view recipient,
                    std::uint64_t item_bytes, const clean::MailAnswer& answer);

}  // namespace kiyome::policy
