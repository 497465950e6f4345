// What of LDAP needs no directory; tests/scenario/ldap_test.py asks a real one.
#include "service/auth/ldap.h"

#include <doctest/doctest.h>

#include "service/auth/ldap_connection.h"
#include "service/base/errors.h"

using namespace kiyome;
using namespace kiyome::auth;

TEST_CASE("ldap: what a person typed is a value in the filter, whatever it holds") {
  CHECK(filter_value("yamada.taro-1@city_x.jp") == "yamada.taro-1@city_x.jp");
  CHECK(filter_value("*)(uid=\\") == "\\2a\\29\\28uid\\3d\\5c");
  CHECK(filter_value(std::string("a\0b", 3)) == "a\\00b");
  CHECK(filter_value("山") == "\\e5\\b1\\b1");
}

TEST_CASE("ldap: one DN has one spelling, and what is none has none") {
  const std::string plain = plain_dn("uid=yamada,ou=people,dc=example,dc=jp");
  CHECK(plain == "uid=yamada,ou=people,dc=example,dc=jp");
  CHECK(plain_dn("UID=Yamada, OU=People , dc=example,dc=jp") == plain);
  CHECK(plain_dn("uid=yamada\\2Cx,dc=jp") == plain_dn("uid=yamada\\,x,dc=jp"));
  CHECK(plain_dn("uid=other,ou=people,dc=example,dc=jp") != plain);
  CHECK(plain_dn("no name").empty());
  CHECK(plain_dn("").empty());
}

TEST_CASE("ldap: passwords go by TLS, or not off this machine") {
  const auto may = [](const std::string& url, bool start_tls = false) {
    LdapConfig config;
    config.url = url;
    config.start_tls = start_tls;
    return may_carry_passwords(config);
  };
  CHECK(may("ldaps://dc.example.lg.jp"));
  CHECK(may("LDAPS://dc.example.lg.jp:636"));
  CHECK(may("ldap://dc.example.lg.jp", true));
  CHECK(may("ldap://127.0.0.1"));
  CHECK(may("ldap://[::1]:389"));
  CHECK(may("ldap://localhost"));
  CHECK_FALSE(may("ldap://dc.example.lg.jp"));
  CHECK_FALSE(may("ldap://127.0.0.1.example.jp"));
  CHECK_FALSE(may("ldap://128.0.0.1"));
  CHECK_FALSE(may("ldap://"));
  CHECK_FALSE(may("ldaps://a ldap://b"));
  CHECK_FALSE(may("http://127.0.0.1"));
  CHECK_FALSE(may(""));
}

TEST_CASE("ldap: an empty password is nobody's, without a question") {
  LdapConfig config;
  config.url = "ldap://127.0.0.1:1";  // nobody listens
  CHECK_FALSE(ask_directory(config, "", "yamada", ""));
  CHECK_THROWS_AS(ask_directory(config, "", "yamada", "x"), TemporaryFailure);
}
