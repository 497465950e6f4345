#include "service/trail/words.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <sstream>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/trail/export.h"

namespace kiyome::trail {
namespace {

std::string listed(const audit::Entry& entry) {
  return fmt::format(R"({{"sequence":{},"time":"{}","event":{},"item":"{}","actor":{},"detail":{}}})",
                     entry.sequence, iso_time(entry.unix_ms), log::json_string(entry.event),
                     entry.item ? entry.item->text() : "", log::json_string(entry.actor), entry.detail);
}

std::string with_member(std::string object, const std::string& member) {
  object.back() = ',';
  return object + member + "}";
}

void list(Keeper& keeper, const AdminReply& reply) {
  std::uint64_t count = 0;
  const auto fault = store::walk_trail(
      *keeper.book().open(), [&](const audit::Entry& entry) { reply(listed(entry)); }, count);
  if (fault)
    reply(fmt::format(R"({{"entries":{},"intact":false,"fault":{},"first_bad":{}}})", count,
                      log::json_string(fault->what), fault->sequence));
}

std::vector<audit::Checkpoint> elsewhere_of(const Poco::JSON::Object::Ptr& request) {
  std::vector<audit::Checkpoint> out;
  const Poco::JSON::Array::Ptr array = request->getArray("elsewhere");
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    std::ostringstream text;
    if (const auto object = array->getObject(static_cast<unsigned>(i))) object->stringify(text);
    const auto one = audit::checkpoint_of_json(text.str());
    if (!one) throw PermanentFailure("elsewhere: not a checkpoint");
    out.push_back(*one);
  }
  return out;
}

void verify(Keeper& keeper, const Poco::JSON::Object::Ptr& request, const AdminReply& reply) {
  const std::vector<audit::Checkpoint> elsewhere = elsewhere_of(request);
  const Examined examined{keeper.trail(), store::audit_base(*keeper.book().open()).sequence + 1,
                          keeper.examine(elsewhere)};
  reply(with_member(finding_json(examined), fmt::format(R"("key":"{}")", hex(keeper.key()))));
}

void checkpoints(Keeper& keeper, std::size_t max, const AdminReply& reply) {
  const auto database = keeper.book().open();
  for (const audit::Trail trail :
       {audit::Trail::cleaner, audit::Trail::edge, audit::Trail::gate, audit::Trail::console})
    for (const store::KeptCheckpoint& each : store::checkpoints_of(*database, trail, max))
      if (!reply(with_member(audit::checkpoint_json(each.checkpoint, each.told_ms),
                             fmt::format(R"("owner":"{}")", audit::name_of(keeper.trail())))))
        return;
}

}  // namespace

bool tell_trail(Keeper& keeper, const std::string& request, const AdminReply& reply) {
  Poco::JSON::Object::Ptr asked;
  try {
    asked = Poco::JSON::Parser().parse(request).extract<Poco::JSON::Object::Ptr>();
  } catch (const Poco::Exception&) {
    throw PermanentFailure("a JSON object is expected");
  }
  const std::string command = asked->optValue<std::string>("command", "");
  if (command == "audit.list") {
    list(keeper, reply);
  } else if (command == "audit.verify") {
    verify(keeper, asked, reply);
  } else if (command == "audit.export") {
    const ExportRange range{asked->optValue<std::int64_t>("since", 0),
                            asked->optValue<std::int64_t>("until", 0), 0};
    export_trail(*keeper.book().open(), keeper.trail(), keeper.key(), range, reply);
  } else if (command == "audit.checkpoints") {
    checkpoints(keeper, asked->optValue<std::uint64_t>("max", 1'000'000), reply);
  } else if (command == "audit.checkpoint") {
    const auto made = keeper.checkpoint_now();
    reply(made ? audit::checkpoint_json(*made) : std::string(R"({"fresh":false})"));
  } else {
    return false;
  }
  return true;
}

}  // namespace kiyome::trail
