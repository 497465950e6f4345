#include "service/cleaner/decide/recorded_parts.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <set>

#include "service/base/log.h"

namespace kiyome::cleaner {

std::vector<RecordedPart> recorded_parts(std::string_view report) {
  std::vector<RecordedPart> out;
  std::set<std::string> known;
  try {
    Poco::JSON::Parser parser;
    const auto record = parser.parse(std::string(report)).extract<Poco::JSON::Object::Ptr>();
    const Poco::JSON::Array::Ptr groups = record->getArray("groups");
    for (unsigned i = 0; groups && i < groups->size(); ++i) {
      const Poco::JSON::Array::Ptr parts = groups->getObject(i)->getArray("parts");
      for (unsigned j = 0; parts && j < parts->size(); ++j) {
        const Poco::JSON::Object::Ptr part = parts->getObject(j);
        RecordedPart one{part->optValue<std::string>("place", ""), part->optValue<std::string>("type", ""),
                         part->optValue<std::uint64_t>("bytes", 0)};
        if (!one.place.empty() && known.insert(one.place).second) out.push_back(std::move(one));
      }
    }
  } catch (const std::exception& trouble) {  // Poco's own, and what an odd record makes of it
    log::warning("record not readable", {{"why", trouble.what()}});
    out.clear();
  }
  return out;
}

}  // namespace kiyome::cleaner
