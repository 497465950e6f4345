#include "service/review/desk.h"

#include <charconv>

#include "proto/base/check.h"
#include "service/base/clock.h"

namespace kiyome::review {
namespace {

const Operation* operation_of(std::string_view id) {
  for (const Operation& each : kOperations)
    if (each.id == id) return &each;
  return nullptr;
}

[[noreturn]] void invalid(const std::string& field) { throw http::Problem{422, "invalid", {}, {field}, {}}; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

void Desk::on(const std::string& operation, Handler handler) {
  KIYOME_CHECK(operation_of(operation) != nullptr);
  handlers_[operation] = std::move(handler);
}

Reply Desk::answer(const Call& call) const {
  const Operation* operation = operation_of(call.operation);
  const auto handler = handlers_.find(call.operation);
  if (operation == nullptr || handler == handlers_.end()) throw http::Problem{404, "not-found", {}, {}, {}};
  if ((operation->roles & call.actor.roles) == 0) throw http::Problem{403, "forbidden", {}, {}, {}};
  return handler->second(call);
}

std::string text_of(const Call& call, const std::string& name, std::size_t max) {
  const auto found = call.query.find(name);
  if (found == call.query.end()) return {};
  if (characters(found->second) > max) invalid(name);
  return found->second;
}

std::int64_t number_of(const Call& call, const std::string& name, std::int64_t otherwise, std::int64_t min,
                       std::int64_t max) {
  const auto found = call.query.find(name);
  if (found == call.query.end()) return otherwise;
  std::int64_t out = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, trouble] = std::from_chars(found->second.data(), end, out);
  if (trouble != std::errc() || stop != end || out < min || out > max) invalid(name);
  return out;
}

std::int64_t time_of(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  if (found == call.query.end() || found->second.empty()) return 0;
  const std::optional<std::int64_t> out = unix_ms_of(found->second);
  if (!out) invalid(name);
  return *out;
}

}  // namespace kiyome::review
