#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/intake.h"
#include "tests/unit/hex_example.h"

using namespace kiyome;
using namespace kiyome::transfer;

namespace {

ItemId id() { return ItemId::parse("01890000-0000-7000-8000-0123456789ab").value(); }

Bundle bundle() {
  Bundle b;
  b.id = id();
  b.part = 1;
  b.sender = "山田@example.jp";
  b.ret = 2;
  b.envid = "QQ+2B314";
  b.recipients = {{0, "a@example.jp", kNotifyDefault, ""},
                  {3, "\"b c\"@example.jp", kNotifySuccess | kNotifyDelay, "rfc822;b+20c@example.jp"}};
  b.sha256.fill(0xcd);
  b.content = "Subject: x\r\n\r\ny\r\n";
  return b;
}

DropBundle drop() {
  DropBundle b;
  b.id = id();
  b.part = 2;
  b.submission = ItemId::parse("01890000-0000-7000-8000-0000000000ff").value();
  b.number = 1;
  b.count = 2;
  b.sender = "s@out.example";
  b.sender_name = "佐藤";
  b.recipients = {"a@in.example", "b@in.example"};
  b.title = "資料";
  b.message = "一行目\n\t二行目";
  b.importance = "重要";
  b.name = "folder/資料.docx";
  b.type = "application/pdf";
  b.bytes = 12345;
  b.sha256.fill(1);
  b.findings = {18, 85};
  b.approval = {"規則"};
  b.policy.fill(2);
  b.files = {{"資料.docx.pdf", CleanFileType::pdf, {}, "%PDF"}, {"a.txt", CleanFileType::text, {}, ""}};
  return b;
}

template <class Set>
bool drop_crosses(Set&& set) {
  DropBundle b = drop();
  set(b);
  const auto decoded = decode_forward(encode(Forward(b)).substr(4));
  return decoded && std::get<DropBundle>(*decoded) == b;
}

template <class Set>
Bundle with(Set&& set) {
  Bundle b = bundle();
  set(b);
  return b;
}

bool crosses(const Bundle& b) {
  const auto decoded = decode_forward(encode(Forward(b)).substr(4));
  return decoded && std::get<Bundle>(*decoded) == b;
}

DeliveryResult result(ResultClass result_class, std::uint16_t status_class) {
  return {id(), 1, 2, result_class, status_class, 1, 999};
}

bool returns(const WayBack& message) {
  const auto decoded = decode_way_back(encode(message).substr(4));
  return decoded && *decoded == message;
}

std::vector<std::string> every_frame() {
  return {encode(Forward(bundle())),
          encode(Forward(ResultTaken{id(), 1, 2, 5})),
          encode(WayBack(Accepted{id(), 1})),
          encode(WayBack(Refused{id(), 1, RefusalReason::digest, 77})),
          encode(WayBack(result(ResultClass::failed, 5))),
          encode(Forward(drop())),
          encode(Forward(DropResultTaken{id(), 2, 3, DropStage::returned})),
          encode(WayBack(DropResult{id(), 2, 3, DropStage::picked_up})),
          encode(Intake(DropState{id(), DropProgress::held, 7, {43, 85}, 2})),
          encode(Intake(AskPicture{id(), 20})),
          encode(Intake(Picture{id(), 20, "PNG"})),
          encode(Intake(AskDrop{id()})),
          encode(Intake(Announce{id(), 3, 4096, 500})),
          encode(Intake(Taken{id()})),
          encode(Intake(FreeSegment{9})),
          encode(Forward(Door{id(), 3, "a@b", {}, 5, "s", "t", {{1, "n", "t", 9, {3}, kDoorAsk}}})),
          encode(Forward(DoorState{id(), 3, kLockedParts, DoorStep::wrong, 77})),
          encode(WayBack(DoorRequest{id(), 3, kWholeItem})),
          encode(WayBack(DoorPassword{id(), 3, 77, "合言葉"})),
          encode(WayBack(Checkpoint{Trail::gate, CheckpointKind::head, 9, 5, {}, {}, {}}))};
}

}  // namespace

