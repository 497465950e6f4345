#include "service/gate/folder/output_folder.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/beneath.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/gate/folder/names.h"
#include "service/gate/folder/place.h"
#include "service/gate/folder/report.h"
#include "service/http/json_text.h"

namespace kiyome::gate {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetween = 5s;          // of two turns when nothing is told: a full or absent share comes back
constexpr auto kLookAgain = 60s;       // at what waits for somebody's decision, without being woken
constexpr std::size_t kScanned = 500;  // rows in one question
constexpr unsigned kVariants = 1000;   // of one name

// "ROW.0", "ROW.1", …: an item's files and then its report, in the hidden folder.
std::string laid_name(std::int64_t row, std::size_t number) {
  return std::to_string(row) + "." + std::to_string(number);
}
std::string beside(const std::string& path, unsigned number) {
  const std::string folder = folder_of(path);
  return (folder.empty() ? "" : folder + "/") + variant(name_of(path), number);
}
std::int64_t row_of(const std::string& laid) {
  std::int64_t row = 0;
  std::from_chars(laid.data(), laid.data() + laid.size(), row);
  return row;
}

}  // namespace

struct OutputFolder::Impl {
  Descriptor parent;
  std::string name;  // of the folder, in its parent
  PickUpParts parts;
  Guarded<std::set<std::string>> addresses;
  struct State {
    bool woken = true, stopping = false;
  };
  Guarded<State> state;
  std::thread thread;

  // the thread's own
  std::set<std::string> ours;           // addresses in this turn
  std::map<std::int64_t, ItemId> open;  // rows that are not finished, and their deliveries
  std::int64_t scanned = 0;             // rows up to here were met
  std::int64_t first = 0;               // where the next turn begins, behind what failed
  bool swept = false;
  bool filled_here = false;  // in the last turn
  std::string trouble;       // as it was said

  Impl(Descriptor at, const OutputFolderConfig& config, PickUpParts lent)
      : parent(std::move(at)), name(name_of(config.output)), parts(std::move(lent)) {}

  DropStore& drops() { return parts.store.drops(); }
  bool stopping() {
    return state.with([](const State& now) { return now.stopping; });
  }
  void run();
  void turn();
  void scan();
  void sweep(Place& place);
  bool any_of_ours(const ItemView& item, Stage stage) const {
    return std::any_of(item.recipients.begin(), item.recipients.end(), [&](const RecipientView& one) {
      return one.stage == stage && ours.contains(one.address);
    });
  }
  bool finish(Place& place, std::int64_t row, const ItemId& submission);
  PutOut lay_out(Place& place, const DropView& drop, const ItemView& item, PutKind kind);
  void put(Place& place, const DropView& drop, const ItemView& item, PutOut& out);
  void place_report(Place& place, const ItemView& item, PutOut& out);
  bool is_earlier(Place& place, const ItemView& item, const std::string& path);
  void write_report(Place& place, const DropView& drop, const ItemView& item, PutOut& out);
  void note(const PutOut& out);
  void conclude(const DropView& drop, const ItemView& item, PutOut& out);
};

void OutputFolder::Impl::run() {
  for (;;) {
    try {
      turn();
      if (!std::exchange(trouble, {}).empty()) log::info("output folder can be written again");
    } catch (const TemporaryFailure& failed) {
      // Said once, not every five seconds of a night.
      if (trouble != failed.what()) log::error("output folder", {{"why", failed.what()}});
      trouble = failed.what();
    }
    const bool end = state.wait_until(
        Steady::now() + (trouble.empty() && !parts.store.shared() ? Steady::duration(kLookAgain) : kBetween),
        [&](const State& now) { return now.stopping || (now.woken && trouble.empty()); },
        [](State& now) {
          now.woken = false;
          return now.stopping;
        });
    if (end) return;
  }
}

void OutputFolder::Impl::scan() {
  for (;;) {
    const auto found = drops().rows_for(ours, scanned, kScanned);
    for (const auto& [row, submission] : found) {
      scanned = row;
      const std::optional<PutOut> before = drops().put_out(row);
      // A report alone may be followed by nothing: a release is a row of its own.
      if (before && before->done && before->kind == PutKind::report) continue;
      open.emplace(row, submission);
    }
    if (found.size() < kScanned) return;
  }
}

