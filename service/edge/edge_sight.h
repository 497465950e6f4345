// How the edge fares, for service/sight.
#pragma once

#include "service/edge/intake_link.h"
#include "service/edge/smtp_server.h"
#include "service/sight/sheet.h"
#include "service/trail/keeper.h"

namespace kiyome::edge {

// What is known at once.
void show_now(sight::Sheet& sheet, const SmtpServer& server, const IntakeLink& link);
// What takes a look at the disk. Throws TemporaryFailure.
void show_house(sight::Sheet& sheet, const trail::Keeper& keeper);

}  // namespace kiyome::edge
