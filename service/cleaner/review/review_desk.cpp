#include "service/cleaner/review/review_desk.h"

namespace kiyome::cleaner {
namespace {

// What became of a decision that two people took, for the proposal. Where nobody has got anything it has
// failed: who asked for a file must not hear that he has it.
std::optional<std::string> outcome_of(const std::optional<Decided>& done) {
  if (!done) return std::nullopt;
  const Decided& decided = *done;
  if (decided.recipients > 0) return "recipients " + std::to_string(decided.recipients);
  std::string out = "held-again";
  for (const clean::Finding each : decided.why) out.append(" ").append(clean::slug(each));
  throw http::Problem{409, out, {}, {}, {}};
}

}  // namespace

ReviewDesk::ReviewDesk(ReviewParts parts)
    : parts_(parts),
      sight_(parts.items.at(), parts.config),
      decisions_({parts.items, parts.locks, parts.originals, parts.queue, parts.gate, parts.config, sight_}),
      proposals_(
          {parts.items, parts.originals, parts.config, sight_,
           [this](const store::Proposal& proposal) { return outcome_of(decisions_.carry_out(proposal)); },
           [this](transfer::AnyBundle sealed) {
             parts_.gate.offer(std::move(sealed));
             parts_.gate.flush();
           }},
          store::load_or_make_cleaner_key("."), parts.items.at()),
      list_(parts.items.at(), parts.config, sight_),
      item_(parts.items.at(), {parts.items, parts.locks, parts.config, sight_}),
      looks_({parts.items, parts.originals, parts.sanitizers, parts.queue, parts.config, sight_}, "looks"),
      doors_({parts.items, parts.queue, parts.gate, parts.config, sight_, decisions_}),
      audit_(parts.items, parts.keeper, sight_),
      certificate_(std::move(parts.certificate)),
      overview_(parts.items.at(), {parts.queue, [this] { return health_.storage(); }}),
      health_("."),
      checks_(parts.items.at(), {parts.config, parts.gate, parts.sanitizers, health_, overview_},
              std::move(parts.selftests)),
      reports_(".", {parts.items, parts.config, parts.sanitizers, overview_, health_, checks_}),
      digests_(parts.items.at(), {parts.items, parts.gate, parts.config}) {
  add_probes(health_, {parts.items.at(), parts.config, parts.gate, parts.intake, parts.sanitizers,
                       parts.keeper, certificate_});
  decisions_.on_propose(
      [this](const review::Call& call, const std::string& kind, const ItemId& item, const std::string& what,
             const std::string& reason) { return proposals_.propose(call, kind, item, what, reason); });
  decisions_.add_to(desk_);
  proposals_.add_to(desk_);
  list_.add_to(desk_);
  item_.add_to(desk_);
  looks_.add_to(desk_);
  doors_.add_to(desk_);
  audit_.add_to(desk_);
  overview_.add_to(desk_);
  health_.add_to(desk_);
  checks_.add_to(desk_);
  reports_.add_to(desk_);
}

ReviewDesk::~ReviewDesk() { stop(); }

void ReviewDesk::start() {
  digests_.start();
  proposals_.start();
}

void ReviewDesk::serve(Descriptor listening) {
  list_.start();
  health_.start();
  reports_.start();
  server_ = std::make_unique<review::CallServer>(std::move(listening), [this](const review::Call& call) {
    return call.operation == review::kCheckpointCall ? audit_.heard(call) : desk_.answer(call);
  });
}

void ReviewDesk::stop() {
  server_.reset();
  proposals_.stop();
  digests_.stop();
  checks_.stop();
  reports_.stop();
  health_.stop();
  list_.stop();
  looks_.stop();
  doors_.stop();
}

void ReviewDesk::reload(std::string certificate) {
  certificate_.with([&](std::string& held) { held = std::move(certificate); });
}

void ReviewDesk::keep_house(std::int64_t now_ms) {
  doors_.keep_house(now_ms);
  looks_.keep_house();
}

}  // namespace kiyome::cleaner
