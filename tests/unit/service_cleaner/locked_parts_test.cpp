#include "service/cleaner/locked_parts.h"

#include <doctest/doctest.h>

using namespace kiyome;
using clean::Finding;
using cleaner::Group;
using cleaner::locked_places;
using cleaner::opens_any;
using document::Entry;
using document::Made;

namespace {

Made locked() {
  Made out;
  out.reasons = {Finding::kEncrypted};
  return out;
}

Made good() {
  Made out;
  out.action = Action::flatten;
  return out;
}

Made damaged() {
  Made out;
  out.reasons = {Finding::kDamagedPart};
  return out;
}

Made with(std::vector<Made> entries) {
  Made out = good();
  for (Made& each : entries) out.entries.push_back({{}, std::move(each)});
  return out;
}

struct Mail {
  clean::MailAnswer answer;
  std::vector<Made> made;
  Group group;
  explicit Mail(std::vector<Made> parts) : made(std::move(parts)) {
    answer.parts.resize(made.size() + 1);
    for (std::uint32_t i = 0; i < answer.parts.size(); ++i) {
      answer.parts[i].index = i;
      answer.parts[i].detected_type = "application/zip";
      group.parts.push_back({i, Action::flatten, {}, i == 0 ? nullptr : &made[i - 1]});
    }
  }
  std::string places() const { return locked_places(group, answer); }
};

}  // namespace

TEST_CASE("locked parts: files and entries that are encrypted have places, all others none") {
  CHECK(Mail({good(), damaged()}).places().empty());
  CHECK(Mail({locked(), good(), locked()}).places() == "1 3");
  CHECK(Mail({with({good(), locked(), with({locked()})})}).places() == "1/1 1/2/0");
}

TEST_CASE("locked parts: what no password opens has none") {
  Mail mail({locked()});
  mail.answer.parts[1].detected_type = "application/pgp-encrypted";
  CHECK(mail.places().empty());
  mail.answer.parts[1].detected_type.clear();  // an encrypted entry hides its type
  CHECK(mail.places() == "1");
}

TEST_CASE("locked parts: a place is open when something clean stands there") {
  CHECK(opens_any("1 3", Mail({locked(), good(), good()}).group));
  CHECK_FALSE(opens_any("1 3", Mail({locked(), good(), locked()}).group));
  CHECK_FALSE(opens_any("1", Mail({damaged()}).group));
  CHECK(opens_any("1/1", Mail({with({locked(), good()})}).group));
  CHECK_FALSE(opens_any("1/0", Mail({with({locked(), good()})}).group));
  CHECK(opens_any("1", Mail({with({locked(), good()})}).group));           // an archive whose list was hidden
  CHECK_FALSE(opens_any("1", Mail({with({locked(), damaged()})}).group));  // … and nothing of it is clean
}

TEST_CASE("locked parts: a place that is not there is not open") {
  const Mail mail({with({good()})});
  for (const char* places :
       {"", "7", "0", "1/1", "1/0/0", "1/", "/", "x", "1/x", "99999999999999999999999", "  "}) {
    CAPTURE(places);
    const bool open = opens_any(places, mail.group);
    CHECK(open == (std::string_view(places) == "1/"));
  }
}
