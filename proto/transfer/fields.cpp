#include "proto/transfer/fields.h"

#include "proto/base/limits.h"

namespace kiyome::transfer {

std::string line(Fields& f, std::size_t max, const char* rule) {
  std::string out(f.in.counted(max));
  f.require(is_drop_line(out), rule);
  return out;
}

// A count whose entries, of at least `octets_min` each, are still to come.
std::uint32_t count(Fields& f, std::size_t max, std::size_t octets_min, const char* rule) {
  const std::uint32_t out = f.in.u32();
  f.require(out <= max && out <= f.in.left() / octets_min, rule);
  return f.in.failed() ? 0 : out;
}

std::vector<std::uint16_t> findings(Fields& f) {
  const std::uint32_t number = count(f, limits::kCrossingFindings, 2, "the number of findings");
  std::vector<std::uint16_t> out;
  for (std::uint32_t i = 0; i < number && !f.in.failed(); ++i) {
    out.push_back(f.in.u16());
    f.require(out[i] > (i == 0 ? 0 : out[i - 1]), "findings ascend, each once");
  }
  return out;
}

void put_findings(ByteWriter& w, const std::vector<std::uint16_t>& findings) {
  w.u32(static_cast<std::uint32_t>(findings.size()));
  for (const std::uint16_t finding : findings) w.u16(finding);
}

}  // namespace kiyome::transfer
