#include "service/store/audit_trail.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <vector>

using namespace kiyome;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-trail.XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path + "/audit.sqlite"; }
  std::string path;
};

}  // namespace

TEST_CASE("audit trail: entries come back in order, also after a restart") {
  const Folder folder;
  {
    store::AuditTrail trail(folder.file());
    trail.append("sign-in", "総務 太郎", "{}");
    trail.append("submit", "taro", R"({"files":2})");
  }
  store::AuditTrail trail(folder.file());
  trail.append("sign-out", "taro", "{}");
  std::vector<audit::Entry> seen;
  std::uint64_t count = 0;
  CHECK(!store::walk_trail(
      *trail.book().open(), [&](const audit::Entry& entry) { seen.push_back(entry); }, count));
  CHECK(count == 3);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].actor == "総務 太郎");
  CHECK(seen[1].detail == R"({"files":2})");
  CHECK(seen[2].sequence == 3);
}

TEST_CASE("audit trail: a changed entry and a missing one are seen") {
  for (const char* harm :
       {"UPDATE audit SET actor='jiro' WHERE sequence=2", "DELETE FROM audit WHERE sequence=2"}) {
    const Folder folder;
    {
      store::AuditTrail trail(folder.file());
      for (int i = 0; i < 3; ++i) trail.append("sign-in", "taro", "{}");
    }
    {
      store::Database database(folder.file());
      database.execute(harm);
    }
    store::AuditTrail trail(folder.file());
    std::uint64_t count = 0;
    CHECK(store::walk_trail(*trail.book().open(), {}, count));
    CHECK(count == 1);
  }
}
