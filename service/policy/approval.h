// Whose files of the drop box wait for a superior, and by which configuration that was decided. Pure
// functions of the configuration. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"
#include "service/base/config.h"

namespace kiyome::policy {

// One file as the rules see it.
struct DroppedFile {
  std::string_view sender;
  std::span<const std::string> recipients;  // a rule's `to` speaks of any of them
  std::string_view type;                    // by content
  std::uint64_t bytes = 0;
  std::string_view importance;
  std::span<const clean::Finding> findings;
  bool released = false;  // it was held, and an operator let it go
};

// The names of all rules that match, in their order; empty: nobody has to approve. A key that a rule does not
// set asks nothing. At most limits::kCrossingApprovals: that many are as good as all. Rules with a department
// are passed over: only the closed side knows the departments.
std::vector<std::string> approvals_for(const Config& config, const DroppedFile& file);
// The same of the rules with a department, for one recipient, who is the only one of `file`, and his
// department: nothing when that is not known, and then every department fits, for it may be any.
std::vector<std::string> approvals_of_department(const Config& config, const DroppedFile& file,
                                                 std::optional<std::string_view> department);

// Whether some rule asks for this finding, so that it is worth to look for it.
bool asks_for(const Config& config, clean::Finding finding);

// SHA-256 over the policy, tenant, approval and documents parts of the configuration: two configurations that
// could decide differently about a file have different ones. Passwords are left out, for it leaves the house.
std::array<std::uint8_t, 32> fingerprint(const Config& config);

}  // namespace kiyome::policy
