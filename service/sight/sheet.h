// What a process says of itself at one moment: families of samples, in the words of Prometheus. Names and
// label values are our own constants; nothing that came from outside ever becomes one, so their number is
// bounded by what this source names.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/base/meters.h"

namespace kiyome::sight {

using Labels = std::vector<std::pair<std::string, std::string>>;

// One thread.
class Sheet {
 public:
  // Samples of one name stand together, whatever was said between them; `help` counts of the first.
  void counter(const std::string& name, const char* help, double value, const Labels& labels = {});
  void counter(const std::string& name, const char* help, const meters::Counter& value,
               const Labels& labels = {}) {
    counter(name, help, static_cast<double>(value.value()), labels);
  }
  void gauge(const std::string& name, const char* help, double value, const Labels& labels = {});
  void histogram(const std::string& name, const char* help, const meters::Histogram& value,
                 const Labels& labels = {});
  // One of a counter for each value that a label can have.
  template <class Names, class Counters>
  void counters(const std::string& name, const char* help, const char* label, const Names& names,
                const Counters& values, const Labels& labels = {}) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      Labels all = labels;
      all.emplace_back(label, names[i]);
      counter(name, help, values[i], all);
    }
  }
  // Whether this process can do its work in this respect ("disk"): of all together /health/ready is made.
  void condition(const char* what, bool good);

  // Prometheus' text format, version 0.0.4.
  std::string text() const;

 private:
  prometheus::ClientMetric& sample(const std::string& name, const char* help, prometheus::MetricType type,
                                   const Labels& labels);
  std::map<std::string, prometheus::MetricFamily> families_;
};

inline constexpr const char* kCondition = "kiyome_condition";

}  // namespace kiyome::sight
