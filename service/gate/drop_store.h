// The pick-up's part of the gate's store: deliveries with their clean files, who may have them, who decided,
// who took what, which mails went out. Same database, transactions and folder of large contents as the rest
// (gate_store.h). Trusts its folder; texts in it come from outside and are proved to be clean lines.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/guarded.h"
#include "service/gate/blobs.h"
#include "service/gate/content.h"
#include "service/gate/drop_view.h"
#include "service/gate/numbered_result.h"
#include "service/store/audit_log.h"

namespace kiyome::gate {

// A decision of one person about what he has seen.
struct Decision {
  ItemId submission;
  std::set<std::string> seen_by;  // addresses whose items he sees
  std::set<std::string> about;    // … and for whom he may decide
  Digest digest{};                // of what he has seen
  bool approve = false;
  std::string comment, login, name, department;
};

// What the closed side knows beside a bundle (pick_up/asked.h).
struct Asked {
  std::vector<std::vector<std::string>> approval;  // of each recipient, by his department; or none at all
  std::vector<std::string> tenants;                // as policy::tenants_of() gives them
};

struct Delegation {
  std::string login, delegate;
  std::int64_t until_ms = 0;
};

// A person and what a mail told him; `nobody`: that nobody may decide about what waits for him told the log.
enum class MailKind : std::uint8_t { available = 1, approval, returned, more, held, sign_in, nobody };
using MailTold = std::map<std::pair<std::string, MailKind>, std::int64_t>;  // when

// One line of an operator's listing: an item and one of its recipients.
struct ListedDrop {
  ItemId submission, id;
  std::uint16_t part = 0;
  std::string recipient, name, sender;
  Stage stage = Stage::told;
  transfer::DropVerdict verdict = transfer::DropVerdict::clean;
  std::int64_t received_ms = 0;
};

// What was put into the output folder of an item, or is about to be (folder/output_folder.h).
// A report alone; with the files; of what was not approved.
enum class PutKind : std::uint8_t { report = 1, files, returned };
struct PutOut {
  std::int64_t row = 0;
  ItemId id;
  PutKind kind = PutKind::report;
  bool done = false;
  std::uint64_t shelf = 0;         // the hidden folder where all of it lay whole
  std::vector<std::string> paths;  // in the folder: the files in order, then the report
  Digest report{};                 // of it
};

// Writing: on the writer's thread, between the gate store's begin() and commit(). Reading: any thread.
// Everything throws TemporaryFailure.
class DropStore {
 public:
  // What the gate's store lends.
  struct Shelf {
    store::Database* database = nullptr;  // the writer's
    Blobs* blobs = nullptr;
    std::function<std::int64_t()> next_result, next_row, next_decision;
  };
  DropStore(Shelf shelf, const GateAt& at);
  ~DropStore();

  // ---- writing ----
  // `contradicts`: the submission is known with another sender, title, message or number of files.
  enum class Inserted : std::uint8_t { taken, known, contradicts };
  Inserted insert(const transfer::DropBundle& bundle, const Asked& asked, std::int64_t now_ms,
                  std::vector<NumberedResult>& results);
  enum class Decided : std::uint8_t { done, changed, decided };
  Decided decide(const Decision& decision, std::int64_t now_ms, std::vector<NumberedResult>& results);
  // Files of items that were given to `login`, whose address is `address`. An item is picked up when all of
  // its files are.
  using FilePlace = std::pair<std::int64_t, std::uint32_t>;  // row, number
  void picked_up(const std::vector<FilePlace>& files, const std::string& login, const std::string& address,
                 std::int64_t now_ms, std::vector<NumberedResult>& results);
  // Ends deliveries of these tenants that nothing has happened to since `before_ms`, at most kPickUpRound.
  // Gives their number.
  std::size_t expire(const std::vector<std::string>& tenants, std::int64_t before_ms, std::int64_t now_ms,
                     std::vector<NumberedResult>& results);
  // Forgets ended ones of before that time, as many.
  std::size_t forget(const std::vector<std::string>& tenants, std::int64_t before_ms);
  void taken(const transfer::DropResultTaken& taken);
  void delegate(const Delegation& delegation);                          // to nobody: it ends
  void end_delegations(const std::string& login, std::int64_t now_ms);  // by and to
  bool tell(const ItemId& submission, const std::string& person, MailKind kind, std::int64_t now_ms);
  // Looked after: unless something happened to it since `seen_ms`, next then, or never (0).
  void looked(const ItemId& submission, std::int64_t seen_ms, std::int64_t next_ms);
  void set_put_out(const PutOut& put);
  // All that is for these addresses of this row has been given away.
  void given_away(std::int64_t row, const std::set<std::string>& addresses,
                  std::vector<NumberedResult>& results);
  store::AuditLog& audit() { return audit_; }

