// What the verifier accepts is clean in the eyes of the oracle too; nothing it is given makes it fail. The
// first octet of the input chooses: a mail as it is, or the same wrapped as the text of a clean mail, so that
// sections 1 to 3 are reached at once.
#include <cstdio>
#include <cstdlib>

#include "service/gate/verify.h"
#include "tests/unit/service_gate/verify_oracle.h"
#include "tests/unit/service_gate/verify_sample.h"

using namespace kiyome;
using namespace kiyome::verify_sample;

namespace {

void judge(std::string_view mail) {
  const auto violation = gate::verify_mail(mail);
  if (violation && violation->offset > mail.size()) std::abort();
  if (violation) return;
  if (const char* why = verify_oracle::why_dirty(mail)) {
    std::fprintf(stderr, "accepted, but %s\n", why);
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      judge(rest);
      break;
    case 1:
      judge(Sample::with_text(rest).mail());
      break;
    case 2:
      judge(Sample::with_parts(rest).mail());
      break;
    case 3:
      judge(
          Sample::with_parts(kBodyPart + wide_attachment(std::string(rest.substr(0, 200)) + ".txt") + kClose)
              .mail());
      break;
    default: {
      Sample sample;
      sample.subject = "Subject:\r\n " + word(rest.substr(0, 45)) + "\r\n";
      judge(sample.mail());
    }
  }
  (void)gate::verify_file(rest);
  return 0;
}
