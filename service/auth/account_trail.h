// What happened to accounts, as the trail and the log of a role tell it that keeps a trail of its own.
#pragma once

#include "service/auth/accounts.h"
#include "service/store/audit_trail.h"

namespace kiyome::auth {

// The trail is the proof and the log is what operators watch: both get it. A sign-in does not fail because
// the trail could not be written, but that is said.
void note_down(const Event& event, store::AuditTrail& trail);

}  // namespace kiyome::auth
