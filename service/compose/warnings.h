// What the header says about its sender that a reader should mistrust.
#pragma once

#include <string>
#include <vector>

#include "service/compose/compose.h"

namespace kiyome::compose {

// Lead lines (LF after each), or empty. Their findings are added.
std::string sender_warnings(const clean::MailHeader& header, const NoticeConfig& config,
                            std::vector<clean::Finding>& findings);

}  // namespace kiyome::compose