TEST_CASE("bundle: every message comes back as it was sent") {
  CHECK(crosses(bundle()));
  const auto taken = decode_forward(encode(Forward(ResultTaken{id(), 1, 2, 5})).substr(4));
  REQUIRE(taken);
  CHECK(std::get<ResultTaken>(*taken) == ResultTaken{id(), 1, 2, 5});
  CHECK(returns(Accepted{id(), 65535}));
  CHECK(returns(Refused{id(), 1, RefusalReason::envelope, 123}));
  CHECK(returns(result(ResultClass::relayed, 2)));
  for (const Intake& message :
       {Intake(Announce{id(), 1, 2, 3}), Intake(Taken{id()}), Intake(FreeSegment{7})}) {
    const auto decoded = decode_intake(encode(message).substr(4));
    REQUIRE(decoded);
    CHECK(*decoded == message);
  }
}

TEST_CASE("bundle: a frame cut anywhere, or with one octet more, is refused by every codec") {
  for (const std::string& framed : every_frame()) {
    const std::string frame = framed.substr(4);
    for (std::size_t size = 0; size <= frame.size() + 1; ++size) {
      if (size == frame.size()) continue;
      const std::string altered = size < frame.size() ? frame.substr(0, size) : frame + '\0';
      if (const auto other = decode_forward(altered)) CHECK(encode(*other).substr(4) == altered);
      // The fixed messages are told apart by kind and length: no length of one is the length of another.
      CHECK_FALSE((decode_forward(altered) && altered[0] == frame[0] && decode_forward(frame)));
      CHECK_FALSE((decode_way_back(altered) && decode_way_back(frame)));
      CHECK_FALSE((decode_intake(altered) && decode_intake(frame)));
    }
  }
}

TEST_CASE("bundle: whatever octet is changed, what decodes is encoded to the same octets again") {
  for (const std::string& framed : every_frame()) {
    const std::string frame = framed.substr(4);
    for (std::size_t i = 0; i < frame.size(); ++i) {
      for (int change = 1; change < 256; change = change * 2 + 1) {
        std::string altered = frame;
        altered[i] = static_cast<char>(altered[i] ^ change);
        if (const auto m = decode_forward(altered)) CHECK(encode(*m).substr(4) == altered);
        if (const auto m = decode_way_back(altered)) CHECK(encode(*m).substr(4) == altered);
        if (const auto m = decode_intake(altered)) CHECK(encode(*m).substr(4) == altered);
      }
    }
  }
}

TEST_CASE("bundle: part 0 is the notice and only the notice") {
  CHECK(crosses(with([](Bundle& b) { b.part = 0, b.kind = BundleKind::notice; })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.part = 0; })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.kind = BundleKind::notice; })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.kind = static_cast<BundleKind>(3); })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.kind = static_cast<BundleKind>(0); })));
}

TEST_CASE("bundle: recipients come by index, each once, one at least and at most kBundleRecipients") {
  const auto many = [](std::size_t count) {
    return with([&](Bundle& b) {
      b.recipients.clear();
      for (std::size_t i = 0; i < count; ++i)
        b.recipients.push_back({static_cast<std::uint32_t>(i), "a@b", 0, ""});
    });
  };
  CHECK_FALSE(crosses(many(0)));
  CHECK(crosses(many(1)));
  CHECK(crosses(many(limits::kBundleRecipients)));
  CHECK_FALSE(crosses(many(limits::kBundleRecipients + 1)));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.recipients[1].index = 0; })));
  CHECK_FALSE(crosses(with([](Bundle& b) { std::swap(b.recipients[0], b.recipients[1]); })));
}

TEST_CASE("bundle: addresses hold nothing that could end a line or a path") {
  for (const char* good :
       {"a@b", "postmaster", "\"a b\"@c", "\"a\\\"b\"@c", "あ@例え.jp", "a@[192.0.2.1]", "a=b@c"})
    CHECK(is_envelope_address(good));
  for (const char* bad : {"", "a b@c", "a@b\r\n", "a\n@b", "<a@b>", "a>@b", "a\t@b", "a\x7f@b", "\xff@b",
                          "\xc2\x85@b", "\"a@b", "\"a\\\x01\"@b", "\"a<b\"@c", "a\xc2"})
    CHECK_FALSE(is_envelope_address(bad));
  CHECK(crosses(with([](Bundle& b) { b.sender = ""; })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.sender = "a b"; })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.recipients[0].address = ""; })));
  CHECK(crosses(with([](Bundle& b) { b.sender = std::string(limits::kSmtpPath, 'a'); })));
  CHECK_FALSE(crosses(with([](Bundle& b) { b.sender = std::string(limits::kSmtpPath + 1, 'a'); })));
}

