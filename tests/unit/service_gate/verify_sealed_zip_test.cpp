#include "service/gate/verify_sealed_zip.h"

#include <doctest/doctest.h>

#include "tests/unit/service_gate/sealed_sample.h"

using namespace kiyome;
using gate::verify_sealed_zip;
using sealed_sample::sealed;

TEST_CASE("sealed ZIP at the gate: our own form is taken, stored and deflated") {
  CHECK_FALSE(verify_sealed_zip(sealed("原本.eml", 100), "原本.eml"));
  CHECK_FALSE(verify_sealed_zip(sealed("原本.eml", 100, 8, 100 + 200), "原本.eml"));
  CHECK_FALSE(verify_sealed_zip(sealed("a", 0), "a"));
}

TEST_CASE("sealed ZIP at the gate: any bit of a header that is another one is refused, and told where") {
  const std::string name = "a.eml", zip = sealed(name, 100);
  const std::size_t begin = 30 + name.size() + 11, end = begin + 128;
  for (std::size_t at = 0; at < zip.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = zip;
      altered[at] = static_cast<char>(altered[at] ^ 1 << bit);
      const auto violation = verify_sealed_zip(altered, name);
      if (at >= begin && at < end)
        CHECK_FALSE(violation);  // what is encrypted says nothing
      else
        CHECK(violation);
    }
}

TEST_CASE("sealed ZIP at the gate: an octet more or less anywhere is refused") {
  const std::string name = "a.eml", zip = sealed(name, 100);
  for (std::size_t at = 0; at <= zip.size(); ++at) {
    std::string more = zip, less = zip;
    more.insert(at, 1, 'P');
    if (at < zip.size()) less.erase(at, 1);
    CHECK(verify_sealed_zip(more, name));
    if (at < zip.size()) CHECK(verify_sealed_zip(less, name));
  }
  CHECK(verify_sealed_zip("", name));
  CHECK(verify_sealed_zip(zip + zip, name));
}

TEST_CASE("sealed ZIP at the gate: another name, method, or a size that does not fit") {
  CHECK(verify_sealed_zip(sealed("a.eml", 100), "b.eml"));
  CHECK(verify_sealed_zip(sealed("a.eml", 100), ""));
  CHECK(verify_sealed_zip(sealed("a.eml", 100, 9, 300), "a.eml"));
  CHECK(verify_sealed_zip(sealed("a.eml", 100, 8, 100), "a.eml"));
  CHECK(verify_sealed_zip(sealed("a.eml", 100, 0, 99), "a.eml"));
  CHECK(verify_sealed_zip(sealed("a.eml", 100, 8, limits::kSealedOriginal + 1), "a.eml"));
  CHECK_FALSE(verify_sealed_zip(sealed("a.eml", 100, 8, limits::kSealedOriginal), "a.eml"));
}
