// The input chooses a ZIP's entries, whose checksums, sizes and records are then right, or is one as it is.
// In what the verifier accepts every entry is clean by itself.
#include <cstdlib>
#include <string>

#include "service/gate/verify.h"
#include "tests/fuzz/service_gate/mutator.h"
#include "tests/unit/service_gate/png_sample.h"
#include "tests/unit/service_gate/verify_sample.h"
#include "tests/unit/service_gate/zip_sample.h"

using namespace kiyome;
using namespace kiyome::zip_sample;

namespace {

bool judge(const std::string& zip) {
  const auto violation = gate::verify_zip(zip);
  if (violation && violation->offset > zip.size()) std::abort();
  return !violation;
}

std::string content(fuzz::Choices& choices) {
  switch (choices.below(5)) {
    case 0:
      return png_sample::Png().png();
    case 1:
      return pdf_sample::with_page(pdf_sample::Page::words()).pdf();
    case 2:
      return verify_sample::Sample::small().mail();
    default:
      return choices.text(choices.octet());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judge(std::string(reinterpret_cast<const char*>(data), size));
  static constexpr const char* kExtensions[] = {".txt", ".png", ".pdf", ".eml", ".zip", ""};
  fuzz::Choices choices(data, size);
  Zip zip;
  while (!choices.done() && zip.entries.size() < 16) {
    Entry entry;
    entry.name = choices.text(choices.octet()) + kExtensions[choices.below(6)];
    entry.content = content(choices);
    zip.entries.push_back(entry);
  }
  if (zip.entries.empty() || !judge(zip.zip())) return 0;
  for (const Entry& entry : zip.entries) {
    if (entry.name.find("..") == 0 || entry.name.find('\\') != std::string::npos || entry.name[0] == '/')
      std::abort();
    const bool pdf = entry.name.ends_with(".pdf"), png = entry.name.ends_with(".png"),
               mail = entry.name.ends_with(".eml");
    const auto bad = pdf    ? gate::verify_pdf(entry.content)
                     : png  ? gate::verify_png(entry.content)
                     : mail ? gate::verify_mail(entry.content)
                            : gate::verify_text(entry.content);
    if (bad) std::abort();
  }
  return 0;
}
