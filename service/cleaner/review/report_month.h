// The monthly reports: made in the background through the pipeline that files from outside take (a sandbox
// draws the pages, compose writes the PDF), kept in FOLDER/reports. The month before is made by itself, once.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "service/cleaner/review/evidence.h"
#include "service/cleaner/review/overview.h"
#include "service/cleaner/review/report_pages.h"
#include "service/document/sanitizers.h"

namespace kiyome::cleaner {

// A calendar month: "2026-11", its days as review::day_of() counts them.
struct Month {
  std::string name;
  std::int64_t first = 0, last = 0;
};
std::optional<Month> month_of(std::string_view name);  // nothing for what is no month from 1970 to 9999
Month month_with(std::int64_t unix_ms);
Month month_before(const Month& month);

// Thread-safe. Owns one thread once it is started.
class MonthReports {
 public:
  struct Parts {
    store::ItemStore& items;
    CurrentConfig& config;
    document::Sanitizers& sanitizers;
    Overview& overview;
    Health& health;
    SelfChecks& checks;
  };
  // Throws TemporaryFailure when FOLDER/reports cannot be made.
  MonthReports(std::string folder, Parts parts);
  ~MonthReports() { stop(); }
  void start();
  void stop();
  void add_to(review::Desk& desk);

  // Now, on the caller's thread. Throws TemporaryFailure when it cannot be made.
  void make(const Month& month, const std::string& tenant);

 private:
  struct Wanted {
    Month month;
    std::string tenant;
    bool operator==(const Wanted& other) const {
      return month.name == other.month.name && tenant == other.tenant;
    }
  };
  std::string path_of(const Month& month, const std::string& tenant) const;
  bool is_whole(const Month& month, const std::string& tenant) const;  // made after the month had ended
  review::Reply get(const review::Call& call) const;
  review::Reply order(const review::Call& call);
  void run();
  void want_last_month();

  const std::string folder_;
  const Parts parts_;
  struct State {
    std::deque<Wanted> wanted;  // the first is being made
    bool stopping = false;
  };
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::cleaner
