// What a conquered role says of itself: it is refused, or every sample of it bears its role first and once,
// and joined with another's it can be read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "service/sight/exposition.h"

using namespace kiyome;
using namespace kiyome::sight;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Told> told = read_exposition({reinterpret_cast<const char*>(data), size}, "edge");
  if (!told) return 0;
  for (const auto& [name, family] : told->families)
    for (const std::string& sample : family.samples) {
      const std::size_t brace = sample.find('{');
      KIYOME_CHECK(sample.starts_with(name) && brace != std::string::npos);
      KIYOME_CHECK(sample.substr(brace).starts_with("{role=\"edge\""));
      KIYOME_CHECK(sample.find('\n') == std::string::npos);
    }
  const Result<Told> other = read_exposition("# HELP a b\n# TYPE a gauge\na 1\n", "gate");
  KIYOME_CHECK(other.has_value());
  const std::string joined = join({*other, *told});
  for (std::size_t at = 0; at < joined.size(); at = joined.find('\n', at) + 1)
    KIYOME_CHECK(joined[at] == '#' || joined[at] == '_' || (joined[at] | 32) >= 'a');
  return 0;
}
