// The sections of the drop box, the pick-up and their accounts. For config.cpp alone.
#pragma once

#include <filesystem>
#include <vector>

#include "service/base/config.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {

void read_drop_box(Section section, DropBoxConfig& into);
void read_pick_up(Section section, PickUpConfig& into);
void read_approvals(Mistakes& mistakes, Section section, std::vector<ApprovalRule>& into);
void read_auth(Mistakes& mistakes, Section section, AuthConfig& into, const std::filesystem::path& folder);

}  // namespace kiyome::config_reading
