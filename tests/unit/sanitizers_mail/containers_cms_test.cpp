#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

std::string der(unsigned char tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 128) {
    out += static_cast<char>(content.size());
  } else {
    out += '\x83';
    for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(content.size() >> shift);
  }
  return out + content;
}
std::string ber(unsigned char tag, const std::string& content) {  // of indefinite length
  return std::string(1, static_cast<char>(tag)) + '\x80' + content + std::string(2, '\0');
}

const std::string kPkcs7("\x2a\x86\x48\x86\xf7\x0d\x01\x07", 8);
std::string oid(char last) { return der(0x06, kPkcs7 + last); }
const std::string kVersion = der(0x02, "\x01"), kDigests = der(0x31, der(0x30, der(0x06, "abc")));

template <class Make>
std::string signed_data(Make&& make, const std::string& content) {
  const std::string inner = kVersion + kDigests + make(0x30, oid(1) + content) + der(0x31, "signers");
  return make(0x30, oid(2) + make(0xa0, make(0x30, inner)));
}

}  // namespace

TEST_CASE("cms: the content of opaque-signed data comes back from DER and from BER") {
  const std::string text(70000, 't');
  CHECK(read_cms(signed_data(der, der(0xa0, der(0x04, text)))).content == text);
  CHECK(read_cms(signed_data(ber, ber(0xa0, der(0x04, text)))).content == text);
  const std::string pieces =
      der(0x04, "one ") + der(0x24, der(0x04, "two ") + der(0x04, "three ")) + ber(0x24, der(0x04, "four"));
  for (const std::string& octets :
       {signed_data(ber, ber(0xa0, ber(0x24, pieces))), signed_data(der, der(0xa0, der(0x24, pieces)))}) {
    const CmsContent cms = read_cms(octets);
    CHECK(cms.kind == Cms::signed_data);
    CHECK(cms.content == "one two three four");
    CHECK_FALSE(cms.damaged);
  }
}

TEST_CASE("cms: a detached signature has no content") {
  for (const std::string& octets : {signed_data(der, ""), signed_data(ber, "")}) {
    const CmsContent cms = read_cms(octets);
    CHECK(cms.kind == Cms::signed_data);
    CHECK(cms.content.empty());
    CHECK_FALSE(cms.damaged);
  }
}

TEST_CASE("cms: what stands behind the signed data is noticed") {
  for (const std::string& octets : {signed_data(der, ""), signed_data(ber, "")}) {
    CHECK(read_cms(octets).whole);
    CHECK(!read_cms(octets + "MZ").whole);
    CHECK(!read_cms(octets.substr(0, octets.size() - 1)).whole);
  }
}

TEST_CASE("cms: other content types are told apart") {
  const auto kind = [](const std::string& type) { return read_cms(der(0x30, type + der(0xa0, "x"))).kind; };
  CHECK(kind(oid(1)) == Cms::other);
  CHECK(kind(oid(3)) == Cms::enveloped_data);
  CHECK(kind(oid(6)) == Cms::enveloped_data);
  const std::string smime("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01", 10);
  CHECK(kind(der(0x06, smime + "\x09")) == Cms::compressed_data);
  CHECK(kind(der(0x06, smime + "\x17")) == Cms::enveloped_data);
  CHECK(kind(der(0x06, "other")) == Cms::other);
  for (const char* none : {"", "0", "text that is no CMS", "%PDF-1.4"})
    CHECK(read_cms(none).kind == Cms::not_cms);
}

TEST_CASE("cms: cut anywhere, what can be read is given and the damage is said") {
  const std::string text(300, 't');
  const std::string octets = signed_data(ber, ber(0xa0, ber(0x24, der(0x04, text) + der(0x04, text))));
  std::size_t most = 0;
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const CmsContent cms = read_cms(std::string_view(octets).substr(0, size));
    CHECK(cms.content.size() >= most);
    most = cms.content.size();
    CHECK(std::string(600, 't').substr(0, most) == cms.content);
    if (!cms.content.empty() && cms.content.size() < 600) CHECK(cms.damaged);
  }
  CHECK(most == 600);
}

TEST_CASE("cms: lengths that lie do no harm, nesting is bounded") {
  std::string octets = signed_data(der, der(0xa0, der(0x04, "text")));
  for (std::size_t i = 0; i < octets.size(); ++i)
    for (const char to : {'\x7f', '\x80', '\x84', '\xff'}) {
      std::string altered = octets;
      altered[i] = to;
      CHECK(read_cms(altered).content.size() <= octets.size());
    }
  for (const std::size_t depth : {limits::kCmsDepth, limits::kCmsDepth + 1}) {
    std::string pieces = der(0x04, "deep");
    for (std::size_t i = 0; i < depth; ++i) pieces = ber(0x24, pieces);
    CHECK(read_cms(signed_data(ber, ber(0xa0, pieces))).content ==
          (depth == limits::kCmsDepth ? "deep" : ""));
  }
}
