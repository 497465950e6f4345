// The sections of the drop box, the pick-up and their accounts. For config.cpp alone.
#pragma once

#include <filesystem>
#include <vector>

#include "service/base/config.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {

// A section that is there listens where it says, or on its own port of this machine; one that is not does
// not.
void read_http(Section& section, HttpConfig& into, const HostPort& usual);
std::string page_trouble(std::string_view text);  // the address of a page
void read_drop_box(Section section, DropBoxConfig& into);
void read_pick_up(Section section, PickUpConfig& into);
void read_approvals(Mistakes& mistakes, Section section, std::vector<ApprovalRule>& into);
void read_auth(Mistakes& mistakes, Section section, AuthConfig& into, const std::filesystem::path& folder);

}  // namespace kiyome::config_reading