TEST_CASE("bundle: the DSN parameters keep to RFC 3461") {
  for (int notify = 0; notify < 256; ++notify) {
    const bool known = notify == 1 || (notify & ~14) == 0;
    CHECK(crosses(with([&](Bundle& b) { b.recipients[0].notify = static_cast<std::uint8_t>(notify); })) ==
          known);
    CHECK(crosses(with([&](Bundle& b) { b.ret = static_cast<std::uint8_t>(notify); })) == (notify <= 2));
  }
  for (const char* good : {"", "abc", "a+2Bb", "a+2bb"}) CHECK(is_xtext(good));
  for (const char* bad : {"a b", "a=b", "+", "+2", "+2G", "\x7f", "あ", "a\n"}) CHECK_FALSE(is_xtext(bad));
  for (const char* good : {"rfc822;a@b", "x-y;a+3Db", "UTF-8;あ@b", "utf-8;a@b"}) CHECK(is_orcpt(good));
  for (const char* bad :
       {"", ";a", "rfc822;", "rfc822", "rfc 822;a", "rfc822;あ", "utf-8;あ b", "utf-8;<あ>"})
    CHECK_FALSE(is_orcpt(bad));
  for (const std::size_t extra : {0u, 1u}) {
    CHECK(crosses(with([&](Bundle& b) { b.envid = std::string(limits::kDsnEnvid + extra, 'a'); })) ==
          (extra == 0));
    CHECK(crosses(with([&](Bundle& b) {
            b.recipients[0].orcpt = "rfc822;" + std::string(limits::kDsnOrcpt - 7 + extra, 'a');
          })) == (extra == 0));
  }
}

TEST_CASE("bundle: a count or a length that the frame cannot hold is refused before memory is taken") {
  const std::string frame = encode(Forward(bundle())).substr(4);
  const std::size_t count = frame.find("QQ+2B314") + 8;
  std::string altered = frame;
  altered[count + 1] = 3;  // 770 recipients and not their octets
  CHECK_FALSE(decode_forward(altered));
  const std::size_t length = frame.find("Subject") - 4;
  altered = frame;
  altered[length + 3] = 0x20;
  CHECK_FALSE(decode_forward(altered));
  altered[length + 3] = static_cast<char>(0xff);
  CHECK_FALSE(decode_forward(altered));
}

TEST_CASE("way back: a status fits its result and has three digits at most") {
  for (int result_class = 0; result_class < 8; ++result_class)
    for (std::uint16_t status = 0; status < 8; ++status) {
      const bool fits = ((result_class == 1 || result_class == 2) && status == 2) ||
                        (result_class == 3 && status == 4) ||
                        ((result_class == 4 || result_class == 5) && (status == 4 || status == 5));
      CHECK(returns(result(static_cast<ResultClass>(result_class), status)) == fits);
    }
  DeliveryResult long_status = result(ResultClass::failed, 5);
  long_status.status_subject = 1000;
  CHECK_FALSE(returns(long_status));
  long_status = result(ResultClass::failed, 5);
  long_status.status_detail = 1000;
  CHECK_FALSE(returns(long_status));
}

TEST_CASE("way back: refusals have a known reason and an offset within a bundle") {
  for (int reason = 0; reason < 256; ++reason)
    CHECK(returns(Refused{id(), 1, static_cast<RefusalReason>(reason), 0}) == (reason >= 1 && reason <= 3));
  CHECK(returns(Refused{id(), 1, RefusalReason::grammar, limits::kBundleContent}));
  CHECK_FALSE(returns(Refused{id(), 1, RefusalReason::grammar, limits::kBundleContent + 1}));
}

TEST_CASE("way back: doors that do not exist yet are closed") {
  for (int kind = 0; kind < 256; ++kind) {
    std::string frame = encode(WayBack(Accepted{id(), 1})).substr(4);
    frame[0] = static_cast<char>(kind);
    CHECK(decode_way_back(frame).has_value() == (kind == 1));  // kind 7 is longer
  }
  CHECK_FALSE(decode_way_back(std::string(limits::kWayBackFrame + 1, '\1')));
}