// What an earlier life has begun and not named, or what has no item any more.
void OutputFolder::Impl::sweep(Place& place) {
  for (const std::string& laid : place.laid_out()) {
    const std::int64_t row = row_of(laid);
    const std::optional<PutOut> out = open.contains(row) ? drops().put_out(row) : std::nullopt;
    if (!out || out->done || laid.ends_with(Place::kNew) || out->shelf != place.shelf())
      place.take_away(laid);
  }
  swept = true;
}

void OutputFolder::Impl::turn() {
  const bool here = parts.fills_folder();
  if (here && !std::exchange(filled_here, here)) {  // another gate did, until now
    open.clear();
    scanned = first = 0;
    swept = false;
  }
  filled_here = here;
  if (!here) return;
  ours = addresses.with([](const std::set<std::string>& now) { return now; });
  if (ours.empty()) return;
  scan();
  if (open.empty()) return;
  Place place(parent.get(), name);
  if (!swept) sweep(place);
  // Behind what failed last, so that one file that cannot be written keeps nobody waiting.
  std::vector<std::pair<std::int64_t, ItemId>> all(open.lower_bound(first), open.end());
  all.insert(all.end(), open.begin(), open.lower_bound(first));
  for (const auto& [row, submission] : all) {
    if (stopping() || !parts.fills_folder()) return;
    first = row + 1;
    if (finish(place, row, submission)) open.erase(row);
  }
  first = 0;
}

// True: nothing is left to do for this row.
bool OutputFolder::Impl::finish(Place& place, std::int64_t row, const ItemId& submission) {
  const std::optional<DropView> drop = drops().load(submission);
  if (!drop) return true;  // its time is over
  const auto item = std::find_if(drop->items.begin(), drop->items.end(),
                                 [&](const ItemView& one) { return one.row == row; });
  if (item == drop->items.end()) return true;  // a later part took its place
  const std::optional<PutKind> kind = kind_of(*item, ours);
  if (!kind) return false;
  std::optional<PutOut> out = drops().put_out(row);
  const bool same = out && out->kind == *kind;
  if (!same || !out->done) {
    if (!same || out->shelf != place.shelf()) try {
        out = lay_out(place, *drop, *item, *kind);
      } catch (const TemporaryFailure&) {  // what lies there half made must not fill the share
        for (std::size_t i = 0; i <= item->files.size(); ++i) place.take_away(laid_name(row, i));
        throw;
      }
    put(place, *drop, *item, *out);
  }
  conclude(*drop, *item, *out);
  return !any_of_ours(*item, Stage::waiting);  // one of our addresses may get it later than another
}

void OutputFolder::Impl::note(const PutOut& out) {
  commit(parts.writer, [out](GateStore& store) { store.drops().set_put_out(out); });
}

// Makes everything whole in the hidden folder and then writes down under which names it will appear: from
// then on, what is missing there has appeared.
PutOut OutputFolder::Impl::lay_out(Place& place, const DropView& drop, const ItemView& item, PutKind kind) {
  PutOut out;
  out.row = item.row;
  out.id = item.id;
  out.kind = kind;
  out.shelf = place.shelf();
  std::vector<std::string> parts_of_name = safe_parts(item.name);
  const std::string own = parts_of_name.back();
  parts_of_name.pop_back();
  const std::string folder = place.make_folders(parts_of_name);
  const std::string before = folder.empty() ? std::string() : folder + "/";
  std::set<std::string> taken;
  const auto free_path = [&](const std::string& wanted) {
    for (unsigned number = 1; number < kVariants; ++number) {
      std::string path = before + variant(wanted, number);
      if (!taken.contains(path) && !place.stands(path)) return *taken.insert(std::move(path)).first;
    }
    throw TemporaryFailure("output folder: too many files of one name");
  };
  if (kind == PutKind::files)
    for (const FileView& file : item.files) {
      const std::shared_ptr<const Content> content = drops().content(item.row, file.number);
      if (!content) throw TemporaryFailure("a clean file cannot be read");
      place.lay_out(laid_name(item.row, out.paths.size()), content->view());
      out.paths.push_back(free_path(file.name));
    }
  const std::optional<PutOut> earlier = drops().put_out_before(item.id, item.row);
  const bool over = earlier && is_earlier(place, item, earlier->paths.back());
  out.paths.push_back(over ? earlier->paths.back() : free_path(own + ".json"));
  write_report(place, drop, item, out);
  place.sync_shelf();
  note(out);
  return out;
}

