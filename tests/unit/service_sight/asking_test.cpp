// The two sides over real sockets: roles that answer, one that is not there, one that says nothing, one that
// says too much, and what the pages make of it.
#include "service/sight/asking.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/sight/sight_role.h"
#include "service/sight/speaker.h"

using namespace kiyome;
using namespace kiyome::sight;

namespace {

struct Folder {
  std::string path = [] {
    char name[] = "/tmp/kiyome-sight-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    return std::string(name);
  }();
  Descriptor open{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  Folder() { ::signal(SIGPIPE, SIG_IGN); }  // as every role does
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  Descriptor listen(const std::string& role) { return listen_unix(open.get(), role + ".sight.sock"); }
};

http::Response get(const http::Router& router, const std::string& path, const std::string& method = "GET") {
  http::Request request;
  request.method = method;
  request.path = path;
  try {
    return router.route(request);
  } catch (const http::Problem& problem) {
    return http::Response::problem(problem);
  }
}

// Asks until the answer is not the one that is kept for a moment.
void let_it_age() { std::this_thread::sleep_for(std::chrono::milliseconds(limits::kSightFreshMs + 50)); }

}  // namespace

TEST_CASE(
    "asking: a role that answers is up with what it says; one that does not is down, and the rest is told") {
  Folder folder;
  std::atomic<bool> room = true;
  Speaker speaker(
      folder.listen("gate"), [](Sheet& sheet) { sheet.counter("x_total", "X", 5); },
      [&](Sheet& sheet) { sheet.condition("disk", room); });
  Asking asking(folder.path, {"gate", "edge"});
  Guarded<std::string> certificate;
  const http::Router router = sight_router(asking, certificate);

  const http::Response page = get(router, "/metrics");
  CHECK(page.status == 200);
  CHECK(page.content.find("\nx_total{role=\"gate\"} 5\n") != std::string::npos);
  CHECK(page.content.find("\nkiyome_up{role=\"gate\"} 1\n") != std::string::npos);
  CHECK(page.content.find("\nkiyome_up{role=\"edge\"} 0\n") != std::string::npos);
  CHECK(page.content.find("kiyome_build_info{role=\"sight\",version=\"" KIYOME_VERSION "\"} 1") !=
        std::string::npos);
  CHECK(read_exposition(page.content, "x").has_value() ==
        false);  // it bears roles: nobody passes it on as his

  CHECK(get(router, "/health/live/gate").status == 200);
  CHECK(get(router, "/health/ready/gate").status == 200);
  CHECK(get(router, "/health/live").status == 503);
  CHECK(get(router, "/health/live").content ==
        R"({"status":"unwell","roles":[{"role":"gate","up":true,"ready":true,"missing":[]},)"
        R"({"role":"edge","up":false,"ready":false,"missing":[]}]})");
  CHECK(get(router, "/health/ready/nobody").status == 404);
  CHECK(get(router, "/health/ready/gate", "HEAD").status == 200);
  CHECK(get(router, "/health/ready/gate", "POST").status == 405);
  CHECK(get(router, "/").status == 404);
}

TEST_CASE("asking: a role that is there and cannot do its work is live and not ready") {
  Folder folder;
  Speaker speaker(folder.listen("edge"), [](Sheet& sheet) { sheet.condition("disk", false); }, {});
  Asking asking(folder.path, {"edge"});
  Guarded<std::string> certificate;
  const http::Router router = sight_router(asking, certificate);
  CHECK(get(router, "/health/live").status == 200);
  const http::Response ready = get(router, "/health/ready");
  CHECK(ready.status == 503);
  CHECK(ready.content.find(R"("missing":["disk"])") != std::string::npos);
}

TEST_CASE("asking: a role that says nothing costs its bound of time, and only itself") {
  Folder folder;
  const Descriptor silent = folder.listen("edge");
  Speaker speaker(folder.listen("gate"), {}, {});
  Asking asking(folder.path, {"gate", "edge"});
  const auto began = Steady::now();
  const auto seen = asking.ask();
  CHECK(milliseconds_since(began) < limits::kSightWaitMs + 1500);
  CHECK(milliseconds_since(began) >= limits::kSightWaitMs - 50);
  REQUIRE(seen->size() == 2);
  CHECK((*seen)[0].up);
  CHECK_FALSE((*seen)[1].up);
  // Whoever comes now gets the same, at once.
  const auto again = Steady::now();
  CHECK(asking.ask() == seen);
  CHECK(milliseconds_since(again) < 200);
}

TEST_CASE("asking: a role that says too much, or what is not the form, is down") {
  for (const bool endless : {true, false}) {
    Folder folder;
    const Descriptor listening = folder.listen("edge");
    std::thread liar([&] {
      if (!wait_for(listening.get(), POLLIN, Steady::now() + std::chrono::seconds(5))) return;
      const Descriptor asker(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      const std::string line = "# HELP a b\n";
      std::string text = endless ? std::string() : "a{role=\"gate\"} 1\n";
      while (endless && text.size() < 2 * limits::kSightText) text += line;
      write_all(asker.get(), text, Steady::now() + std::chrono::seconds(5));
    });
    Asking asking(folder.path, {"edge"});
    const auto seen = asking.ask();
    CHECK_FALSE(seen->front().up);
    CHECK(seen->front().told.families.empty());
    liar.join();
  }
}

TEST_CASE("speaker: what cannot be looked up is left away, and the rest is told") {
  Folder folder;
  Speaker speaker(
      folder.listen("gate"), [](Sheet& sheet) { sheet.gauge("y", "Y", 1); },
      [](Sheet&) { throw TemporaryFailure("the disk"); });
  Asking asking(folder.path, {"gate"});
  const auto seen = asking.ask();
  CHECK(seen->front().up);
  CHECK(seen->front().told.families.contains("y"));
}

TEST_CASE("speaker: databases are looked at once in a while, however often it is asked") {
  Folder folder;
  std::atomic<int> now = 0, house = 0;
  Speaker speaker(
      folder.listen("gate"), [&](Sheet&) { ++now; }, [&](Sheet&) { ++house; });
  Asking asking(folder.path, {"gate"});
  for (int i = 0; i < 3; ++i) {
    asking.ask();
    let_it_age();
  }
  CHECK(now == 3);
  CHECK(house == 1);
}

TEST_CASE("metrics: a certificate's end is told, and one that cannot be read ends at 0") {
  Folder folder;
  Asking asking(folder.path, {});
  Guarded<std::string> certificate("nonsense");
  const http::Router router = sight_router(asking, certificate);
  CHECK(get(router, "/metrics")
            .content.find(
                "kiyome_certificate_expiry_timestamp_seconds{role=\"sight\",certificate=\"tls\"} 0\n") !=
        std::string::npos);
}