TEST_CASE("forward: a taken result has a known class") {
  for (int result_class = 0; result_class < 256; ++result_class) {
    const ResultTaken taken{id(), 1, 2, static_cast<std::uint8_t>(result_class)};
    CHECK(decode_forward(encode(Forward(taken)).substr(4)).has_value() ==
          (result_class >= 1 && result_class <= 5));
  }
}

TEST_CASE("drop: every message comes back as it was sent") {
  CHECK(drop_crosses([](DropBundle&) {}));
  CHECK(encode(AnyBundle(drop())) == encode(Forward(drop())));
  CHECK(encode(AnyBundle(bundle())) == encode(Forward(bundle())));
  CHECK(octets_of(drop()) == 4);
  CHECK(returns(DropResult{id(), 1, limits::kCrossingRecipients - 1, DropStage::expired}));
  const auto taken =
      decode_forward(encode(Forward(DropResultTaken{id(), 1, 2, DropStage::waiting})).substr(4));
  REQUIRE(taken);
  CHECK(std::get<DropResultTaken>(*taken) == DropResultTaken{id(), 1, 2, DropStage::waiting});
  for (const Intake& message :
       {Intake(DropState{id(), DropProgress::picked_up, 4294967295u, {1, 2, 3}, limits::kPreviewPages}),
        Intake(DropState{id(), DropProgress::received, 0, {}, 0}), Intake(AskDrop{id()}),
        Intake(AskPicture{id(), 1}), Intake(Picture{id(), 3, "\x89PNG"}), Intake(Picture{id(), 3, ""})}) {
    const auto decoded = decode_intake(encode(message).substr(4));
    REQUIRE(decoded);
    CHECK(*decoded == message);
  }
}

TEST_CASE("drop: what is clean has files, and nothing else has files or an approval") {
  const auto without_files = [](DropVerdict verdict) {
    return [verdict](DropBundle& b) {
      b.verdict = verdict;
      b.files.clear();
      b.approval.clear();
    };
  };
  CHECK(drop_crosses(without_files(DropVerdict::held)));
  CHECK(drop_crosses(without_files(DropVerdict::rejected)));
  CHECK_FALSE(drop_crosses(without_files(DropVerdict::clean)));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.verdict = DropVerdict::held; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) {
    b.verdict = DropVerdict::held;
    b.files.clear();
  }));
  CHECK(drop_crosses([](DropBundle& b) { b.approval.clear(); }));
  for (int verdict = 4; verdict < 256; ++verdict)
    CHECK_FALSE(drop_crosses(without_files(static_cast<DropVerdict>(verdict))));
  CHECK_FALSE(drop_crosses(without_files(static_cast<DropVerdict>(0))));
}

TEST_CASE("drop: what is held bears files only as pictures that may be viewed, and these can be approved") {
  const auto viewed = [](auto&& set) {
    return drop_crosses([&](DropBundle& b) {
      b.verdict = DropVerdict::held;
      b.findings = {5, kViewOnly, 200};
      b.files = {{"x 1.png", CleanFileType::png, {}, "a"}, {"x 2.png", CleanFileType::png, {}, "b"}};
      set(b);
    });
  };
  CHECK(viewed([](DropBundle&) {}));
  CHECK(viewed([](DropBundle& b) { b.approval.clear(); }));
  CHECK(viewed([](DropBundle& b) { b.files.pop_back(); }));
  CHECK(viewed([](DropBundle& b) { b.files.clear(), b.approval.clear(); }));
  CHECK_FALSE(viewed([](DropBundle& b) { b.files.clear(); }));  // nothing to be approved
  CHECK_FALSE(viewed([](DropBundle& b) { b.findings = {5, kViewOnly + 1}; }));
  CHECK_FALSE(viewed([](DropBundle& b) { b.findings.clear(); }));
  CHECK_FALSE(viewed([](DropBundle& b) { b.files[1] = {"x.pdf", CleanFileType::pdf, {}, "b"}; }));
  CHECK_FALSE(viewed([](DropBundle& b) { b.files[0] = {"x.txt", CleanFileType::text, {}, "b"}; }));
  CHECK_FALSE(viewed([](DropBundle& b) { b.verdict = DropVerdict::rejected; }));
  CHECK(viewed([](DropBundle& b) { b.verdict = DropVerdict::clean; }));  // the finding alone forbids nothing
}