void OutputFolder::Impl::write_report(Place& place, const DropView& drop, const ItemView& item, PutOut& out) {
  const std::vector<std::string> files(out.paths.begin(), out.paths.end() - 1);
  const std::string report = report_of(drop, item, ours, out.kind, files);
  out.report = sha256(report);
  place.lay_out(laid_name(out.row, files.size()), report);
}

// The files, and last the report, which says that all of it is there.
void OutputFolder::Impl::put(Place& place, const DropView& drop, const ItemView& item, PutOut& out) {
  std::set<std::string> folders;
  for (std::size_t i = 0; i + 1 < out.paths.size(); ++i) {
    const std::string laid = laid_name(out.row, i);
    std::string& path = out.paths[i];
    const std::string wanted = path;
    for (unsigned number = 2; place.lies_there(laid) && !place.put(laid, path); ++number) {
      // Somebody else's file has come there since: another name, and a report that knows it.
      if (number >= kVariants) throw TemporaryFailure("output folder: too many files of one name");
      path = beside(wanted, number);
      write_report(place, drop, item, out);
      place.sync_shelf();
      note(out);
    }
    folders.insert(folder_of(path));
  }
  place_report(place, item, out);
  folders.insert(folder_of(out.paths.back()));
  for (const std::string& folder : folders) place.sync(folder);
  place.sync_shelf();
}

// In the place of the one that was written for an earlier part, as long as that is ours; never over others'.
void OutputFolder::Impl::place_report(Place& place, const ItemView& item, PutOut& out) {
  const std::string laid = laid_name(out.row, out.paths.size() - 1);
  const std::string wanted = out.paths.back();
  for (unsigned number = 2; place.lies_there(laid); ++number) {
    if (is_earlier(place, item, out.paths.back())) return place.put_over(laid, out.paths.back());
    if (place.put(laid, out.paths.back())) return;
    if (number >= kVariants) throw TemporaryFailure("output folder: too many files of one name");
    out.paths.back() = beside(wanted, number);
    note(out);
  }
}

bool OutputFolder::Impl::is_earlier(Place& place, const ItemView& item, const std::string& path) {
  const std::optional<PutOut> earlier = drops().put_out_before(item.id, item.row);
  return earlier && earlier->paths.back() == path &&
         place.digest_of(path, limits::kFolderReportBytes) == earlier->report;
}

void OutputFolder::Impl::conclude(const DropView& drop, const ItemView& item, PutOut& out) {
  const bool news = !std::exchange(out.done, true);
  const bool given = out.kind == PutKind::files && any_of_ours(item, Stage::delivered);
  if (!news && !given) return;
  const auto results = std::make_shared<std::vector<NumberedResult>>();  // shared with the writer's thread
  http::JsonText detail;
  detail.begin_object()
      .member("item", item.id.text())
      .member("report", out.paths.back())
      .member("files", out.paths.size() - 1)
      .end_object();
  commit(
      parts.writer,
      [=, now = parts.now_ms(), id = drop.submission, text = detail.take(), who = ours](GateStore& store) {
        store.drops().set_put_out(out);
        if (given) store.drops().given_away(out.row, who, *results);
        if (news) store.drops().audit().note("put-in-folder", &id, "gate", text, now);
      },
      [this, results] { parts.results(*results); });
  if (news)
    log::info("put into the output folder", item.id,
              {{"report", std::string_view(out.paths.back())},
               {"files", static_cast<std::int64_t>(out.paths.size() - 1)}});
}

OutputFolder::OutputFolder(Descriptor parent, const OutputFolderConfig& config, PickUpParts parts)
    : impl_(std::make_unique<Impl>(std::move(parent), config, std::move(parts))) {
  reload(config);
}

OutputFolder::~OutputFolder() { stop(); }

void OutputFolder::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void OutputFolder::stop() {
  impl_->state.with([](Impl::State& now) { now.stopping = true; });
  impl_->state.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void OutputFolder::wake() {
  impl_->state.with([](Impl::State& now) { now.woken = true; });
  impl_->state.notify_all();
}

void OutputFolder::reload(const OutputFolderConfig& config) {
  impl_->addresses.with([&](std::set<std::string>& now) {
    now = {config.recipients.begin(), config.recipients.end()};
  });
}

bool OutputFolder::is_for(const std::string& address) {
  return impl_->addresses.with([&](const std::set<std::string>& now) { return now.contains(address); });
}

void OutputFolder::turn() { impl_->turn(); }

}  // namespace kiyome::gate
