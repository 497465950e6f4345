// Every operation of the console, as openapi.yaml (tag `console`) has them: the console's routes and the
// cleaner's check of roles are made of this one table.
#pragma once

#include <array>

#include "service/review/call.h"

namespace kiyome::review {

struct Operation {
  const char* id;
  const char* method;
  const char* path;  // behind /api/v1
  unsigned roles;    // one of them is needed
};

inline constexpr unsigned kAnyRole = kReviewer | kAuditor | kAdministrator;
inline constexpr unsigned kSees = kReviewer | kAuditor;  // items: who they are from and to, and what they say

inline constexpr std::array kOperations{
    // items
    Operation{"listItems", "GET", "/review/items", kSees},
    Operation{"getItem", "GET", "/review/items/{item}", kSees},
    Operation{"listSimilar", "GET", "/review/items/{item}/similar", kSees},
    Operation{"getLook", "GET", "/review/items/{item}/look", kSees},
    Operation{"startLook", "POST", "/review/items/{item}/look", kSees},
    Operation{"getPage", "GET", "/review/items/{item}/parts/{place}/pages/{page}", kSees},
    Operation{"getFilters", "GET", "/review/filters", kAnyRole},
    // decisions
    Operation{"decideItem", "POST", "/review/items/{item}/decisions", kReviewer},
    Operation{"decideItems", "POST", "/review/decisions", kReviewer},
    Operation{"keepItem", "PUT", "/review/items/{item}/legal-hold", kReviewer | kAdministrator},
    Operation{"unkeepItem", "DELETE", "/review/items/{item}/legal-hold", kAdministrator},
    Operation{"listKept", "GET", "/review/legal-holds", kAnyRole},
    Operation{"listAllowances", "GET", "/review/allowances", kAnyRole},
    Operation{"endAllowance", "DELETE", "/review/allowances/{allowance}", kReviewer | kAdministrator},
    // what takes two people
    Operation{"listProposals", "GET", "/review/proposals", kAnyRole},
    Operation{"propose", "POST", "/review/proposals", kReviewer},
    Operation{"getProposal", "GET", "/review/proposals/{proposal}", kAnyRole},
    Operation{"decideProposal", "POST", "/review/proposals/{proposal}/decision", kReviewer | kAdministrator},
    Operation{"breakGlass", "POST", "/review/proposals/{proposal}/break-glass", kReviewer},
    Operation{"showPassword", "POST", "/review/proposals/{proposal}/password", kReviewer},
    Operation{"getReviewDelegation", "GET", "/review/delegation", kReviewer},
    Operation{"setReviewDelegation", "PUT", "/review/delegation", kReviewer},
    // what recipients ask for
    Operation{"listRequests", "GET", "/review/requests", kSees},
    Operation{"decideRequest", "POST", "/review/requests/{request}/decision", kReviewer},
    // overview
    Operation{"getOverview", "GET", "/review/overview", kAnyRole},
    Operation{"getOverviewTable", "GET", "/review/overview.csv", kAnyRole},
    Operation{"getHealth", "GET", "/review/health", kAnyRole},
    Operation{"getSelfCheck", "GET", "/review/self-check", kAnyRole},
    Operation{"getReport", "GET", "/review/reports/{month}", kAnyRole},
    Operation{"makeReport", "POST", "/review/reports/{month}", kAnyRole},
    // audit
    Operation{"listAudit", "GET", "/review/audit", kAuditor | kAdministrator},
    Operation{"exportAudit", "GET", "/review/audit/export", kAuditor},
    Operation{"verifyAudit", "POST", "/review/audit/verification", kAuditor | kAdministrator},
    Operation{"listCheckpoints", "GET", "/review/audit/checkpoints", kAuditor | kAdministrator},
};

}  // namespace kiyome::review
