#include "service/cleaner/review/review_sight.h"

#include <algorithm>

#include "service/http/http.h"
#include "service/policy/tenant.h"
#include "service/store/row_values.h"

namespace kiyome::cleaner {

ReviewSight::ReviewSight(const store::ItemsAt& at, CurrentConfig& config)
    : config_(config), items_(std::make_unique<store::Database>(at.place)) {}

// Whose an item is was written down when it was decided.
bool ReviewSight::may_see(const review::Actor& actor, const ItemId& id) {
  std::vector<std::string> tenants;
  const bool there = items_.with([&](std::unique_ptr<store::Database>& database) {
    return database->kept("SELECT tenants FROM items WHERE id=?")
        .one([&](const store::Row& row) { tenants = store::parted_lines(row.text(0)); }, store::blob(id));
  });
  if (!there) return false;
  if (actor.tenant.empty()) return true;
  return policy::tenant_named(config_.get()->tenants, actor.tenant) != nullptr &&
         std::find(tenants.begin(), tenants.end(), actor.tenant) != tenants.end();
}

// (Where there are no tenants any more, an account that has one sees nothing: is_own() would let it see all.)
bool ReviewSight::may_see(const review::Actor& actor, std::string_view recipient_address) {
  if (actor.tenant.empty()) return true;
  const auto config = config_.get();
  return !config->tenants.empty() && policy::is_own(config->tenants, actor.tenant, recipient_address);
}

ItemId ReviewSight::item_of(const review::Actor& actor, std::string_view text) {
  const Result<ItemId> id = ItemId::parse(text);
  if (!id || !may_see(actor, *id)) throw http::Problem{404, "not-found", {}, {}, {}};
  return *id;
}

ItemId ReviewSight::item_of(const review::Call& call) {
  const auto found = call.path.find("item");
  return item_of(call.actor, found == call.path.end() ? std::string_view() : std::string_view(found->second));
}

}  // namespace kiyome::cleaner
