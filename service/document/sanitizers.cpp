#include "service/document/sanitizers.h"

namespace kiyome::document {

const char* name_of(Kind kind) {
  static constexpr std::array<const char*, kKinds> kNames = {"mail", "archive", "office", "pdf", "image"};
  return kNames[static_cast<std::size_t>(kind)];
}

workers::Pool& Sanitizers::get(Kind kind) {
  return *state_.with([&](State& state) {
    std::unique_ptr<workers::Pool>& pool = state.pools[static_cast<std::size_t>(kind)];
    if (!pool) {
      pool = std::make_unique<workers::Pool>(name_of(kind), open_(kind));
      if (state.stopped) pool->stop();
    }
    return pool.get();
  });
}

std::optional<workers::PoolHealth> Sanitizers::health(Kind kind) {
  return state_.with([&](State& state) -> std::optional<workers::PoolHealth> {
    const std::unique_ptr<workers::Pool>& pool = state.pools[static_cast<std::size_t>(kind)];
    if (!pool) return std::nullopt;
    return pool->health();
  });
}

void Sanitizers::stop() {
  state_.with([](State& state) {
    state.stopped = true;
    for (const auto& pool : state.pools)
      if (pool) pool->stop();
  });
}

}  // namespace kiyome::document
