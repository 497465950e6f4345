// The input is a PDF as it is, or chooses the parts of one, whose lengths, offsets and compression are then
// right. What the verifier accepts holds none of the words that a clean PDF has no use for.
#include <cstdlib>
#include <string>

#include "service/gate/verify.h"
#include "tests/fuzz/service_gate/mutator.h"
#include "tests/unit/service_gate/pdf_sample.h"

using namespace kiyome;
using namespace kiyome::pdf_sample;

namespace {

bool judge(const std::string& pdf) {
  const auto violation = gate::verify_pdf(pdf);
  if (violation && violation->offset > pdf.size()) std::abort();
  return !violation;
}

// Between two fixed parts of the file what is written is the input's choice.
struct Part {
  const char* front;
  const char* back;
};

std::string image_of(fuzz::Choices& choices) {
  static const std::string kSpaces[] = {"/DeviceGray", "/DeviceRGB",
                                        "[/Indexed /DeviceRGB 1 <000000FFFFFF>]"};
  static constexpr unsigned kBits[] = {1, 4, 8, 2};
  const unsigned width = 1 + choices.below(40), height = 1 + choices.below(40);
  const std::string& space = kSpaces[choices.below(3)];
  const unsigned bits = kBits[choices.below(4)];
  switch (choices.below(7)) {
    case 0:
      return jpeg_image(17, 9, "/DeviceRGB", jpeg_sample::kHalved);
    case 1:
      return jpeg_image(17, 9, "/DeviceGray", choices.text(choices.octet()));
    case 2:
      return image(width, height, choices.text(choices.octet()), choices.text(choices.octet()));
    case 3:
      return image(width, height,
                   space + " /BitsPerComponent " + std::to_string(bits) + " /Filter /FlateDecode",
                   choices.text(choices.octet()));
    case 4:
      return choices.below(2) == 0 ? fax_image(20, 2, kFax)
                                   : fax_image(width, height, choices.text(choices.octet()));
    default: {
      std::string rows = choices.text(choices.octet());
      rows.resize((width * bits * (space == "/DeviceRGB" ? 3 : 1) + 7) / 8 * height, '\0');
      return flate_image(width, height, space, bits, rows);
    }
  }
}

Page page_of(fuzz::Choices& choices, int& next) {
  Page page;
  std::string names;
  for (unsigned i = choices.below(3); i != 0; --i) page.images.push_back(image_of(choices));
  unsigned shown = 0;
  for (std::size_t i = 0; i < page.images.size() + choices.below(2); ++i) {
    const std::string number =
        std::to_string(next + static_cast<int>(i) - static_cast<int>(choices.below(2)));
    names += "/Im" + std::to_string(shown) + " " + number + " 0 R ";
    page.content +=
        drawn(shown++, choices.below(2) == 0 ? "1 0 0 1 0 0" : choices.text(choices.octet() % 40));
  }
  if (!names.empty()) page.resources = "/XObject << " + names + ">> ";
  if (choices.below(2) == 0) {
    page.content += text(choices.below(2) == 0 ? kWord : choices.text(choices.octet()));
    page.resources += "/Font << /F0 4 0 R >> ";
  }
  if (choices.below(8) == 0) page.media = choices.text(choices.octet() % 24);
  if (choices.below(8) == 0) page.content = choices.text(choices.octet());
  next += static_cast<int>(page.images.size()) + 2;
  return page;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (data[0] % 2 == 0) {
    judge(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
    return 0;
  }
  fuzz::Choices choices(data + 1, size - 1);
  Pdf pdf;
  int next = 9;
  do {
    pdf.pages.push_back(page_of(choices, next));
  } while (pdf.pages.size() < 4 && choices.below(2) == 0);
  if (choices.below(4) == 0) pdf.information = "<< /Title <FEFF" + choices.text(choices.octet()) + "> >>";
  if (choices.below(4) == 0) pdf.unicode = to_unicode({choices.text(18)});
  if (choices.below(16) == 0) pdf.kids = choices.text(choices.octet());
  if (choices.below(16) == 0) pdf.before_8 = choices.text(choices.octet());
  const std::string octets = pdf.pdf();
  if (!judge(octets)) return 0;
  for (const char* word : {"/OpenAction", "/JS", "/AA", "/URI", "/Launch", "/EmbeddedFile", "/Annots",
                           "/AcroForm", "/XFA", "/Encrypt", "/ObjStm", "/SMask", "/Prev"})
    if (octets.find(word) != std::string::npos) std::abort();
  return 0;
}

// Inputs of the first kind begin with PDFs that are right, changed a little.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (seed % 64 != 0) return LLVMFuzzerMutate(data, size, max_size);
  static const std::string kSample = std::string(1, '\0') + everything().pdf();
  return fuzz::copied(fuzz::mutated(kSample), data, max_size);
}
