// Submissions that were cut off: by a death between any two steps, by a full disk, by a lost file.
#include <sys/resource.h>
#include <sys/wait.h>

#include <random>

#include "service/edge/drop/drop_store.h"
#include "tests/unit/service_edge_drop/drop_fixture.h"

using namespace drop_test;
using edge::drop::DropStore;
using edge::drop::Submission;
using edge::drop::SubmittedFile;

namespace {

// A submission of these uploads as its first transaction leaves it.
Submission begin(Edge& edge, const std::vector<std::string>& uploads) {
  Submission submission;
  submission.id = new_item_id();
  submission.account = edge.accounts->find("sato")->number;
  submission.created_ms = unix_ms_now();
  submission.key = "key-of-the-dead";
  submission.sender = "sato@outside.example.jp";
  submission.recipients = {"tanaka@city.example.jp"};
  for (const std::string& id : uploads) {
    SubmittedFile file;
    file.item = new_item_id();
    file.upload = drop_test::id_of(id);
    file.password = "secret of the file";
    submission.files.push_back(file);
  }
  DropStore store(edge.folder.path() + "/drop", edge.place());
  REQUIRE(store.begin_submission(submission).what == DropStore::Begun::What::begun);
  return *store.find_submission(submission.id);
}

std::vector<std::string> states(Edge& edge, const Submission& submission) {
  const Answer answer = edge.ask("GET", "/submissions/" + submission.id.text());
  std::vector<std::string> out;
  for (std::size_t at = answer.body.find("\"state\":\""); at != std::string::npos;
       at = answer.body.find("\"state\":\"", at + 1))
    out.push_back(answer.body.substr(at + 9, answer.body.find('"', at + 9) - at - 9));
  return out;
}

// Everything that the log has, however often: item and content.
std::multimap<std::string, std::string> in_log(Edge& edge) {
  std::multimap<std::string, std::string> out;
  std::vector<transfer::Announce> all = edge.life->announced;
  for (const transfer::Announce& item : edge.told()) all.push_back(item);
  for (const transfer::Announce& item : all)
    out.emplace(item.id.text(), store::test::text_of(edge.original(item)));
  return out;
}

}  // namespace

TEST_CASE("death: a submission that was only written down is sent after the next start, once") {
  Edge edge;
  const std::vector<std::string> uploads = {edge.uploaded("first"), edge.uploaded("second")};
  edge.stop();
  const Submission submission = begin(edge, uploads);
  edge.start();
  CHECK(soon([&] { return edge.told().size() == 2; }));
  CHECK(soon([&] { return edge.upload_files() == 0; }));
  CHECK(states(edge, submission) == std::vector<std::string>{"received", "received"});
  edge.restart();
  CHECK(edge.told().empty());
  CHECK(in_log(edge).size() == 2);
}

TEST_CASE("death: what was committed before it is not committed again, the rest follows") {
  Edge edge;
  const std::vector<std::string> uploads = {edge.uploaded("first"), edge.uploaded("second"),
                                            edge.uploaded("third")};
  edge.stop();
  const Submission submission = begin(edge, uploads);
  {
    store::OriginalLog log(edge.originals(), store::test::key_pair().public_key, store::test::unexpected);
    REQUIRE(store::test::put(log, submission.files[1].item, "second"));
  }
  edge.start();
  REQUIRE(edge.life->announced.size() == 1);
  CHECK(soon([&] { return edge.told().size() == 2; }));
  const auto log = in_log(edge);
  CHECK(log.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(log.count(submission.files[i].item.text()) == 1);
  CHECK(soon([&] { return edge.upload_files() == 0; }));
}

TEST_CASE("death: everything was committed and nothing noted: nothing is committed again") {
  Edge edge;
  const std::vector<std::string> uploads = {edge.uploaded("first"), edge.uploaded("second")};
  edge.stop();
  const Submission submission = begin(edge, uploads);
  {
    store::OriginalLog log(edge.originals(), store::test::key_pair().public_key, store::test::unexpected);
    REQUIRE(store::test::put(log, submission.files[0].item, "first"));
    REQUIRE(store::test::put(log, submission.files[1].item, "second"));
  }
  edge.start();
  CHECK(soon([&] { return edge.upload_files() == 0; }));
  CHECK(edge.told().empty());
  CHECK(states(edge, submission).size() == 2);
}

TEST_CASE("death: the password of a file leaves the drop box once the file is in the log") {
  Edge edge;
  const std::vector<std::string> uploads = {edge.uploaded("first")};
  edge.stop();
  begin(edge, uploads);
  edge.start();
  CHECK(soon([&] { return edge.told().size() == 1; }));
  CHECK(edge.original(edge.told()[0]).envelope.drop->password == "secret of the file");
  CHECK(soon([&] { return edge.upload_files() == 0; }));
  edge.stop();
  CHECK(store::test::read_file(edge.folder.path() + "/drop/drop.sqlite").find("secret of the file") ==
        std::string::npos);
}

TEST_CASE("death: a file that the disk has lost ends as refused, the others go") {
  Edge edge;
  const std::vector<std::string> uploads = {edge.uploaded("first"), edge.uploaded("second")};
  edge.stop();
  const Submission submission = begin(edge, uploads);
  store::test::write_file(edge.uploads() + "/" + uploads[0], "fir");
  edge.start();
  CHECK(soon([&] { return edge.told().size() == 1; }));
  CHECK(soon([&] { return states(edge, submission) == std::vector<std::string>{"refused", "received"}; }));
  CHECK(edge.ask("GET", "/submissions/" + submission.id.text()).says("original-damaged"));
}

TEST_CASE("full disk: nothing went, nothing is taken, and the same request passes when there is room") {
  Edge edge;
  const std::string id = edge.uploaded(octets(3000000));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1u << 20, before.rlim_max};  // no file grows beyond it
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Answer refused = edge.submit({id});
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(refused.status == 503);
  CHECK(edge.told().empty());
  CHECK(edge.ask("GET", "/submissions").body == "{\"submissions\":[]}");
  CHECK(edge.offset_of(id) == "3000000");
  CHECK(edge.submit({id}).status == 201);
  CHECK(edge.told().size() == 1);
}

