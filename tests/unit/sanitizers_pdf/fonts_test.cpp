// Names of fonts that documents do not bring, and the faces that stand for them.
#include <doctest/doctest.h>

#include "sanitizers/pdf/font_names.h"

using namespace kiyome::sanitizer::pdf;

TEST_CASE("pdf fonts: Japanese families, in whatever charset they are named") {
  CHECK(choose_face({"MS-Mincho"}) == Face::mincho);
  CHECK(choose_face({"MS-PMincho"}) == Face::pmincho);
  CHECK(choose_face({"ＭＳ 明朝"}) == Face::mincho);
  CHECK(choose_face({"ＭＳ Ｐ明朝"}) == Face::pmincho);
  CHECK(choose_face({"\x82\x6c\x82\x72\x20\x96\xbe\x92\xa9"}) == Face::mincho);
  CHECK(choose_face({"\x82\x6c\x82\x72\x20\x82\x6f\x83\x53\x83\x56\x83\x62\x83\x4e"}) == Face::pgothic);
  CHECK(choose_face({"MS-Gothic,Bold", 700}) == Face::gothic);
  CHECK(choose_face({"MS-PGothic"}) == Face::pgothic);
  CHECK(choose_face({"メイリオ"}) == Face::pgothic);
  CHECK(choose_face({"游明朝"}) == Face::pmincho);
  CHECK(choose_face({"HeiseiMin-W3"}) == Face::pmincho);
  CHECK(choose_face({"HeiseiKakuGo-W5"}) == Face::pgothic);
  CHECK(choose_face({"Ryumin-Light"}) == Face::pmincho);
  CHECK(choose_face({"GothicBBB-Medium"}) == Face::pgothic);
  CHECK(choose_face({"KozMinPr6N-Regular"}) == Face::pmincho);
  CHECK(choose_face({"HiraKakuProN-W3"}) == Face::pgothic);
}

TEST_CASE("pdf fonts: an unknown family of a charset has a face of that charset") {
  CHECK(choose_face({"Unknown", 400, false, kJapaneseCharset, kRomanFamily}) == Face::pmincho);
  CHECK(choose_face({"Unknown", 400, false, kJapaneseCharset, kFixedPitch}) == Face::gothic);
  CHECK(choose_face({"SimSun", 400, false, kSimplifiedCharset}) == Face::simplified_serif);
  CHECK(choose_face({"MHei", 400, false, kTraditionalCharset}) == Face::traditional_sans);
  CHECK(choose_face({"Batang", 400, false, kKoreanCharset}) == Face::korean_serif);
  CHECK(choose_face({"Odd", 400, false, kSymbolCharset}) == Face::none);
  CHECK(charset_of(Face::pgothic) == kJapaneseCharset);
  CHECK(charset_of(Face::sans) == 0);
}

TEST_CASE("pdf fonts: western families keep their kind, weight and slant") {
  CHECK(choose_face({"ArialMT"}) == Face::sans);
  CHECK(choose_face({"Arial-BoldMT", 700}) == Face::sans_bold);
  CHECK(choose_face({"CenturyGothic"}) == Face::sans);
  CHECK(choose_face({"TimesNewRomanPS-BoldItalicMT", 700, true}) == Face::serif_bold_italic);
  CHECK(choose_face({"Garamond", 400, true}) == Face::serif_italic);
  CHECK(choose_face({"CourierNew"}) == Face::mono);
  CHECK(choose_face({"Odd", 400, false, 0, kFixedPitch}) == Face::mono);
  CHECK(choose_face({"Odd", 400, false, 0, kRomanFamily}) == Face::serif);
  CHECK(choose_face({""}) == Face::sans);
  CHECK(choose_face({std::string_view("\0\xff\xfe", 3)}) == Face::sans);
}
