#include "service/cleaner/review/health.h"

#include <sys/statvfs.h>

#include <filesystem>

#include "service/base/clock.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 10s;
constexpr unsigned kStorageTurns = 6;            // folders are walked once a minute
constexpr std::size_t kFilesWalked = 1'000'000;  // of a folder

std::uint64_t octets_of_folder(const std::string& path) {
  std::uint64_t out = 0;
  std::error_code trouble;
  std::size_t seen = 0;
  for (std::filesystem::directory_iterator it(path, trouble), end;
       !trouble && it != end && seen < kFilesWalked; it.increment(trouble), ++seen) {
    std::error_code gone;
    const std::uintmax_t size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) out += size;
  }
  return out;
}

std::uint64_t octets_of_databases(const std::string& folder) {
  std::uint64_t out = 0;
  for (const char* name : {"items.db", "items.db-wal", "review.db", "review.db-wal"}) {
    std::error_code gone;
    const std::uintmax_t size = std::filesystem::file_size(folder + "/" + name, gone);
    if (!gone) out += size;
  }
  return out;
}

}  // namespace

void Health::add(std::string name, Probe probe) { probes_.emplace_back(std::move(name), std::move(probe)); }

void Health::start() {
  thread_ = std::thread([this] { run(); });
}

void Health::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Health::run() {
  for (unsigned turn = 0;; ++turn) {
    look_at_all();
    if (turn % kStorageTurns == 0) measure_storage();
    const bool stop = state_.wait_until(
        Steady::now() + kEvery, [](State& state) { return state.stopping; },
        [](State& state) { return state.stopping; });
    if (stop) return;
  }
}

void Health::look_at_all() {
  std::vector<PartHealth> next;
  const std::int64_t now = unix_ms_now();
  for (const auto& [name, probe] : probes_) {
    std::optional<Look> look;
    try {
      look = probe();
    } catch (const std::exception& trouble) {
      look = Look{false, std::string("調べられません: ") + trouble.what(),
                  std::string("cannot be looked at: ") + trouble.what()};
    }
    if (look) next.push_back({name, look->ok, now, std::move(look->ja), std::move(look->en)});
  }
  state_.with([&](State& state) {
    for (PartHealth& part : next)
      for (const PartHealth& before : state.parts)
        if (before.name == part.name && before.ok == part.ok) part.since_ms = before.since_ms;
    state.parts = std::move(next);
  });
}

void Health::measure_storage() {
  Storage out;
  out.originals_bytes = octets_of_folder(folder_ + "/../edge/originals");
  out.clean_bytes = octets_of_folder(folder_ + "/bundles");
  out.database_bytes = octets_of_databases(folder_);
  struct statvfs now {};
  if (::statvfs(folder_.c_str(), &now) == 0) out.free_bytes = std::uint64_t{now.f_bavail} * now.f_frsize;
  state_.with([&](State& state) { state.storage = out; });
}

std::vector<PartHealth> Health::parts() {
  return state_.with([](State& state) { return state.parts; });
}

Storage Health::storage() {
  return state_.with([](State& state) { return state.storage; });
}

void Health::add_to(review::Desk& desk) {
  desk.on("getHealth", [this](const review::Call&) {
    http::JsonText out;
    out.begin_object().key("parts").begin_array();
    for (const PartHealth& part : parts()) {
      out.begin_object().member("name", part.name).member("ok", part.ok).time("since", part.since_ms);
      out.member("detail", part.ja + " / " + part.en)
          .member("ja", part.ja)
          .member("en", part.en)
          .end_object();
    }
    out.end_array().end_object();
    return review::Reply::json(out.take());
  });
}

}  // namespace kiyome::cleaner