TEST_CASE(
    "kill -9: uploads and submissions under way survive it: what was promised is there, nothing twice") {
  std::mt19937 chance(4711);
  Edge edge;
  edge.stop();
  struct File {
    std::string id, content;
    bool submitted = false, promised = false;
  };
  std::vector<File> files;
  for (int round = 0; round < 6; ++round) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();  // one thread here: the server is stopped
    if (child == 0) {
      edge.start();
      const std::uint16_t port = edge.life->port;
      [[maybe_unused]] const ssize_t told = ::write(pipe[1], &port, sizeof port);
      for (;;) ::pause();
    }
    std::uint16_t port = 0;
    REQUIRE(::read(pipe[0], &port, sizeof port) == sizeof port);
    ::close(pipe[0]);
    ::close(pipe[1]);
    edge.life = std::make_unique<Life>();  // to ask the child
    edge.life->port = port;
    std::jthread killer([&, after = std::chrono::milliseconds(50 + chance() % 400)] {
      std::this_thread::sleep_for(after);
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    });
    for (unsigned i = 0; i < 200; ++i) {
      const std::string content = octets(1 + chance() % 400000, chance());
      const Answer created = edge.create(content.size());
      if (created.status == 0) break;
      if (created.status == 429) break;
      REQUIRE(created.status == 201);
      files.push_back({created.headers.at("location").substr(16), content});
      File& mine = files.back();
      if (edge.patch(mine.id, 0, content).status == 0) break;
      mine.submitted = true;
      const Answer sent = edge.submit({mine.id}, "key-" + mine.id);
      mine.promised = sent.status == 201;
      if (sent.status == 0) break;
    }
    killer.join();
    edge.life.reset();
  }
  edge.start();
  CHECK(soon([&] { return DropStore(edge.folder.path() + "/drop", edge.place()).unsent().empty(); }));
  const auto log = in_log(edge);
  std::multiset<std::string> contents;
  for (const auto& [item, content] : log) {
    CHECK(log.count(item) == 1);
    contents.insert(content);
  }
  for (const File& file : files) {
    const std::size_t found = contents.count(file.content);
    if (file.promised) CHECK(found == 1);
    if (!file.submitted) CHECK(found == 0);
    CHECK(found <= 1);
    if (found == 1) continue;
    // What is not sent stands where it was certain, and goes on to its end.
    const std::size_t offset = std::stoul(edge.offset_of(file.id));
    REQUIRE(offset <= file.content.size());
    if (offset < file.content.size())
      CHECK(edge.patch(file.id, offset, file.content.substr(offset)).status == 204);
    CHECK(store::test::read_file(edge.uploads() + "/" + file.id) == file.content);
    CHECK(edge.submit({file.id}, "key-" + file.id).status == 201);
  }
  MESSAGE("files: " << files.size() << ", sent before the end: " << contents.size());
  CHECK(files.size() > 10);
}
