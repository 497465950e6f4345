// Clean mails, altered by one octet everywhere: what the verifier still accepts must be clean in the eyes of
// the oracle too.
#include <doctest/doctest.h>

#include <string>

#include "service/gate/verify.h"
#include "tests/unit/service_gate/verify_oracle.h"
#include "tests/unit/service_gate/verify_sample.h"

using namespace kiyome;
using namespace std::string_view_literals;
using namespace kiyome::verify_sample;

namespace {

std::vector<std::string> clean_mails() {
  Sample quoted =
      Sample::with_content("quoted-printable", "=E3=81=82=E3=81=84 http://a/b =\r\nc:\\\\ d=09\r\n");
  Sample text = Sample::with_text(
      "【無害化】 添付 1 件\r\n送信者確認: 合格\r\n\r\nか゛が ﾊﾟ 塚\r\n>>x\r\n\r\n【無害化通知】\r\n1. "
      "a.exe\r\n【無害化通知おわり】\r\n");
  Sample parts =
      Sample::with_parts(kBodyPart + attachment("a.txt") + wide_attachment("添付.txt", "あ\r\n") + kClose);
  return {Sample().mail(), quoted.mail(), text.mail(), parts.mail()};
}

struct Count {
  long accepted = 0, refused = 0;
};

void judge(const std::string& mail, Count& count) {
  const bool clean = !gate::verify_mail(mail);
  (clean ? count.accepted : count.refused)++;
  if (!clean) return;
  const char* why = verify_oracle::why_dirty(mail);
  if (why == nullptr) return;
  CAPTURE(mail);
  FAIL_CHECK(why);
}

}  // namespace

TEST_CASE("verify: the oracle finds the samples clean, and sees what it must") {
  for (const std::string& mail : clean_mails()) {
    CHECK(!gate::verify_mail(mail));
    CHECK(verify_oracle::why_dirty(mail) == nullptr);
  }
  CHECK(verify_oracle::why_dirty(japanese_mail()) == nullptr);
  for (const char* text :
       {"a\u202eb\r\n", "file:x\r\n", "\\\\server\r\n", "begin 644 x\r\n", "e\u0301\r\n", "no end"})
    CHECK(verify_oracle::why_dirty(Sample::with_text(text).mail()) != nullptr);
  Sample bcc;
  bcc.cc = "Bcc: a@b\r\n";
  CHECK(verify_oracle::why_dirty(bcc.mail()) != nullptr);
}

TEST_CASE("verify: one octet exchanged, put in or taken out anywhere") {
  constexpr std::string_view kOctets = "\0\t\n\r \"%()-./0:;<=>?@AZ\\_az|~\x7f\x80\xe3\xff"sv;
  Count count;
  for (const std::string& mail : clean_mails()) {
    for (std::size_t at = 0; at < mail.size(); ++at) {
      for (const char c : kOctets) {
        std::string altered = mail;
        altered[at] = c;
        judge(altered, count);
        altered = mail;
        altered.insert(at, 1, c);
        judge(altered, count);
      }
      for (int bit = 0; bit < 8; ++bit) {
        std::string altered = mail;
        altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
        judge(altered, count);
      }
      std::string shorter = mail;
      shorter.erase(at, 1);
      judge(shorter, count);
    }
  }
  MESSAGE(count.refused << " refused, " << count.accepted << " accepted and clean");
  CHECK(count.refused > count.accepted);
}

TEST_CASE("verify: cut off anywhere, and lines taken out, doubled and exchanged") {
  Count count;
  for (const std::string& mail : clean_mails()) {
    for (std::size_t size = 0; size < mail.size(); ++size) judge(mail.substr(0, size), count);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < mail.size();) {
      const std::size_t end = mail.find('\n', at) + 1;
      lines.push_back(mail.substr(at, end - at));
      at = end;
    }
    const auto joined = [](const std::vector<std::string>& all) {
      std::string out;
      for (const std::string& line : all) out += line;
      return out;
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::vector<std::string> altered = lines;
      altered.erase(altered.begin() + static_cast<long>(i));
      judge(joined(altered), count);
      for (std::size_t k = 0; k < lines.size(); ++k) {
        altered = lines;
        altered.insert(altered.begin() + static_cast<long>(k), lines[i]);
        judge(joined(altered), count);
        altered = lines;
        std::swap(altered[i], altered[k]);
        judge(joined(altered), count);
      }
    }
  }
  MESSAGE(count.refused << " refused, " << count.accepted << " accepted and clean");
}
