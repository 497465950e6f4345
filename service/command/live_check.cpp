#include "service/command/live_check.h"

#include <fmt/format.h>

#include <cstdio>

#include "service/base/log.h"

namespace kiyome::command {

int live_check(const Config& config, const std::set<std::string>& roles) {
  log::start("check", "error");
  Looks looks;
  look_at_kernel(roles, looks);
  look_at_programs(config, roles, looks);
  look_at_data(config, roles, looks);
  look_at_clock(looks);
  look_at_ports(config, roles, looks);
  look_at_names(config, roles, looks);
  look_at_next_hops(config, roles, looks);
  look_at_certificates(config, looks);
  look_at_zone(config, roles, looks);
  look_at_store(config, roles, looks);
  std::size_t bad = 0;
  for (const Look& look : looks) {
    const char* const grade = look.grade == Grade::good   ? "ok  "
                              : look.grade == Grade::note ? "注意"
                                                          : "失敗";
    std::puts(fmt::format("{}  {}: {} / {}", grade, look.what, look.ja, look.en).c_str());
    bad += look.grade == Grade::bad ? 1 : 0;
  }
  if (bad == 0)
    std::puts("この機械で動きます。 / It will work on this machine.");
  else
    std::puts(fmt::format("{0} 件を直してください。 / {0} to be put right.", bad).c_str());
  return bad == 0 ? 0 : 1;
}

}  // namespace kiyome::command
