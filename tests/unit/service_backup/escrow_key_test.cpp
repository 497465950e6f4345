#include "service/backup/escrow_key.h"

#include <doctest/doctest.h>

#include "service/base/errors.h"
#include "tests/unit/service_store/original_fixture.h"

using namespace kiyome;
using namespace kiyome::backup;

TEST_CASE(
    "backup key: what was printed opens again, also typed in capitals with spaces, and no slip passes") {
  const SecretKey secret = make_secret_key();
  const std::string text = text_of(secret);
  REQUIRE(parse_secret(text));
  CHECK(parse_secret(text)->bytes == secret.bytes);
  std::string typed;
  for (const char c : text) typed += c == '-' ? ' ' : static_cast<char>(std::toupper(c));
  REQUIRE(parse_secret(typed + "\n"));
  CHECK(parse_secret(typed)->bytes == secret.bytes);
  const std::size_t digits = std::string_view("KIYOME-BACKUP-SECRET-1-").size();
  for (std::size_t at = digits; at < text.size(); ++at) {
    if (text[at] == '-') continue;
    std::string slip = text;
    slip[at] = slip[at] == '0' ? '1' : '0';
    CHECK_FALSE(parse_secret(slip));
  }
  CHECK_FALSE(parse_secret(text.substr(0, text.size() - 1)));
  CHECK_FALSE(parse_secret(text + "0"));
  CHECK_FALSE(parse_secret(std::string(1 << 20, 'a')));
  CHECK_FALSE(parse_secret(""));
}

TEST_CASE("backup key: the public part lies beside the data, the secret part does not") {
  const store::test::Folder folder;
  CHECK_FALSE(load_public_key(folder.path()));
  const SecretKey secret = make_secret_key();
  store_public_key(folder.path(), public_part(secret));
  REQUIRE(load_public_key(folder.path()));
  CHECK(*load_public_key(folder.path()) == public_part(secret));
  store::test::write_file(folder.path() + "/backup.pub", "not a key\n");
  CHECK_THROWS_AS(load_public_key(folder.path()), ConfigError);
}