  // ---- reading ----
  std::optional<DropView> load(const ItemId& submission);
  // Submissions that were sent to `address`, the newest first; `words` is folded, empty for all.
  std::vector<ItemId> sent_to(const std::string& address, const std::string& words,
                              const std::optional<ItemId>& before, std::size_t max);
  std::vector<ItemId> waiting(std::size_t max);  // for somebody's decision, the oldest first
  std::vector<ItemId> decided_by(const std::string& login, std::size_t max);  // the latest first
  std::vector<ItemId> due(std::int64_t now_ms, std::size_t max);              // to be looked after
  std::map<FilePlace, std::int64_t> picked(const ItemId& submission, const std::string& login);
  // Empty when it is gone.
  std::shared_ptr<const Content> content(std::int64_t row, std::uint32_t number);
  std::optional<Delegation> delegation_of(const std::string& login);
  std::vector<Delegation> delegations_to(const std::string& login);
  // Each set of tenants that deliveries have, and the empty one.
  std::vector<std::vector<std::string>> tenants();
  MailTold told(const ItemId& submission);
  void list(const std::function<bool(const ListedDrop&)>& use);
  std::optional<PutOut> put_out(std::int64_t row);
  std::optional<PutOut> put_out_before(const ItemId& id, std::int64_t row);  // of an earlier part; the last
  // Rows after `after` that are for one of these addresses, with their deliveries.
  std::vector<std::pair<std::int64_t, ItemId>> rows_for(const std::set<std::string>& addresses,
                                                        std::int64_t after, std::size_t max);

 private:
  struct Reading;
  bool submission_fits(const transfer::DropBundle& bundle, std::int64_t now_ms);
  bool make_room(const transfer::DropBundle& bundle);
  void add_files(const transfer::DropBundle& bundle, std::int64_t row);
  void add_recipients(const transfer::DropBundle& bundle, const Asked& asked, std::int64_t row,
                      std::int64_t now_ms, std::vector<NumberedResult>& results);
  void add_tenants(const ItemId& submission, const std::vector<std::string>& tenants);
  std::set<std::string> stopped(const transfer::DropBundle& bundle);
  void no_longer_waits(const ItemId& submission);
  void look_now(const ItemId& submission, std::int64_t now_ms);
  void look_soon(const transfer::DropBundle& bundle, std::int64_t now_ms);
  void say(const ItemId& id, std::uint16_t part, std::uint32_t recipient, Stage stage,
           std::vector<NumberedResult>& results);
  void set_stage(std::int64_t row, const RecipientView& recipient, Stage stage, std::int64_t decision,
                 std::int64_t now_ms);
  void drop_files(std::int64_t row);
  void end(const ItemId& submission, std::int64_t now_ms, std::vector<NumberedResult>& results);

  Shelf shelf_;
  store::Database& db_;
  store::AuditLog audit_;
  Guarded<std::unique_ptr<Reading>> reading_;
};

// What each may see: items for one of these addresses.
std::vector<const ItemView*> items_for(const DropView& drop, const std::set<std::string>& addresses);

}  // namespace kiyome::gate
