// The output folder over a real store: what is put there, under which names, and that it is put there once,
// whatever happens in between.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "service/base/errors.h"
#include "service/gate/folder/names.h"
#include "service/gate/folder/output_folder.h"
#include "service/gate/folder/place.h"
#include "service/gate/verify_values.h"
#include "tests/unit/service_gate/drop_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;
using transfer::DropStage;

namespace {

constexpr const char* kShare = "share@city.example.jp";

std::string text_in(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Desk : PickUpDesk {
  std::filesystem::path out = folder.path / "share" / "out";
  std::vector<gate::NumberedResult> said;
  std::unique_ptr<gate::OutputFolder> output;

  Desk() {
    std::filesystem::create_directories(out);
    begin();
  }
  ~Desk() { output.reset(); }
  void begin() {
    output.reset();
    OutputFolderConfig told{out.string(), {kShare, "second@city.example.jp"}};
    output = std::make_unique<gate::OutputFolder>(
        Descriptor(::open(out.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), told,
        gate::PickUpParts{*store, *writer, [this] { return now_ms.load(); },
                          [this](const std::vector<gate::NumberedResult>& results) {
                            said.insert(said.end(), results.begin(), results.end());
                          },
                          [](std::int64_t, std::int64_t, std::shared_ptr<const transfer::Bundle>) {}});
  }
  void next_life() {
    output.reset();
    reopen();
    begin();
  }
  void turn() { output->turn(); }
  // Everything that people see there, folders too.
  std::set<std::string> seen() const {
    std::set<std::string> names;
    for (auto at = std::filesystem::recursive_directory_iterator(out); at != std::filesystem::end(at); ++at) {
      if (at->path().filename() == ".kiyome") {
        at.disable_recursion_pending();
        continue;
      }
      if (!at->is_directory()) names.insert(at->path().lexically_relative(out).string());
    }
    return names;
  }
  std::size_t laid() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(out / ".kiyome")) ++count;
    return count;
  }
  std::string text(const std::string& name) const { return text_in(out / name); }
  bool says(const std::string& report, const std::string& piece) const {
    return text(report).find(piece) != std::string::npos;
  }
  std::vector<DropStage> stages() const {
    std::vector<DropStage> stages;
    for (const gate::NumberedResult& one : said)
      stages.push_back(std::get<transfer::DropResult>(one.result).stage);
    return stages;
  }
};

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("output folder: clean files and a report are put there, once, and then they are picked up") {
  Desk desk;
  const auto drop = make_drop({"Share@City.example.jp"}, "2026/11/report.docx");
  auto bundle = drop;
  bundle.files = {clean_text("report.docx.txt")};
  desk.take(bundle);
  desk.turn();
  CHECK(desk.seen() == Names{"2026/11/report.docx.json", "2026/11/report.docx.txt"});
  CHECK(desk.text("2026/11/report.docx.txt") == "Hello.\r\n");
  const std::string report = desk.text("2026/11/report.docx.json");
  for (const std::string& piece :
       {"\"item\":\"" + bundle.id.text() + "\"", "\"submission\":\"" + bundle.submission.text() + "\"",
        std::string("\"name\":\"2026/11/report.docx\""), std::string("\"bytes\":12345"),
        std::string("\"verdict\":\"clean\""), std::string("\"findings\":[]"),
        std::string("\"name\":\"2026/11/report.docx.txt\""),
        std::string("\"bytes\":8,\"type\":\"text/plain\"")})
    CHECK_MESSAGE(report.find(piece) != std::string::npos, piece);
  CHECK(report.find("approval") == std::string::npos);
  CHECK(desk.stages() == std::vector<DropStage>{DropStage::picked_up});
  CHECK(desk.laid() == 0);
  CHECK(desk.audit("put-in-folder").size() == 1);
  struct stat status {};
  REQUIRE(::stat((desk.out / "2026/11/report.docx.txt").c_str(), &status) == 0);
  CHECK((status.st_mode & 0111) == 0);
  desk.turn();
  desk.next_life();
  desk.turn();
  CHECK(desk.seen().size() == 2);
  CHECK(desk.said.size() == 1);
  std::filesystem::remove_all(desk.out / "2026");  // people take what is theirs
  desk.next_life();
  desk.turn();
  CHECK(desk.seen().empty());
}

TEST_CASE("output folder: what is for other people does not come there") {
  Desk desk;
  desk.take(make_drop({"taro@city.example.jp"}));
  desk.turn();
  CHECK(desk.seen().empty());
  CHECK(!std::filesystem::exists(desk.out / ".kiyome"));
  desk.take(make_drop({"taro@city.example.jp", kShare, "second@city.example.jp"}));
  desk.turn();
  CHECK(desk.seen() == Names{"report.docx.json", "report.docx.txt"});
  CHECK(desk.stages() == std::vector<DropStage>{DropStage::picked_up, DropStage::picked_up});
  CHECK(std::get<transfer::DropResult>(desk.said[0].result).recipient == 1);
}

TEST_CASE("output folder: names that are taken get a number, and others' files stay as they are") {
  Desk desk;
  std::ofstream(desk.out / "report.docx.txt") << "theirs";
  std::filesystem::create_symlink("/etc/passwd", desk.out / "report.docx.json");
  for (int i = 0; i < 2; ++i) {
    desk.take(make_drop({kShare}));
    desk.turn();
  }
  CHECK(desk.seen() == Names{"report.docx.txt", "report.docx (2).txt", "report.docx.json",
                             "report.docx (2).json", "report.docx (3).txt", "report.docx (3).json"});
  CHECK(desk.text("report.docx.txt") == "theirs");
  CHECK(desk.says("report.docx (2).json", "\"name\":\"report.docx (2).txt\""));
  CHECK(std::filesystem::is_symlink(desk.out / "report.docx.json"));
}

TEST_CASE("output folder: a name cannot lead out of it or into a trap") {
  using gate::safe_parts;
  CHECK(safe_parts("a/b.docx") == std::vector<std::string>{"a", "b.docx"});
  CHECK(safe_parts("申請/見積書.docx") == std::vector<std::string>{"申請", "見積書.docx"});
  CHECK(safe_parts("//a//") == std::vector<std::string>{"a"});
  for (const char* bad : {"../../etc/passwd",
                          "..",
                          ".",
                          "/",
                          "",
                          "a/../b",
                          "c:\\windows\\x",
                          "CON",
                          "nul.txt",
                          "a.",
                          "a ",
                          "~a",
                          "-rf",
                          ".hidden",
                          "a:b",
                          "a|b",
                          "a\x7f",
                          "a*?b",
                          "　a",
                          "com1.tar.gz",
                          ".kiyome/1.0"}) {
    CAPTURE(bad);
    for (const std::string& part : safe_parts(bad)) {
      CHECK(part.find('/') == std::string::npos);
      CHECK(!part.starts_with('.'));
      CHECK(!gate::check_file_name(part + ".json", ".json"));
    }
  }
  CHECK(safe_parts(std::string(900, 'a'))[0].starts_with("file-"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::to_string(i) + "/";
  CHECK(safe_parts(deep + "a").size() == limits::kFolderDepth);
  CHECK(gate::variant("a.pdf", 1) == "a.pdf");
  CHECK(gate::variant("a.pdf", 2) == "a (2).pdf");
  CHECK(gate::variant("a", 3) == "a (3)");

  Desk desk;
  auto bundle = make_drop({kShare}, "../../../escape.docx");
  bundle.files = {clean_text("escape.txt")};
  desk.take(bundle);
  desk.turn();
  CHECK(desk.seen().size() == 2);
  CHECK(!std::filesystem::exists(desk.out.parent_path() / "escape.txt"));
}

TEST_CASE("output folder: a link or a file in the way of a folder is gone round, not followed") {
  Desk desk;
  std::filesystem::create_directory(desk.folder.path / "elsewhere");
  std::filesystem::create_symlink(desk.folder.path / "elsewhere", desk.out / "2026");
  std::ofstream(desk.out / "2026 (2)") << "theirs";
  auto bundle = make_drop({kShare}, "2026/a.docx");
  bundle.files = {clean_text("a.txt")};
  desk.take(bundle);
  desk.turn();
  CHECK(desk.seen().contains("2026 (3)/a.txt"));
  CHECK(std::filesystem::is_empty(desk.folder.path / "elsewhere"));
}

TEST_CASE("output folder: held and refused files give a report alone; a release takes its place") {
  Desk desk;
  auto held = make_drop({kShare});
  set_held(held);
  held.findings = {1};
  desk.take(held);
  auto refused = make_drop({kShare}, "b.docx");
  set_held(refused);
  refused.verdict = transfer::DropVerdict::rejected;
  desk.take(refused);
  desk.turn();
  CHECK(desk.seen() == Names{"report.docx.json", "b.docx.json"});
  CHECK(desk.says("report.docx.json", "\"verdict\":\"held\""));
  CHECK(desk.says("report.docx.json", "\"japanese\":"));
  CHECK(desk.says("b.docx.json", "\"verdict\":\"rejected\""));
  CHECK(desk.said.empty());  // nothing was had

  auto released = make_drop({kShare});
  released.id = held.id;
  released.submission = held.submission;
  released.part = 2;
  desk.take(released);
  desk.next_life();
  desk.turn();
  CHECK(desk.seen() == Names{"report.docx.json", "b.docx.json", "report.docx.txt"});
  CHECK(desk.says("report.docx.json", "\"verdict\":\"clean\""));
  CHECK(desk.stages() == std::vector<DropStage>{DropStage::picked_up});
}

TEST_CASE("output folder: a release does not write over a report that somebody has changed") {
  Desk desk;
  auto held = make_drop({kShare});
  set_held(held);
  desk.take(held);
  desk.turn();
  std::ofstream(desk.out / "report.docx.json") << "my notes";
  auto released = make_drop({kShare});
  released.id = held.id;
  released.submission = held.submission;
  released.part = 2;
  desk.take(released);
  desk.turn();
  CHECK(desk.text("report.docx.json") == "my notes");
  CHECK(desk.says("report.docx (2).json", "\"verdict\":\"clean\""));
}

TEST_CASE("output folder: what has to be approved comes when it is, and says by whom") {
  Desk desk;
  for (const bool approve : {true, false}) {
    const std::string name = approve ? "yes.docx" : "no.docx";
    auto bundle = make_drop({kShare}, name);
    bundle.approval = {"大きなファイル"};
    desk.take(bundle);
    desk.turn();
    CHECK(!desk.seen().contains(name + ".json"));
    gate::Decision decision;
    decision.submission = bundle.submission;
    decision.seen_by = decision.about = {kShare};
    decision.approve = approve;
    decision.comment = "理由";
    decision.login = "buchou";
    const auto drop = desk.store->drops().load(bundle.submission);
    REQUIRE(drop);
    decision.digest = gate::digest_of(*drop, gate::items_for(*drop, decision.seen_by));
    gate::commit(*desk.writer, [&](gate::GateStore& store) {
      std::vector<gate::NumberedResult> results;
      CHECK(store.drops().decide(decision, unix_ms_now(), results) == gate::DropStore::Decided::done);
    });
    desk.turn();
    CHECK(desk.seen().contains(name + ".txt") == approve);
    CHECK(desk.says(name + ".json", approve ? "\"state\":\"approved\"" : "\"state\":\"returned\""));
    CHECK(desk.says(name + ".json", "\"login\":\"buchou\""));
    CHECK(desk.says(name + ".json", "大きなファイル"));
    desk.turn();
  }
  CHECK(desk.seen() == Names{"yes.docx.json", "yes.docx.txt", "no.docx.json"});
}

TEST_CASE("output folder: one that is away or does not let us is waited for") {
  Desk desk;
  desk.take(make_drop({kShare}));
  std::filesystem::remove(desk.out);
  CHECK_THROWS_AS(desk.turn(), TemporaryFailure);
  CHECK(desk.said.empty());
  std::ofstream(desk.out) << "a file";
  CHECK_THROWS_AS(desk.turn(), TemporaryFailure);
  std::filesystem::remove(desk.out);
  std::filesystem::create_directory(desk.out);
  desk.turn();
  CHECK(desk.seen().size() == 2);
  CHECK(desk.said.size() == 1);
}

TEST_CASE("output folder: a full disk leaves nothing half made, keeps nobody else waiting, and passes") {
  Desk desk;
  auto large = make_drop({kShare}, "large.docx");
  std::string text;
  while (text.size() < 3u << 20) text += "お世話になっております。\r\n";
  large.files = {clean_text("large.txt", text)};
  desk.take(large);
  desk.take(make_drop({kShare}, "small.docx"));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit limit = before;
  limit.rlim_cur = 2u << 20;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  CHECK_THROWS_AS(desk.turn(), TemporaryFailure);
  CHECK(desk.laid() == 0);
  CHECK_THROWS_AS(desk.turn(), TemporaryFailure);  // behind the one that failed, then that again
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(desk.seen() == Names{"small.docx.json", "small.docx.txt"});
  CHECK(desk.said.size() == 1);
  desk.turn();
  CHECK(desk.text("large.txt") == text);
  CHECK(desk.said.size() == 2);
}

TEST_CASE("output folder: what was named and had appeared is not put there again, the rest is") {
  Desk desk;
  auto bundle = make_drop({kShare});
  bundle.files = {clean_text("a.txt", "one\r\n"), clean_text("b.txt", "two\r\n")};
  desk.take(bundle);
  {  // as a death between the two renames leaves it
    gate::Place place(Descriptor(::open(desk.out.parent_path().c_str(), O_PATH | O_CLOEXEC)).get(), "out");
    place.lay_out("1.1", "two\r\n");
    place.lay_out("1.2", "report");
    place.lay_out("7.0", "of nobody");
    place.lay_out("8.0.new", "half made");
    gate::PutOut out;
    out.row = 1;
    out.id = bundle.id;
    out.kind = gate::PutKind::files;
    out.shelf = place.shelf();
    out.paths = {"a.txt", "b.txt", "report.docx.json"};
    gate::commit(*desk.writer, [&](gate::GateStore& store) { store.drops().set_put_out(out); });
  }
  std::ofstream(desk.out / "b.txt") << "theirs";  // came there since
  desk.next_life();
  desk.turn();
  CHECK(desk.seen() == Names{"b.txt", "b (2).txt", "report.docx.json"});  // a.txt was taken by somebody
  CHECK(desk.text("b.txt") == "theirs");
  CHECK(desk.text("b (2).txt") == "two\r\n");
  CHECK(desk.says("report.docx.json", "\"name\":\"b (2).txt\""));
  CHECK(desk.laid() == 0);
  CHECK(desk.said.size() == 1);
}

TEST_CASE("output folder: a share that was emptied gets everything that was not finished") {
  Desk desk;
  auto bundle = make_drop({kShare});
  desk.take(bundle);
  gate::PutOut out;
  out.row = 1;
  out.id = bundle.id;
  out.kind = gate::PutKind::files;
  out.shelf = 1;  // another hidden folder
  out.paths = {"report.docx.txt", "report.docx.json"};
  gate::commit(*desk.writer, [&](gate::GateStore& store) { store.drops().set_put_out(out); });
  desk.turn();
  CHECK(desk.seen() == Names{"report.docx.json", "report.docx.txt"});
}

TEST_CASE(
    "output folder: the approvers at the top decide about what waits for it, and nobody is mailed for it") {
  Desk desk;
  desk.add("soumu", "総務部", {auth::Role::approver});
  desk.add("top", "", {auth::Role::approver});
  desk.add("other", "", {auth::Role::approver}, "隣の町");
  auto bundle = make_drop({kShare});
  bundle.approval = {"大きなファイル"};
  desk.take(bundle);
  const auto drop = desk.store->drops().load(bundle.submission);
  REQUIRE(drop);
  const auto config = std::make_shared<const Config>(desk.config);
  gate::Deciders nobodys(desk.service->accounts(), desk.store->drops(), desk.now_ms, config);
  CHECK(nobodys.of(*drop, kShare).empty());  // an address that nobody knows
  gate::Deciders deciders(desk.service->accounts(), desk.store->drops(), desk.now_ms, config,
                          [&](const std::string& address) { return desk.output->is_for(address); });
  const std::vector<auth::Account> may = deciders.of(*drop, kShare);
  REQUIRE(may.size() == 1);
  CHECK(may[0].login == "top");
}

// The folder's turn is killed at any moment, again and again: each file stands there once, whole.
TEST_CASE("output folder: kill -9 at any moment") {
  Desk desk;
  constexpr int kFiles = 40;
  for (int i = 0; i < kFiles; ++i) {
    auto bundle = make_drop({kShare}, "f" + std::to_string(i) + ".docx");
    bundle.files = {clean_text("f" + std::to_string(i) + ".txt", "content " + std::to_string(i) + "\r\n")};
    desk.take(bundle);
  }
  desk.output.reset();
  desk.close();
  int lives = 0;
  for (; lives < 100; ++lives) {
    const pid_t child = ::fork();
    if (child == 0) {
      desk.open();
      desk.begin();
      try {
        desk.turn();
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(60'000 + lives * 4'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
  }
  desk.open();
  desk.begin();
  desk.turn();
  CHECK(desk.seen().size() == 2 * kFiles);
  for (int i = 0; i < kFiles; ++i)
    CHECK(desk.text("f" + std::to_string(i) + ".txt") == "content " + std::to_string(i) + "\r\n");
  CHECK(desk.laid() == 0);
  MESSAGE("lives: " << lives);
}
