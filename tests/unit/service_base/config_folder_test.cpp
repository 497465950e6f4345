// The sections of the watched folder and of the output folder.
#include <doctest/doctest.h>

#include "service/base/config.h"
#include "service/base/errors.h"

using namespace kiyome;

namespace {

std::string mistakes(const std::string& text) {
  try {
    (void)parse_config(text, "k.toml");
    return {};
  } catch (const ConfigError& mistake) {
    return mistake.what();
  }
}

constexpr const char* kWhole = R"([edge.folder]
watch = "/srv/share/in/"
recipients = ["Share@City.example.jp", "b@city.example.jp", "share@city.example.jp"]
sender = "share@outside.example.jp"
sender_name = "共有フォルダー"
importance = "重要"
settle_seconds = 0.5
file_bytes_max = 1000
history_days = 7
[gate.folder]
output = "/srv//share/./out"
recipients = "share@city.example.jp"
)";

}  // namespace

TEST_CASE("config: the watched folder and the output folder") {
  const Config config = parse_config(kWhole, "k.toml");
  CHECK(config.folder.watch == "/srv/share/in");
  CHECK(config.folder.recipients == std::vector<std::string>{"b@city.example.jp", "share@city.example.jp"});
  CHECK(config.folder.sender == "share@outside.example.jp");
  CHECK(config.folder.sender_name == "共有フォルダー");
  CHECK(config.folder.importance == "重要");
  CHECK(config.folder.settle_seconds == 0.5);
  CHECK(config.folder.file_bytes_max == 1000);
  CHECK(config.folder.history_days == 7);
  CHECK(config.output_folder.output == "/srv/share/out");
  CHECK(config.output_folder.recipients == std::vector<std::string>{"share@city.example.jp"});
  CHECK(parse_config("", "k.toml").folder.watch.empty());
  CHECK(parse_config("[edge.folder]\n[gate.folder]\n", "k.toml").output_folder.output.empty());
}

TEST_CASE("config: mistakes about folders are named") {
  const std::string rest = "recipients = ['a@b.jp']\nsender = 'a@b.jp'\n";
  CHECK(mistakes("[edge.folder]\nwatch = '/srv/in'\n" + rest).empty());
  const std::pair<std::string, const char*> wrong[] = {
      {"[edge.folder]\nwatch = 'srv/in'\n" + rest,
       "k.toml:2: edge.folder.watch: \"srv/in\" must be an absolute"},
      {"[edge.folder]\nwatch = '/'\n" + rest, "not /"},
      {"[edge.folder]\nwatch = '/srv/..'\n" + rest, "not /"},
      {"[edge.folder]\nwatch = '/srv/in'\nsender = 'a@b.jp'\n", "edge.folder.watch: needs recipients"},
      {"[edge.folder]\nwatch = '/srv/in'\nrecipients = ['a@b.jp']\n", "edge.folder.watch: needs sender"},
      {"[edge.folder]\nwatch = '/srv/in'\nsender = 'nobody'\nrecipients = ['a@b.jp']\n",
       "k.toml:3: edge.folder.sender: \"nobody\" is not a mail address"},
      {"[edge.folder]\nsettle_seconds = 0\n", "edge.folder.settle_seconds"},
      {"[edge.folder]\nwach = '/srv/in'\n", "did you mean edge.folder.watch?"},
      {"[gate.folder]\noutput = '/srv/out'\n", "gate.folder.output: needs recipients"},
      {"[gate.folder]\noutput = '/srv/out'\nrecipients = ['x']\n", "gate.folder.recipients: \"x\""},
  };
  for (const auto& one : wrong) {
    CAPTURE(one.first);
    CHECK(mistakes(one.first).find(one.second) != std::string::npos);
  }
}

TEST_CASE("config: a folder that would feed itself, or holds our own data, is a mistake") {
  const auto both = [](const std::string& watch, const std::string& output, const std::string& data = "/d") {
    return mistakes("data_dir = '" + data + "'\n[edge.folder]\nwatch = '" + watch +
                    "'\nrecipients = 'a@b.jp'\nsender = 'a@b.jp'\n[gate.folder]\noutput = '" + output +
                    "'\nrecipients = 'a@b.jp'\n");
  };
  CHECK(both("/srv/in", "/srv/out").empty());
  CHECK(both("/srv/in", "/srv/in-out").empty());
  for (const auto& [watch, output] : {std::pair{"/srv/in", "/srv/in/"}, std::pair{"/srv/in", "/srv/in/out"},
                                      std::pair{"/srv/out/in", "/srv/out"}})
    CHECK(both(watch, output).find("edge.folder.watch: must not be, contain or stand in") !=
          std::string::npos);
  CHECK(both("/srv/in", "/srv/out", "/srv").find("data_dir") != std::string::npos);
  CHECK(both("/srv/in", "/srv/out", "/srv/out/data").find("gate.folder.output: must not") !=
        std::string::npos);
}

TEST_CASE("config: folders that cannot be found are told, and are no mistake") {
  Config config;
  CHECK(absent_folders(config).empty());
  config.folder.watch = "/proc/self";  // a link
  config.output_folder.output = "/no/such/folder";
  const auto absent = absent_folders(config);
  REQUIRE(absent.size() == 2);
  CHECK(absent[0].find("edge.folder.watch: /proc/self: not a folder") == 0);
  CHECK(absent[1].find("gate.folder.output: /no/such/folder: ") == 0);
  config.folder.watch = config.output_folder.output = "/";
  CHECK(absent_folders(config).empty());
}
