// Reads policies and retention: of the whole service, of a tenant, of an organisation.
#pragma once

#include <string>

#include "service/base/config.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {

// `name` is the section's own, for its [[NAME.rule]]. What is not written stays as it is.
void read_policy(Mistakes& mistakes, Section section, const std::string& name, PolicyConfig& into);
void read_retention(Section section, RetentionConfig& into);

}  // namespace kiyome::config_reading
