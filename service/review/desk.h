// The cleaner's end of the quarantine review: who answers which operation. Rooms add their own before it
// serves; it looks at roles before anybody else sees a call.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "service/http/json_body.h"
#include "service/http/json_text.h"
#include "service/review/operations.h"

namespace kiyome::review {

using Handler = std::function<Reply(const Call&)>;

// Thread-safe once all is added.
class Desk {
 public:
  // `operation` has to stand in kOperations.
  void on(const std::string& operation, Handler handler);
  // Throws http::Problem: 403 `forbidden`, 404 `not-found` (also for what nobody answers), and what the
  // handler throws. TemporaryFailure passes through.
  Reply answer(const Call& call) const;

 private:
  std::map<std::string, Handler> handlers_;
};

// What handlers read of a call; each throws http::Problem 422 `invalid` with the field.
std::string text_of(const Call& call, const std::string& name, std::size_t max);  // query; "" when absent
std::int64_t number_of(const Call& call, const std::string& name, std::int64_t otherwise, std::int64_t min,
                       std::int64_t max);                         // query
std::int64_t time_of(const Call& call, const std::string& name);  // query: a day or RFC 3339; 0 when absent

// const Order order = read_body(call, [](http::JsonObject& json) { return Order{json.text("reason", 1000)};
// });
template <class Read>
auto read_body(const Call& call, Read&& read) {
  http::JsonDocument document{std::string_view(call.body.empty() ? "{}" : call.body)};
  auto out = read(document.object());
  document.done();
  return out;
}

}  // namespace kiyome::review
