#include "service/cleaner/review/look.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/cleaner/decide/standing.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDue = 200;         // looks that wait at once; a person waits for one
constexpr std::size_t kDueOfOne = 20;     // … for one person: he does not make the others wait
constexpr std::size_t kTroubles = 1000;   // remembered, of items nobody asked for again
constexpr std::size_t kViewers = 10'000;  // pairs of person and item; then it is noted once more
constexpr auto kNotedFor = 10min;         // one view, however many pictures
constexpr auto kGiveWay = 10s;            // to documents that recipients wait for, before each part
constexpr auto kGlance = 100ms;

review::Reply state_json(const char* state, const std::string& why = {}, int status = 200) {
  http::JsonText out;
  out.begin_object().member("state", state);
  if (!why.empty()) out.member("why", why);
  return review::Reply::json(out.key("parts").begin_array().end_array().end_object().take(), status);
}

[[noreturn]] void not_found() { throw http::Problem{404, "not-found", {}, {}, {}}; }

constexpr const char* kGone = "原本は保存期間を過ぎました / The original is past its retention";
constexpr const char* kTroubled =
    "今は表示を作れません。しばらくしてからお試しください / It cannot be rendered now; please try again in a "
    "while";

}  // namespace

Looks::Looks(Parts parts, std::string folder)
    : parts_(parts), shelf_(std::move(folder), limits::kLooksKept), thread_([this] { run(); }) {}

Looks::~Looks() { stop(); }

void Looks::stop() {
  state_.with([](State& state) { state.stopped = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Looks::add_to(review::Desk& desk) {
  desk.on("getLook", [this](const review::Call& call) { return get(call); });
  desk.on("startLook", [this](const review::Call& call) { return start(call); });
  desk.on("getPage", [this](const review::Call& call) { return page(call); });
}

bool Looks::kept(const ItemId& id) {
  const std::optional<store::ItemRow> item = parts_.items.find(id);
  if (!item) not_found();
  if (!item->original_kept) shelf_.remove(id);
  return item->original_kept;
}

// Who looks at what is told once for each person, item and ten minutes, not for each picture.
void Looks::viewed(const review::Call& call, const ItemId& id, const std::string& place) {
  const auto now = Steady::now();
  const bool fresh = viewed_.with([&](auto& seen) {
    auto& last = seen[{call.actor.login, id}];
    const bool first = last == Steady::time_point{} || now - last > kNotedFor;
    if (first) last = now;
    if (seen.size() > kViewers) {
      std::erase_if(seen, [&](const auto& each) { return now - each.second > kNotedFor; });
      if (seen.size() > kViewers) seen.clear();
    }
    return first;
  });
  if (!fresh) return;
  audit::Entry entry;
  entry.event = "page-viewed";
  entry.item = id;
  entry.actor = call.actor.login;
  entry.detail = fmt::format(R"({{"place":{},"client":{}}})", log::json_string(place),
                             log::json_string(call.actor.client));
  parts_.items.note(std::move(entry));
}

review::Reply Looks::get(const review::Call& call) {
  const ItemId id = parts_.sight.item_of(call);
  if (!kept(id)) return state_json("none", kGone);
  const auto [working, trouble] = state_.with([&](State& state) {
    const auto found = state.trouble.find(id);
    return std::make_pair(state.working.contains(id),
                          found == state.trouble.end() ? std::string() : found->second);
  });
  if (working) return state_json("working");
  if (std::optional<std::string> json = shelf_.json(id)) {
    viewed(call, id, "");
    return review::Reply::json(std::move(*json));
  }
  return trouble.empty() ? state_json("none") : state_json("failed", trouble);
}

review::Reply Looks::start(const review::Call& call) {
  const ItemId id = parts_.sight.item_of(call);
  if (!kept(id)) throw http::Problem{409, "not-kept", kGone, {}, {}};
  const std::optional<std::string> made = shelf_.json(id);
  const bool ready = made && made->starts_with(R"({"state":"ready")");
  const bool taken = state_.with([&](State& state) {
    state.trouble.erase(id);
    if (ready || state.working.contains(id)) return true;
    const auto his = std::count_if(state.due.begin(), state.due.end(),
                                   [&](const auto& each) { return each.second == call.actor.login; });
    if (state.due.size() >= kDue || his >= static_cast<std::ptrdiff_t>(kDueOfOne)) return false;
    state.working.insert(id);
    state.due.emplace_back(id, call.actor.login);
    return true;
  });
  if (!taken) throw http::Problem{503, "busy", {}, {}, {{"Retry-After", "10"}}};
  state_.notify_all();
  return state_json(ready ? "ready" : "working", {}, 202);
}

review::Reply Looks::page(const review::Call& call) {
  const ItemId id = parts_.sight.item_of(call);
  std::string place = call.path.at("place");
  std::replace(place.begin(), place.end(), '-', '/');
  const std::string& number = call.path.at("page");
  std::size_t page = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), page);
  if (read.ec != std::errc() || read.ptr != number.data() + number.size() || page == 0) not_found();
  if (!is_place(place) || !kept(id)) not_found();
  std::optional<std::string> png = shelf_.picture(id, place, page);
  if (!png) not_found();
  viewed(call, id, place);
  return {200, "image/png", {}, std::move(*png)};
}

void Looks::keep_house() {
  for (const ItemId& id : shelf_.all()) {
    const std::optional<store::ItemRow> item = parts_.items.find(id);
    if (!item || !item->original_kept) shelf_.remove(id);
  }
}

void Looks::run() {
  for (;;) {
    const std::optional<ItemId> next =
        state_.wait([](State& state) { return state.stopped || !state.due.empty(); },
                    [](State& state) -> std::optional<ItemId> {
                      if (state.stopped) return std::nullopt;
                      const ItemId id = state.due.front().first;
                      state.due.pop_front();
                      return id;
                    });
    if (!next) return;
    std::string trouble;
    try {
      render(*next);
    } catch (const std::exception& why) {
      log::warning("look", *next, {{"why", why.what()}});
      trouble = kTroubled;
    }
    state_.with([&](State& state) {
      state.working.erase(*next);
      if (trouble.empty()) return;
      if (state.trouble.size() >= kTroubles) state.trouble.clear();
      state.trouble[*next] = trouble;
    });
  }
}

// Mails and files for recipients go before: it waits while some wait for a worker, but not for ever.
void Looks::give_way() {
  for (const auto deadline = Steady::now() + kGiveWay; Steady::now() < deadline;) {
    if (parts_.queue.waiting(1).empty()) return;
    const bool stopped = state_.wait_until(
        Steady::now() + kGlance, [](State& state) { return state.stopped; },
        [](State& state) { return state.stopped; });
    if (stopped) throw TemporaryFailure("the service stops");
  }
}

void Looks::render(const ItemId& id) {
  const std::optional<store::ItemRow> item = parts_.items.find(id);
  if (!item || !item->original_kept) return;
  Result<store::Original> original = parts_.originals.read(item->where);
  const std::shared_ptr<const Config> config = parts_.config.get();
  LookShelf::Draft draft = shelf_.begin(id);
  const auto began = Steady::now();
  if (!original) throw TemporaryFailure("the original cannot be read: " + original.error().what);
  draft.finish(render_look(std::move(*original), parts_.sanitizers, *config, draft, [this] { give_way(); }));
  log::info("look", id, {{"ms", milliseconds_since(began)}, {"octets", std::int64_t(draft.octets())}});
}

}  // namespace kiyome::cleaner
