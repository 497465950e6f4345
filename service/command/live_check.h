// `kiyome check --live`: whether this machine can do what the configuration says, now. Looks and tries;
// changes nothing. One line for each look: ok, 注意 (think of it), 失敗 (it will not work).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "service/base/config.h"

namespace kiyome::command {

enum class Grade { good, note, bad };
struct Look {
  Grade grade = Grade::good;
  std::string what, ja, en;  // "ディスク / disk", and how it stands
};
using Looks = std::vector<Look>;

// What each kind of look adds; of these roles.
void look_at_kernel(const std::set<std::string>& roles, Looks& into);
void look_at_programs(const Config& config, const std::set<std::string>& roles, Looks& into);
void look_at_data(const Config& config, const std::set<std::string>& roles, Looks& into);
void look_at_clock(Looks& into);
void look_at_ports(const Config& config, const std::set<std::string>& roles, Looks& into);
void look_at_names(const Config& config, const std::set<std::string>& roles, Looks& into);
void look_at_next_hops(const Config& config, const std::set<std::string>& roles, Looks& into);
void look_at_certificates(const Config& config, Looks& into);
void look_at_zone(const Config& config, const std::set<std::string>& roles, Looks& into);
void look_at_store(const Config& config, const std::set<std::string>& roles, Looks& into);

// Prints all of them. 1 when something is bad.
int live_check(const Config& config, const std::set<std::string>& roles);

}  // namespace kiyome::command
