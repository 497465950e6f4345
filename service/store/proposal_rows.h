// Rows of proposals, delegations and allowances as values. Trusts the database to be ours.
#pragma once

#include "service/store/proposals.h"
#include "service/store/row_values.h"

namespace kiyome::store {

#define KIYOME_PROPOSAL_COLUMNS                                                                              \
  "SELECT p.number, p.id, p.kind, p.what, p.reason, p.proposed_by, p.tenant, p.proposed_ms, p.until_ms, "    \
  "p.state, p.decided_by, p.decided_ms, p.outcome, p.escalated_ms, p.alone, p.answer, p.password_until_ms, " \
  "i.subject, p.carried FROM proposals p LEFT JOIN items i ON i.id=p.id "

inline Proposal proposal_of(const Row& row) {
  Proposal out;
  out.number = row.integer(0);
  if (!row.null(1)) out.item = item_id(row.blob(1));
  out.kind = row.text(2);
  out.what = row.text(3);
  out.reason = row.text(4);
  out.proposed_by = row.text(5);
  out.tenant = row.text(6);
  out.proposed_ms = row.integer(7);
  out.until_ms = row.integer(8);
  out.state = row.text(9);
  out.decided_by = row.text(10);
  out.decided_ms = row.integer(11);
  out.outcome = row.text(12);
  out.escalated_ms = row.integer(13);
  out.alone = row.integer(14) != 0;
  out.answer = row.text(15);
  out.password_until_ms = row.integer(16);
  out.item_subject = row.text(17);
  out.carried = row.integer(18);
  return out;
}

inline Delegation delegation_of_row(const Row& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), row.integer(3)};
}

inline Allowance allowance_of_row(const Row& row) {
  Allowance out;
  out.number = row.integer(0);
  out.sender = row.text(1);
  out.type = row.text(2);
  out.allowed_by = row.text(3);
  out.agreed_by = row.text(4);
  out.reason = row.text(5);
  out.until_ms = row.integer(6);
  out.created_ms = row.integer(7);
  out.ended_ms = row.integer(8);
  out.tenant = row.text(9);
  return out;
}

}  // namespace kiyome::store
