// 画面転送: a held file whose pages can be looked at, and not be had.
#include "proto/clean/findings.h"
#include "service/gate/intake.h"
#include "tests/unit/service_gate/drop_fixture.h"
#include "tests/unit/service_gate/png_sample.h"

using namespace kiyome;
using namespace kiyome::testing;
using auth::Role;
using transfer::DropBundle;
using transfer::DropStage;

namespace {

const std::map<std::string, std::string> kPreview{{"preview", "true"}};

DropBundle make_view() {
  DropBundle out = make_drop();
  set_held(out);
  out.findings = {static_cast<std::uint16_t>(clean::Finding::kViewOnly)};
  const std::string png = png_sample::Png::colour().png();
  for (const char* name : {"report 1.png", "report 2.png"})
    out.files.push_back({name, transfer::CleanFileType::png, sha256(png), png});
  return out;
}

}  // namespace

TEST_CASE("view only: pictures of a held file are taken, anything else beside a hold is not") {
  CHECK_FALSE(gate::refuse(make_view()));
  DropBundle bundle = make_view();
  bundle.approval = {"承認"};
  CHECK_FALSE(gate::refuse(bundle));
  bundle = make_view();
  bundle.findings.clear();
  CHECK(gate::refuse(bundle));
  bundle = make_view();
  bundle.verdict = transfer::DropVerdict::rejected;
  CHECK(gate::refuse(bundle));
  bundle = make_view();
  bundle.files.push_back(clean_text("a.txt"));
  CHECK(gate::refuse(bundle));
  bundle = make_view();
  bundle.files[1].content.back() ^= 1;
  bundle.files[1].sha256 = sha256(bundle.files[1].content);
  CHECK(gate::refuse(bundle));
  bundle = make_view();
  bundle.files.clear();
  bundle.approval = {"承認"};
  CHECK(gate::refuse(bundle));
}

TEST_CASE("view only: each page is shown and counted once, none can be downloaded") {
  PickUpDesk desk;
  desk.add("taro");
  const DropBundle bundle = make_view();
  desk.take(bundle);
  const Told told = desk.ask("taro", path_of(bundle));
  CHECK(told.has("\"view_only\":true"));
  CHECK(told.has("\"verdict\":\"held\""));
  CHECK(told.has("\"code\":\"view-only\""));
  CHECK(desk.ask("taro", path_of(bundle) + "/files/0").code == "view-only");
  CHECK(desk.ask("taro", path_of(bundle) + "/files/0", "HEAD").code == "view-only");
  CHECK(desk.ask("taro", path_of(bundle) + "/archive").code == "view-only");
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered});
  for (int time = 0; time < 2; ++time) {
    const Told page = desk.ask("taro", path_of(bundle) + "/files/0", "GET", {}, kPreview);
    CHECK(page.status == 200);
    CHECK(page.content == bundle.files[0].content);
    CHECK(page.headers.at("Content-Disposition").starts_with("inline"));
    CHECK(page.headers.at("Content-Security-Policy").starts_with("sandbox"));
  }
  CHECK(desk.audit("viewed") == std::vector<std::string>{"taro {\"files\":[0]}"});
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered});
  CHECK(desk.ask("taro", path_of(bundle) + "/files/1", "GET", {}, kPreview).status == 200);
  CHECK(desk.stages_of(bundle.id) == Stages{DropStage::delivered, DropStage::picked_up});
}

TEST_CASE("view only: beside clean files it stays out of the archive; a release takes its place") {
  PickUpDesk desk;
  desk.add("taro");
  DropBundle view = make_view();
  view.count = 2;
  DropBundle clean = next_of(view, "plain.docx");
  clean.verdict = transfer::DropVerdict::clean;
  clean.findings.clear();
  desk.take(view);
  desk.take(clean);
  const Told zip = desk.ask("taro", path_of(view) + "/archive");
  CHECK(zip.status == 200);
  CHECK(zip.has("plain.docx.txt"));
  CHECK_FALSE(zip.has(".png"));
  CHECK(desk.stages_of(view.id) == Stages{DropStage::delivered});
  desk.ask("taro", path_of(view) + "/files/0", "GET", {}, kPreview);  // to have looked is not to have
  DropBundle released = view;
  released.part = 2;
  released.verdict = transfer::DropVerdict::clean;
  released.files = {clean_text("released.txt")};
  desk.take(released);
  CHECK_FALSE(desk.ask("taro", path_of(view)).has("view_only"));
  CHECK(desk.ask("taro", path_of(view) + "/archive").has("released.txt"));
}

TEST_CASE("view only: where a rule asks for approval nobody but the approver looks before it") {
  PickUpDesk desk;
  desk.add("taro");
  desk.add("chief", "総務部/総務課", {Role::approver});
  DropBundle bundle = make_view();
  bundle.approval = {"閲覧の承認"};
  desk.take(bundle);
  const std::string page = path_of(bundle) + "/files/0";
  CHECK(desk.ask("taro", page, "GET", {}, kPreview).code == "not-approved");
  CHECK(desk.ask("chief", page, "GET", {}, kPreview).status == 200);
  CHECK(desk.ask("chief", page).status == 403);
  CHECK(desk.audit("viewed").empty());
  const std::string id = bundle.submission.text();
  CHECK(desk.decide("chief", id, "approve", desk.digest("chief", id)).status == 200);
  CHECK(desk.ask("taro", page, "GET", {}, kPreview).status == 200);
  CHECK(desk.ask("taro", page).code == "view-only");
}
