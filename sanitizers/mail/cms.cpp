// What a smime.p7m is (RFC 5652), without a certificate or a key: the content type, and the content of
// opaque-signed data. DER and BER with indefinite lengths and octet strings in pieces. A walk forward over
// tags; no recursion, linear.
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr unsigned char kOctetString = 0x04, kObjectId = 0x06, kInteger = 0x02, kSequence = 0x30, kSet = 0x31,
                        kExplicit0 = 0xa0, kConstructedOctets = 0x24;

struct Tag {
  unsigned char tag = 0;
  std::size_t length = 0;  // of the content; for an indefinite length what is left
  bool indefinite = false;
};

class Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}

  std::size_t left() const { return rest_.size(); }
  bool cut() const { return cut_; }

  // Reads one tag and its length (X.690 section 8.1). A length that lies is cut to what is there. Result:
  // false at the end.
  bool next(Tag& tag) {
    if (rest_.size() < 2) return false;
    tag.tag = octet();
    if ((tag.tag & 0x1f) == 0x1f) return false;  // high tag numbers do not occur here
    const unsigned char first = octet();
    tag.indefinite = first == 0x80;
    tag.length = first;
    if (first > 0x80) {
      const std::size_t count = first & 0x7fu;
      if (count > 8 || count > rest_.size()) return false;
      tag.length = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (tag.length >> 48 != 0) return false;
        tag.length = tag.length << 8 | octet();
      }
    }
    if (tag.indefinite) tag.length = rest_.size();
    if (tag.length > rest_.size()) {
      cut_ = true;
      tag.length = rest_.size();
    }
    return true;
  }
  std::string_view take(std::size_t count) {
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(out.size());
    return out;
  }

 private:
  unsigned char octet() {
    const auto out = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    return out;
  }
  std::string_view rest_;
  bool cut_ = false;
};

bool enter(Reader& in, unsigned char wanted) {
  Tag tag;
  return in.next(tag) && tag.tag == wanted;
}

// Passes over the content of an element whose header was read. Indefinite ones end with their
// end-of-contents.
bool skip(Reader& in, const Tag& tag) {
  if (!tag.indefinite) {
    in.take(tag.length);
    return true;
  }
  std::size_t open = 1;
  Tag inner;
  while (open > 0) {
    if (!in.next(inner)) return false;
    if (inner.tag == 0 && inner.length == 0)
      --open;
    else if (inner.indefinite)
      ++open;
    else
      in.take(inner.length);
  }
  return true;
}

Cms kind_of(std::string_view oid) {
  constexpr std::string_view kPkcs7("\x2a\x86\x48\x86\xf7\x0d\x01\x07", 8);
  constexpr std::string_view kSmimeTypes("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01", 10);
  if (oid.size() == 9 && oid.substr(0, 8) == kPkcs7) {
    switch (oid[8]) {
      case 2:
        return Cms::signed_data;
      case 3:
      case 4:
      case 6:
        return Cms::enveloped_data;  // enveloped, signed and enveloped, encrypted
      default:
        return Cms::other;
    }
  }
  if (oid.size() == 11 && oid.substr(0, 10) == kSmimeTypes) {
    if (oid[10] == 9) return Cms::compressed_data;
    if (oid[10] == 23) return Cms::enveloped_data;  // RFC 5083 authenticated-enveloped data
  }
  return Cms::other;
}

// The pieces of a constructed octet string, joined. `ends` are how many octets were left where each open
// definite string ends.
bool join(Reader& in, const Tag& outer, std::string& out) {
  constexpr std::size_t kIndefinite = static_cast<std::size_t>(-1);
  std::vector<std::size_t> ends;
  const auto open = [&](const Tag& tag) {
    ends.push_back(tag.indefinite ? kIndefinite : in.left() - tag.length);
  };
  open(outer);
  Tag tag;
  while (!ends.empty()) {
    if (ends.back() != kIndefinite && in.left() <= ends.back()) {
      ends.pop_back();
      continue;
    }
    if (!in.next(tag)) return false;
    if (tag.tag == 0 && tag.length == 0 && ends.back() == kIndefinite) {
      ends.pop_back();
    } else if (tag.tag == kOctetString && !tag.indefinite) {
      out += in.take(tag.length);
    } else if (tag.tag == kConstructedOctets && ends.size() < limits::kCmsDepth) {
      open(tag);
    } else {
      return false;
    }
  }
  return true;
}

// SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo SEQUENCE { OID, [0] OCTET STRING
// OPTIONAL }, … }
bool signed_content(Reader& in, std::string& out) {
  Tag tag;
  if (!enter(in, kExplicit0) || !enter(in, kSequence)) return false;
  if (!in.next(tag) || tag.tag != kInteger || !skip(in, tag)) return false;
  if (!in.next(tag) || tag.tag != kSet || !skip(in, tag)) return false;
  Tag encapsulated;
  if (!in.next(encapsulated) || encapsulated.tag != kSequence) return false;
  const std::size_t end = encapsulated.indefinite ? 0 : in.left() - encapsulated.length;
  if (!in.next(tag) || tag.tag != kObjectId || !skip(in, tag)) return false;
  if (in.left() <= end || !in.next(tag) || tag.tag != kExplicit0) return true;  // detached
  if (!in.next(tag)) return false;
  if (tag.tag == kOctetString && !tag.indefinite) {
    out = in.take(tag.length);
    return true;
  }
  return tag.tag == kConstructedOctets && join(in, tag, out);
}

// Whether one element fills the octets: what stands behind it is no part of a signature.
bool fills(std::string_view octets) {
  Reader in(octets);
  Tag tag;
  return in.next(tag) && !in.cut() && skip(in, tag) && !in.cut() && in.left() == 0;
}

}  // namespace

CmsContent read_cms(std::string_view octets) {
  CmsContent out;
  Reader in(octets);
  Tag tag;
  if (!enter(in, kSequence) || !in.next(tag) || tag.tag != kObjectId || tag.indefinite) return out;
  out.kind = kind_of(in.take(tag.length));
  if (out.kind != Cms::signed_data) return out;
  out.damaged = !signed_content(in, out.content) || in.cut();
  out.whole = fills(octets);
  return out;
}

}  // namespace kiyome::sanitizer::mail
