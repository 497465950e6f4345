// Hostile JSON: it is a Problem with a known status, or texts that are what the reader asked for.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/characters.h"
#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/http/json_body.h"

using namespace kiyome;
using namespace kiyome::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    JsonDocument document(std::string_view(reinterpret_cast<const char*>(data), size));
    JsonObject& json = document.object();
    std::string texts = json.text("a", 10) + json.optional_text("b", 10);
    const std::string lines = json.optional_lines("c", 10);
    for (const std::string& text : json.texts("d", 3, 10, 0)) texts += text;
    json.objects("e", 3, 0, [&](JsonObject& inner) { texts += inner.ascii("f", 10); });
    const std::int64_t number = json.integer("g", -5, 5);
    json.optional_boolean("h", false);
    document.done();
    KIYOME_CHECK(is_line(texts) && is_text(lines) && number >= -5 && number <= 5);
  } catch (const Problem& problem) {
    KIYOME_CHECK(problem.status == 400 || problem.status == 422);
    KIYOME_CHECK(problem.fields.size() <= limits::kJsonFaults);
  }
  return 0;
}
