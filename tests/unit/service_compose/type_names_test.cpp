#include "service/compose/type_names.h"

#include <doctest/doctest.h>

#include "service/compose/notice.h"

using kiyome::compose::type_name;

TEST_CASE("what a municipality is sent and we cannot read has a Japanese name") {
  CHECK(type_name("application/x-js-taro") == "一太郎文書");
  CHECK(type_name("application/vnd.fujixerox.docuworks") == "DocuWorks 文書");
  CHECK(type_name("application/vnd.fujixerox.docuworks.binder") == "DocuWorks バインダー");
  CHECK(type_name("application/x-jww") == "JW_CAD 図面");
  CHECK(type_name("image/vnd.dwg") == "AutoCAD 図面 (DWG)");
  CHECK(type_name("image/vnd.dxf") == "CAD 図面 (DXF)");
  CHECK(type_name("model/step") == "CAD 図面 (SFC/P21/STEP)");
  CHECK(type_name("application/onenote") == "OneNote");
  CHECK(type_name("application/x-ms-shortcut") == "ショートカット");
  CHECK(type_name("text/vbscript") == "スクリプト (VBScript)");
  CHECK(type_name("image/heic") == "HEIC 画像");
}

TEST_CASE("the narrower name stands before the wider one") {
  CHECK(type_name("image/x-tga") == "画像");
  CHECK(type_name("text/x-sylk") == "SYLK 表");
  CHECK(type_name("text/x-anything") == "テキスト");
  CHECK(type_name("application/vnd.ms-excel.sheet.macroenabled.12") == "Excel ブック（マクロ有効）");
  CHECK(type_name("application/vnd.ms-excel.sheet.binary.macroenabled.12") == "Excel ブック");
}

TEST_CASE("a type without a name is shown as it is, what is no type is unknown") {
  CHECK(type_name("application/x-nothing").empty());
  CHECK(kiyome::compose::type_text("application/x-nothing") == "application/x-nothing");
  CHECK(kiyome::compose::type_text("image/heic") == "HEIC 画像 (image/heic)");
  CHECK(kiyome::compose::type_text("a b\n") == "不明");
}
