// How the edge fares, for service/sight.
#pragma once

#include "service/edge/intake_link.h"
#include "service/edge/smtp_server.h"
#include "service/sight/sheet.h"
#include "service/trail/keeper.h"

namespace kiyome::edge {

// What is known at once. `originals`: their folder, or empty where they go to a database.
void show_now(sight::Sheet& sheet, const SmtpServer& server, const IntakeLink& link,
              const std::string& originals);
// What takes a look at the disk; `shared`: other hosts see what is in `originals`, and in our databases.
// Throws TemporaryFailure.
void show_house(sight::Sheet& sheet, const trail::Keeper& keeper, const std::string& originals, bool shared);

}  // namespace kiyome::edge
