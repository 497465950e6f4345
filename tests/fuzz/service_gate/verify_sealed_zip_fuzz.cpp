// What the gate takes as a sealed ZIP is that and no more: one header at the begin, one record at the end,
// and the same again when it is put together from what it says.
#include <cstdlib>
#include <string>

#include "service/gate/verify_sealed_zip.h"
#include "tests/unit/service_gate/sealed_sample.h"

using namespace kiyome;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string zip(reinterpret_cast<const char*>(data), size);
  const std::string name = size > 28 && data[26] != 0 ? zip.substr(30 < size ? 30 : size, data[26]) : "a";
  const auto violation = gate::verify_sealed_zip(zip, name);
  if (violation && violation->offset > zip.size()) std::abort();
  if (violation) return 0;
  const std::size_t entry = 30 + name.size() + 11, sealed = zip.size() - 2 * (name.size() + 11) - 98;
  std::size_t opened = 0;
  for (std::size_t i = 4; i-- > 0;) opened = opened << 8 | data[22 + i];
  const std::string again = sealed_sample::sealed(name, sealed - 28, data[entry - 2], opened);
  if (again.size() != zip.size() || again.substr(0, entry) != zip.substr(0, entry) ||
      again.substr(entry + sealed) != zip.substr(entry + sealed))
    if (opened != 0) std::abort();
  return 0;
}