TEST_CASE("drop: previews are of the first pages, and of bounded size") {
  const auto good = [](const Intake& message) {
    return decode_intake(encode(message).substr(4)).has_value();
  };
  for (const std::uint32_t page : {1u, limits::kPreviewPages}) {
    CHECK(good(AskPicture{id(), page}));
    CHECK(good(Picture{id(), page, "x"}));
  }
  for (const std::uint32_t page : {0u, limits::kPreviewPages + 1, 4294967295u}) {
    CHECK_FALSE(good(AskPicture{id(), page}));
    CHECK_FALSE(good(Picture{id(), page, "x"}));
  }
  CHECK(good(Picture{id(), 1, std::string(limits::kPictureOctets, 'x')}));
  CHECK_FALSE(good(Picture{id(), 1, std::string(limits::kPictureOctets + 1, 'x')}));
  CHECK(good(DropState{id(), DropProgress::clean, 0, {}, limits::kPreviewPages}));
  CHECK_FALSE(good(DropState{id(), DropProgress::clean, 0, {}, limits::kPreviewPages + 1}));
  CHECK(encode(Intake(AskPicture{id(), 1})).size() <= limits::kIntakeFrame);
}

TEST_CASE("drop: a clean file is named as the type it is, without a path, each once") {
  const auto named = [](std::string name, CleanFileType type = CleanFileType::pdf) {
    return drop_crosses([&](DropBundle& b) {
      b.files[0].name = std::move(name);
      b.files[0].type = type;
    });
  };
  CHECK(named("x.pdf"));
  CHECK(named("x.txt", CleanFileType::text));
  CHECK(named("x.png", CleanFileType::png));
  CHECK(named("x.zip", CleanFileType::zip));
  for (const char* bad : {"", ".pdf", "pdf", "x.PDF", "x.txt", "x.pdf.exe", "a/x.pdf", "a\\x.pdf", "x\n.pdf",
                          "x\t.pdf", "x\x7f.pdf", "\xff.pdf", "x.pdf "})
    CHECK_FALSE(named(bad));
  CHECK_FALSE(named("a.txt", CleanFileType::text));  // the second file's
  CHECK_FALSE(named("x.pdf", static_cast<CleanFileType>(5)));
  CHECK_FALSE(named("x.pdf", static_cast<CleanFileType>(0)));
  CHECK(named(std::string(limits::kCleanFileName - 4, 'x') + ".pdf"));
  CHECK_FALSE(named(std::string(limits::kCleanFileName - 3, 'x') + ".pdf"));
}

TEST_CASE("drop: texts are clean and bounded") {
  const auto line = [](std::string DropBundle::*member, std::size_t max) {
    const auto crosses_as = [&](std::string text) {
      return drop_crosses([&](DropBundle& b) { b.*member = text; });
    };
    CHECK(crosses_as(""));
    CHECK(crosses_as(std::string(max, 'x')));
    CHECK_FALSE(crosses_as(std::string(max + 1, 'x')));
    for (const char* bad : {"a\nb", "a\rb", "a\tb", "\x7f", "\x01", "\xc2\x85", "\xed\xa0\x80", "\xe3\x81"})
      CHECK_FALSE(crosses_as(bad));
    CHECK_FALSE(crosses_as(std::string("a\0b", 3)));
  };
  line(&DropBundle::sender_name, limits::kCrossingPerson);
  line(&DropBundle::title, limits::kCrossingTitle);
  line(&DropBundle::importance, limits::kCrossingImportance);
  line(&DropBundle::name, limits::kCrossingFileName);
  line(&DropBundle::type, limits::kCleanType);
  const auto message = [](std::string text) {
    return drop_crosses([&](DropBundle& b) { b.message = std::move(text); });
  };
  CHECK(message(std::string(limits::kCrossingMessage, 'x')));
  CHECK_FALSE(message(std::string(limits::kCrossingMessage + 1, 'x')));
  CHECK_FALSE(message("a\r\nb"));
  CHECK_FALSE(message("\x1b[2J"));
}

