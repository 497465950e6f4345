#include "service/sight/sheet.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

namespace kiyome::sight {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric& Sheet::sample(const std::string& name, const char* help, MetricType type,
                            const Labels& labels) {
  MetricFamily& family = families_[name];
  if (family.metric.empty()) {
    family.name = name;
    family.help = help;
    family.type = type;
  }
  ClientMetric& out = family.metric.emplace_back();
  for (const auto& [label, value] : labels) out.label.push_back({label, value});
  return out;
}

void Sheet::counter(const std::string& name, const char* help, double value, const Labels& labels) {
  sample(name, help, MetricType::Counter, labels).counter.value = value;
}

void Sheet::gauge(const std::string& name, const char* help, double value, const Labels& labels) {
  sample(name, help, MetricType::Gauge, labels).gauge.value = value;
}

// The count is made of the buckets as they are read: what is counted meanwhile cannot make the two differ.
void Sheet::histogram(const std::string& name, const char* help, const meters::Histogram& value,
                      const Labels& labels) {
  ClientMetric::Histogram& out = sample(name, help, MetricType::Histogram, labels).histogram;
  const auto bounds = value.bounds();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    count += value.count(i);
    out.bucket.push_back({count, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
  }
  out.sample_count = count;
  out.sample_sum = value.sum();
}

void Sheet::condition(const char* what, bool good) {
  gauge(kCondition, "1: the role can do its work in this respect", good ? 1 : 0, {{"condition", what}});
}

std::string Sheet::text() const {
  std::vector<MetricFamily> all;
  for (const auto& [name, family] : families_) all.push_back(family);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return out.str();
}

}  // namespace kiyome::sight
