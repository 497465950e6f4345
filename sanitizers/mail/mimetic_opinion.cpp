// See mimetic_opinion.h.
#include "sanitizers/mail/mimetic_opinion.h"

#include <mimetic/mimetic.h>

#include "proto/base/limits.h"
#include "sanitizers/mail/entity.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/parameter.h"

namespace kiyome::sanitizer::mail {
namespace {

std::string type_of(mimetic::MimeEntity& entity) {
  for (const mimetic::Field& field : entity.header()) {
    const std::string name(field.name().data(), field.name().size());
    if (same_text(name, "content-type")) {
      Parameterized type = read_parameterized(field.value());
      return type.value.empty() ? "text/plain" : type.value;
    }
  }
  return "text/plain";
}

}  // namespace

bool mimetic_agrees(std::string_view octets, const std::vector<std::string>& leaf_types) {
  try {
    mimetic::MimeEntity whole;
    whole.load(octets.data(), octets.data() + octets.size());
    // Its parts in reading order, without recursion.
    std::vector<mimetic::MimeEntity*> open{&whole};
    std::size_t leaf = 0;
    for (std::size_t seen = 0; !open.empty() && seen <= limits::kMailParts; ++seen) {
      mimetic::MimeEntity* entity = open.back();
      open.pop_back();
      mimetic::MimeEntityList& parts = entity->body().parts();
      if (parts.empty()) {
        if (leaf >= leaf_types.size() || type_of(*entity) != leaf_types[leaf]) return false;
        ++leaf;
        continue;
      }
      open.insert(open.end(), parts.rbegin(), parts.rend());
    }
    return open.empty() && leaf == leaf_types.size();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace kiyome::sanitizer::mail