TEST_CASE("drop: counts, numbers and people are bounded") {
  const auto recipients = [](std::size_t count) {
    return drop_crosses([&](DropBundle& b) {
      b.recipients.clear();
      for (std::size_t i = 0; i < count; ++i) b.recipients.push_back("a" + std::to_string(i) + "@in.example");
    });
  };
  CHECK_FALSE(recipients(0));
  CHECK(recipients(1));
  CHECK(recipients(limits::kCrossingRecipients));
  CHECK_FALSE(recipients(limits::kCrossingRecipients + 1));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.recipients[1] = b.recipients[0]; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.recipients[0] = "a b"; }));
  CHECK(drop_crosses([](DropBundle& b) { b.sender.clear(); }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.sender = "<a@b>"; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.part = 0; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.number = 0; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.number = 3; }));
  CHECK(drop_crosses([](DropBundle& b) { b.count = limits::kCrossingFiles; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.count = limits::kCrossingFiles + 1; }));
  CHECK(drop_crosses([](DropBundle& b) { b.bytes = limits::kMessageBytes; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.bytes = limits::kMessageBytes + 1; }));
  for (const std::size_t extra : {0u, 1u}) {
    CHECK(drop_crosses([&](DropBundle& b) {
            b.findings.clear();
            for (std::size_t i = 0; i < limits::kCrossingFindings + extra; ++i)
              b.findings.push_back(static_cast<std::uint16_t>(i + 1));
          }) == (extra == 0));
    CHECK(drop_crosses([&](DropBundle& b) { b.approval.assign(limits::kCrossingApprovals + extra, "x"); }) ==
          (extra == 0));
    CHECK(drop_crosses([&](DropBundle& b) {
            b.approval = {std::string(limits::kCrossingRuleName + extra, 'x')};
          }) == (extra == 0));
    CHECK(drop_crosses([&](DropBundle& b) {
            b.files.clear();
            for (std::size_t i = 0; i < limits::kCrossingCleanFiles + extra; ++i)
              b.files.push_back({std::to_string(i) + ".txt", CleanFileType::text, {}, ""});
          }) == (extra == 0));
  }
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.approval = {""}; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.findings = {2, 2}; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.findings = {3, 2}; }));
  CHECK_FALSE(drop_crosses([](DropBundle& b) { b.findings = {0}; }));
}

TEST_CASE("drop: results and states are of known kinds") {
  for (int stage = 0; stage < 256; ++stage) {
    const bool known = stage >= 1 && stage <= 5;
    const DropResult one{id(), 1, 0, static_cast<DropStage>(stage)};
    CHECK(returns(one) == known);
    CHECK(decode_forward(encode(Forward(DropResultTaken{id(), 1, 0, one.stage})).substr(4)).has_value() ==
          known);
    const DropState state{id(), static_cast<DropProgress>(stage), 0, {}, 0};
    CHECK(decode_intake(encode(Intake(state)).substr(4)).has_value() == (stage >= 1 && stage <= 9));
  }
  CHECK_FALSE(returns(DropResult{id(), 0, 0, DropStage::waiting}));
  CHECK_FALSE(returns(DropResult{id(), 1, limits::kCrossingRecipients, DropStage::waiting}));
  DropState many{id(), DropProgress::held, 0, {}, 0};
  for (std::size_t i = 0; i < limits::kCrossingFindings; ++i)
    many.findings.push_back(static_cast<std::uint16_t>(i + 1));
  CHECK(encode(Intake(many)).size() <= limits::kIntakeFrame);
  CHECK(decode_intake(encode(Intake(many)).substr(4)));
}

TEST_CASE("drop: a count that the frame cannot hold is refused before memory is taken") {
  const std::string frame = encode(Forward(drop())).substr(4);
  const std::size_t files = frame.find("資料.docx.pdf") - 8;
  std::string altered = frame;
  REQUIRE(altered[files] == 2);
  altered[files + 1] = 4;
  CHECK_FALSE(decode_forward(altered));
  altered[files + 3] = static_cast<char>(0xff);
  CHECK_FALSE(decode_forward(altered));
}

TEST_CASE("intake: an empty record is refused") {
  CHECK(decode_intake(encode(Intake(Announce{id(), 0, 0, 1})).substr(4)));
  CHECK_FALSE(decode_intake(encode(Intake(Announce{id(), 0, 0, 0})).substr(4)));
}

