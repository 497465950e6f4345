#include "service/base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"

using namespace kiyome;

namespace {

// Standard error of this process goes to memory while `use` runs; gives what was written.
template <class F>
std::string captured(F&& use) {
  const Descriptor file(::memfd_create("log", MFD_CLOEXEC));
  REQUIRE(file);
  // A memfd, unlike a file or pipe, does not order writes by itself (no FMODE_ATOMIC_POS).
  REQUIRE(::fcntl(file.get(), F_SETFL, O_APPEND) == 0);
  const Descriptor kept(::dup(STDERR_FILENO));
  ::dup2(file.get(), STDERR_FILENO);
  use();
  ::dup2(kept.get(), STDERR_FILENO);
  std::string out(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  REQUIRE(::pread(file.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
  return out;
}

Poco::JSON::Object::Ptr object(const std::string& line) {
  return Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
}

}  // namespace

TEST_CASE("log: a line is one JSON object with time, level, role, event, item and fields") {
  log::start("edge", "info");
  const ItemId id = ItemId::make(1795000000123, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const std::string line = captured([&] {
    log::info("delivered", id,
              {{"recipient", "a@b"}, {"count", std::int64_t{-3}}, {"ms", 1.5}, {"again", false}});
  });
  REQUIRE(line.ends_with("}\n"));
  const auto json = object(line);
  CHECK(json->getValue<std::string>("level") == "info");
  CHECK(json->getValue<std::string>("role") == "edge");
  CHECK(json->getValue<std::string>("event") == "delivered");
  CHECK(json->getValue<std::string>("item") == id.text());
  CHECK(json->getValue<std::string>("recipient") == "a@b");
  CHECK(json->getValue<int>("count") == -3);
  CHECK(json->getValue<double>("ms") == 1.5);
  CHECK(json->getValue<bool>("again") == false);
  const std::string time = json->getValue<std::string>("time");
  CHECK(time.size() == std::string("2026-11-21T12:34:56.789+09:00").size());
  CHECK(time[10] == 'T');
  CHECK(time[19] == '.');
  CHECK(time[26] == ':');
}

TEST_CASE("log: lines below the level are not written, lines at it are") {
  const std::string lines = captured([] {
    log::start("edge", "warning");
    log::debug("a");
    log::info("b");
    log::warning("c");
    log::error("d");
  });
  CHECK(lines.find("\"a\"") == std::string::npos);
  CHECK(lines.find("\"b\"") == std::string::npos);
  CHECK(lines.find("\"c\"") != std::string::npos);
  CHECK(lines.find("\"d\"") != std::string::npos);
  log::start("edge", "info");
}

TEST_CASE("log: json_string escapes what a terminal would act on and keeps what a person reads") {
  CHECK(log::json_string("a\"b\\c\n\r\t") == R"("a\"b\\c\n\r\t")");
  CHECK(log::json_string(std::string_view("\x1b[0m\0\x7f", 6)) == R"("\u001b[0m\u0000\u007f")");
  CHECK(log::json_string("請求書 髙﨑 𠮷") == "\"請求書 髙﨑 𠮷\"");
  CHECK(log::json_string("\u0085\u202e\u2028\u200b\ufeff") == R"("\u0085\u202e\u2028\u200b\ufeff")");
  CHECK(log::json_string("\U000e0041") == R"("\udb40\udc41")");
  CHECK(log::json_string("\xff\xc0\xaf\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")");
  CHECK(log::json_string("\xe3\x81") == R"("\ufffd\ufffd")");
  CHECK(log::json_string("") == "\"\"");
}

TEST_CASE("log: a hostile value stays within its line and its bound") {
  const std::string long_value(5000, 'x');
  const std::string kanji = [] {
    std::string out;
    for (int i = 0; i < 2000; ++i) out += "漢";
    return out;
  }();
  const std::string line = captured([&] {
    log::info("x", {{"subject", "a\n{\"event\":\"forged\"}"},
                    {"long", long_value},
                    {"kanji", kanji},
                    {"no", std::nan("")}});
  });
  CHECK(line.find('\n') == line.size() - 1);
  const auto json = object(line);
  CHECK(json->getValue<std::string>("subject") == "a\n{\"event\":\"forged\"}");
  CHECK(json->getValue<std::string>("long") == std::string(limits::kLogValue, 'x') + "…");
  CHECK(json->getValue<std::string>("kanji").size() == limits::kLogValue / 3 * 3 + 3);
  CHECK(json->isNull("no"));
}

TEST_CASE("log: lines of many threads do not mix") {
  const std::string lines = captured([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([t] {
        for (int i = 0; i < 500; ++i) log::info("tick", {{"thread", std::int64_t{t}}, {"text", "日本語"}});
      });
    for (std::thread& thread : threads) thread.join();
  });
  std::istringstream in(lines);
  std::string line;
  int count = 0;
  for (; std::getline(in, line); ++count) CHECK(object(line)->getValue<std::string>("text") == "日本語");
  CHECK(count == 4000);
}

// The reason for writing lines ourselves: the figure is printed, not judged, for machines differ.
TEST_CASE("log: one line costs less than through spdlog's stderr sink") {
  constexpr int kLines = 20000;
  const auto micros = [](auto&& use) {
    const std::clock_t begin = std::clock();
    use();
    return 1e6 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / kLines;
  };
  double own = 0, spdlog_line = 0;
  captured([&] {
    own = micros([] {
      for (int i = 0; i < kLines; ++i)
        log::info("delivered", {{"recipient", "taro@city.example.jp"}, {"n", std::int64_t{i}}});
    });
    const auto logger = spdlog::stderr_logger_mt("line");
    logger->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",\"level\":\"%l\",%v}");
    spdlog_line = micros([&] {
      for (int i = 0; i < kLines; ++i)
        logger->info("\"event\":\"delivered\",\"recipient\":{},\"n\":{}",
                     log::json_string("taro@city.example.jp"), i);
    });
  });
  MESSAGE("CPU us a line: own " << own << ", spdlog " << spdlog_line);
}

TEST_CASE("log: a line to systemd's journal begins with its priority; one that goes elsewhere does not") {
  const auto logged = [](bool journal) {
    return captured([&] {
      struct stat status {};
      REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
      const std::string stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
      ::setenv("JOURNAL_STREAM", journal ? stream.c_str() : "8:1", 1);
      log::start("edge", "debug");
      log::debug("a");
      log::info("b");
      log::warning("c");
      log::error("d");
      ::unsetenv("JOURNAL_STREAM");
      log::start("edge", "info");
    });
  };
  std::istringstream journal(logged(true)), file(logged(false));
  std::string line;
  for (const char* priority : {"<7>", "<6>", "<4>", "<3>"}) {
    REQUIRE(std::getline(journal, line));
    CHECK(line.substr(0, 3) == priority);
    CHECK(object(line.substr(3))->getValue<std::string>("role") == "edge");
    REQUIRE(std::getline(file, line));
    CHECK(object(line)->getValue<std::string>("role") == "edge");
  }
}
