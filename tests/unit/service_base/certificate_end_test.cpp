// When a certificate ends, read out of its PEM text.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "service/base/clock.h"
#include "service/base/tls_context.h"
#include "tests/unit/service_delivery/test_certificate.h"

using namespace kiyome;

TEST_CASE("certificate: its end is told, of several the first one's; what is none has no end") {
  const std::string path = "/tmp/kiyome-end." + std::to_string(::getpid());
  testing::TestCertificate().write(path);
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::remove(path.c_str());
  const std::optional<std::int64_t> end = certificate_end_ms(text.str());
  REQUIRE(end);
  CHECK(std::abs(*end - (unix_ms_now() + 86'400'000)) < 60'000);  // it is valid for a day
  CHECK(certificate_end_ms(text.str() + text.str()) == end);
  CHECK(certificate_end_ms("ours, made in 2026\n" + text.str()) == end);
  for (const char* none : {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    CHECK_FALSE(certificate_end_ms(none));
}
