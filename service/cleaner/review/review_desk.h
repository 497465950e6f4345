// The quarantine review as a part of the cleaner: its rooms each add what they answer to one desk, which is
// then served to the console. Whoever adds a room: a member here, its add_to() in the constructor, and
// keep_house() or heard() where it needs them.
#pragma once

#include <memory>

#include "service/base/descriptor.h"
#include "service/cleaner/decide/decisions.h"
#include "service/cleaner/decide/proposals.h"
#include "service/cleaner/doors/doors.h"
#include "service/cleaner/gate_link.h"
#include "service/cleaner/intake_server.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/review/audit_desk.h"
#include "service/cleaner/review/digests.h"
#include "service/cleaner/review/evidence.h"
#include "service/cleaner/review/health.h"
#include "service/cleaner/review/look.h"
#include "service/cleaner/review/overview.h"
#include "service/cleaner/review/probes.h"
#include "service/cleaner/review/report_month.h"
#include "service/cleaner/review/review_item.h"
#include "service/cleaner/review/review_list.h"
#include "service/cleaner/review/review_sight.h"
#include "service/cleaner/work_queue.h"
#include "service/document/sanitizers.h"
#include "service/review/call_server.h"
#include "service/review/desk.h"
#include "service/store/item_store.h"
#include "service/store/locks.h"

namespace kiyome::cleaner {

// What the rooms may use of the cleaner; all of it is thread-safe and outlives the desk.
struct ReviewParts {
  store::ItemStore& items;
  store::Locks& locks;
  store::OriginalReader& originals;
  document::Sanitizers& sanitizers;
  WorkQueue& queue;
  GateLink& gate;
  Processor& processor;
  CurrentConfig& config;
  trail::Keeper& keeper;
  IntakeServer& intake;
  SelftestPrograms& selftests;  // moved out
  std::string certificate;      // PEM, of this side's pages
};

// Thread-safe.
class ReviewDesk {
 public:
  explicit ReviewDesk(ReviewParts parts);
  // The rooms end before what they use does.
  ~ReviewDesk();

  // What goes on also where there is no console: the daily mails.
  void start();
  // From now on the console is answered. Not called where no console is configured.
  void serve(Descriptor listening);
  // Takes no more calls; those in hand are answered. Before the item store stops.
  void stop();
  // Every ten minutes, on the cleaner's housekeeping thread.
  void keep_house(std::int64_t now_ms);
  void reload(std::string certificate);
  // Lists, and the search index with its daily counts.
  ReviewList& list() { return list_; }
  Decisions& decisions() { return decisions_; }
  // What recipients ask for.
  Doors& doors() { return doors_; }

 private:
  ReviewParts parts_;
  review::Desk desk_;
  ReviewSight sight_;
  Decisions decisions_;
  Proposals proposals_;
  ReviewList list_;
  ReviewItem item_;
  Looks looks_;
  Doors doors_;
  AuditDesk audit_;
  Guarded<std::string> certificate_;
  Overview overview_;
  Health health_;
  SelfChecks checks_;
  MonthReports reports_;
  Digests digests_;
  std::unique_ptr<review::CallServer> server_;
};

}  // namespace kiyome::cleaner
