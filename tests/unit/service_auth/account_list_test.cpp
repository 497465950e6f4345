#include "service/auth/account_list.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using namespace kiyome::auth;

namespace {

std::vector<std::size_t> lines_of(const AccountList& list) {
  std::vector<std::size_t> out;
  for (const ListMistake& each : list.mistakes) out.push_back(each.line);
  return out;
}

}  // namespace

TEST_CASE("account list: columns in any order, quotes, empty lines, roles in the ways people write them") {
  const AccountList list = read_account_list(
      "Name,login,roles,department,password,mail\n"
      "\"山田, 太郎\",YAMADA,\"staff, approver\",総務部/総務課,\"a \"\"good\"\" one "
      "12\",Yamada@city.example.jp\n"
      "\n"
      "\"二行の\"\"名\"\"\", aoki ,staff;sender,,,\n"
      "井上,inoue,,,,");
  REQUIRE(list.mistakes.empty());
  REQUIRE(list.entries.size() == 3);
  const NewAccount& one = list.entries[0].account;
  CHECK(one.account.login == "yamada");
  CHECK(one.account.name == "山田, 太郎");
  CHECK(one.account.mail == "yamada@city.example.jp");
  CHECK(one.account.department == "総務部/総務課");
  CHECK(one.account.roles == std::set<Role>{Role::staff, Role::approver});
  CHECK(one.password == "a \"good\" one 12");
  CHECK(one.account.local);
  CHECK(one.account.new_password);
  const NewAccount& two = list.entries[1].account;
  CHECK(list.entries[1].line == 4);
  CHECK(two.account.login == "aoki");
  CHECK(two.account.name == "二行の\"名\"");
  CHECK(two.account.roles == std::set<Role>{Role::staff, Role::sender});
  CHECK_FALSE(two.account.local);  // no password: the directory's
  CHECK_FALSE(two.account.new_password);
}

TEST_CASE("account list: every mistake is told with the line it begins on") {
  const AccountList list = read_account_list(
      "login,mail,roles\n"
      "a,a@b.example,staff\n"
      "b,b@b.example\n"
      "c,c@b.example,king\n"
      "\"d\nd\",d@b.example,staff,\n"
      "a,A@b.example,staff\n"
      "\"e\"e,e@b.example,staff\n"
      "\"f,f@b.example,staff\n");
  CHECK(lines_of(list) == std::vector<std::size_t>{3, 4, 5, 7, 7, 8, 9});
  CHECK(list.mistakes[3].what.starts_with("a は 2 行目"));
}

TEST_CASE("account list: a head without login, with strangers or twice is no list") {
  CHECK(lines_of(read_account_list("")) == std::vector<std::size_t>{1});
  CHECK(lines_of(read_account_list("name,mail\nx,y\n")) == std::vector<std::size_t>{1});
  CHECK(lines_of(read_account_list("login,colour\nx,y\n")) == std::vector<std::size_t>{1});
  CHECK(lines_of(read_account_list("login,login\nx,y\n")) == std::vector<std::size_t>{1});
  CHECK(read_account_list("login\n").mistakes.empty());
  CHECK(read_account_list("login").entries.empty());
}

TEST_CASE("account list: its bounds, one below and above") {
  std::string text = "login,name\n";
  text += "a," + std::string(limits::kAccountList - text.size() - 2, 'x');
  CHECK(read_account_list(text).mistakes.empty());
  CHECK(lines_of(read_account_list(text + "x")) == std::vector<std::size_t>{1});
  std::string many = "login\n";
  for (std::size_t i = 0; i < limits::kAccountListMistakes + 20; ++i) many += "x,y\n";
  CHECK(read_account_list(many).mistakes.size() == limits::kAccountListMistakes);
  CHECK(lines_of(read_account_list("login\n" + std::string(100'000, ','))) == std::vector<std::size_t>{2});
  CHECK(lines_of(read_account_list(std::string("login\na\0b\n", 10))) == std::vector<std::size_t>{1});
}

TEST_CASE(
    "account list: UTF-8 with a mark, CP932 with NEC's circled digits, any ends of lines; nothing else") {
  CHECK(list_text("\xEF\xBB\xBFlogin\r\nsuzuki\r\n") == "login\nsuzuki\n");
  CHECK(list_text("login\rsuzuki\r") == "login\nsuzuki\n");
  CHECK(list_text("name\r\n\x8E\x52\x93\x63\x87\x40\r\n") == "name\n山田①\n");
  CHECK(list_text("\x94\x5C\x95\x5C") == "能表");  // second octet 0x5C
  CHECK_FALSE(list_text("\x81"));
  CHECK_FALSE(list_text("\xFF\xFEl\0o\0"));
  CHECK_FALSE(list_text(std::string(3, '\0')));
  CHECK(list_text("") == "");
  CHECK(list_text(std::string(limits::kAccountList, 'x')));
  CHECK_FALSE(list_text(std::string(limits::kAccountList + 1, 'x')));
}
