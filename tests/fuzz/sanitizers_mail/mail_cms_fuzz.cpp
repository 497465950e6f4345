// Any octets as CMS: the content is never more than the input holds.
#include <cstdint>
#include <string>

#include "proto/base/check.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const CmsContent cms = read_cms({reinterpret_cast<const char*>(data), size});
  KIYOME_CHECK(cms.content.size() <= size);
  KIYOME_CHECK(cms.kind == Cms::signed_data || (cms.content.empty() && !cms.damaged));
  // The same behind the head of signed data, so that the walk over pieces is reached at once.
  std::string octets(
      "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06"
      "\x01\x2a\xa0\x80\x24\x80",
      31);
  octets.append(reinterpret_cast<const char*>(data), size);
  KIYOME_CHECK(read_cms(octets).content.size() <= size);
  return 0;
}
