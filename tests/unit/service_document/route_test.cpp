#include "service/document/route.h"

#include <doctest/doctest.h>

using kiyome::document::Route;
using kiyome::document::route_of;

TEST_CASE("a type goes to the sanitizer that reads it") {
  CHECK(route_of("application/vnd.ms-excel") == Route::office);
  CHECK(route_of("application/vnd.ms-excelml") == Route::office);
  CHECK(route_of("application/vnd.visio") == Route::office);
  CHECK(route_of("application/vnd.ms-visio.drawing.macroenabled.12") == Route::office);
  CHECK(route_of("application/vnd.ms-publisher") == Route::office);
  CHECK(route_of("image/svg+xml") == Route::office);
  CHECK(route_of("image/emf") == Route::office);
  CHECK(route_of("image/wmf") == Route::office);
  CHECK(route_of("image/png") == Route::image);
  CHECK(route_of("application/mbox") == Route::mail);
  CHECK(route_of("application/json") == Route::text);
}

TEST_CASE("a type that nothing of ours reads goes nowhere") {
  for (const char* type :
       {"", "application/octet-stream", "application/vnd.ms-wordml", "application/x-js-taro",
        "application/vnd.oasis.opendocument.base", "application/x-hwp", "image/heic", "image/vnd.dwg"})
    CHECK(route_of(type) == Route::none);
}