TEST_CASE("frames: a stream gives its frames however it is cut") {
  std::string stream;
  const std::vector<std::string> frames = every_frame();
  for (const std::string& frame : frames) stream += frame;
  for (std::size_t step = 1; step < 100; ++step) {
    FrameReader reader(limits::kTransferFrame);
    std::vector<std::string> got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.feed(std::string_view(stream).substr(at, step));
      for (std::string frame;;) {
        const auto more = reader.next(frame);
        REQUIRE(more);
        if (!*more) break;
        got.push_back(frame);
      }
    }
    REQUIRE(got.size() == frames.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == frames[i].substr(4));
  }
}

TEST_CASE("frames: a length of nothing or beyond the bound ends the stream") {
  for (const std::uint32_t length : {0u, 4095u, 4096u, 4097u, 0xffffffffu}) {
    FrameReader reader(limits::kWayBackFrame);
    std::string head;
    for (int i = 0; i < 4; ++i) head += static_cast<char>(length >> (8 * i));
    reader.feed(head);
    std::string frame;
    CHECK(reader.next(frame).has_value() == (length == 4095 || length == 4096));
    reader.feed(std::string(5000, 'x'));
    CHECK(reader.next(frame).has_value() == (length == 4095 || length == 4096));
  }
}

TEST_CASE("FORMAT.md of transfer: its example is what the codec writes and reads") {
  Bundle b;
  b.id = id();
  b.part = 1;
  b.sender = "a@b.jp";
  b.recipients = {{0, "c@d.jp", kNotifyFailure, ""}};
  b.sha256.fill(0x5a);
  b.content = "Subject: x\r\n\r\ny\r\n";
  DropBundle d;
  d.id = id();
  d.submission = ItemId::parse("01890000-0000-7000-8000-0123456789aa").value();
  d.sender = "a@b.jp";
  d.sender_name = "佐";
  d.recipients = {"c@d.jp"};
  d.title = "t";
  d.message = "m\n";
  d.name = "a.x";
  d.type = "text/plain";
  d.bytes = 3;
  d.sha256.fill(0x5a);
  d.findings = {85};
  d.approval = {"r"};
  d.policy.fill(0xa5);
  d.files = {{"a.x.txt", CleanFileType::text, {}, "y\r\n"}};
  d.files[0].sha256.fill(0x5a);
  Checkpoint c{Trail::cleaner, CheckpointKind::head, 7, 1000, {}, {}, {}};
  c.head.fill(0x5a);
  c.key.fill(0xa5);
  c.signature.fill(0x5a);
  Door door{b.id, 0, "c@d.jp", {}, 1000, "s", "", {{2, "n", "", 3, {85}, kDoorAsk | kDoorPassword}}};
  door.token_hash.fill(0x5a);
  SealedOriginal s{d.submission, b.id, "c@d.jp", "a.x", d.sha256, std::string("PK\3\4\x33\0\1\0", 8)};
  const std::string octets = test::hex_example("proto/transfer/FORMAT.md");
  CHECK(octets ==
        encode(Forward(b)) + encode(WayBack(Accepted{b.id, 1})) +
            encode(WayBack(DeliveryResult{b.id, 1, 0, ResultClass::failed, 5, 1, 1})) +
            encode(Forward(ResultTaken{b.id, 1, 0, 4})) + encode(Intake(Announce{b.id, 1, 4096, 812})) +
            encode(Forward(d)) + encode(WayBack(DropResult{b.id, 1, 0, DropStage::picked_up})) +
            encode(Forward(DropResultTaken{b.id, 1, 0, DropStage::picked_up})) +
            encode(Intake(AskDrop{b.id})) +
            encode(Intake(DropState{b.id, DropProgress::picked_up, 2, {85}, 1})) +
            encode(Intake(AskPicture{b.id, 1})) + encode(Intake(Picture{b.id, 1, "\x89PNG"})) +
            encode(Forward(c)) + encode(Forward(door)) + encode(WayBack(DoorRequest{b.id, 0, 2})) +
            encode(WayBack(DoorPassword{b.id, 0, 12345, "pw"})) +
            encode(Forward(DoorState{b.id, 0, 2, DoorStep::asked})) +
            encode(Forward(DoorState{b.id, 0, kLockedParts, DoorStep::wrong, 12345})) + encode(Forward(s)));
}
