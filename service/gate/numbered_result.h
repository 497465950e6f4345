// A result with its place in the order they were written in, whatever it is about.
#pragma once

#include <cstdint>
#include <variant>

#include "proto/transfer/bundle.h"

namespace kiyome::gate {

// Later ones have larger numbers.
struct NumberedResult {
  std::int64_t number = 0;
  std::variant<transfer::DeliveryResult, transfer::DropResult> result;
  transfer::WayBack message() const {
    return std::visit([](const auto& one) { return transfer::WayBack(one); }, result);
  }
};

}  // namespace kiyome::gate
