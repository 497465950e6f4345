#include "sanitizers/office/content/package.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "proto/base/limits.h"
#include "sanitizers/office/content/zip_entries.h"

namespace kiyome::sanitizer::office {
namespace {

using clean::Finding;

struct Seen {
  bool macros = false, embedded = false, remote = false, comments = false;

  std::vector<Finding> findings() const {
    std::vector<Finding> out;
    if (comments) out.push_back(Finding::kHiddenContent);
    if (macros) out.push_back(Finding::kMacroRemoved);
    if (embedded) out.push_back(Finding::kEmbeddedRemoved);
    if (remote) out.push_back(Finding::kRemoteContent);
    return out;
  }
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '\\' ? '/' : c;
  return out;
}

// The value of an attribute within one element's octets, or empty.
std::string_view attribute(std::string_view element, std::string_view name) {
  const std::size_t at = element.find(name);
  if (at == std::string_view::npos || at + name.size() + 2 > element.size()) return {};
  const std::string_view rest = element.substr(at + name.size());
  if (rest[0] != '=' || (rest[1] != '"' && rest[1] != '\'')) return {};
  const std::size_t end = rest.find(rest[1], 2);
  return end == std::string_view::npos ? std::string_view() : rest.substr(2, end - 2);
}

// Calls `with` for each element that begins so, with its octets up to '>'. None lies within another, so a
// package that repeats the beginning for ever is read once.
template <class With>
void each_element(std::string_view xml, std::string_view begin, With with) {
  for (std::size_t at = xml.find(begin); at != std::string_view::npos;) {
    const std::size_t end = std::min(xml.find('>', at), xml.size());
    with(xml.substr(at, end - at));
    at = xml.find(begin, end);
  }
}

// OPC relations (ECMA-376 part 2, 9.3): a target outside that is not a plain link is fetched by somebody's
// program.
void look_at_relations(std::string_view xml, Seen& seen) {
  each_element(xml, "<Relationship ", [&](std::string_view element) {
    if (attribute(element, "TargetMode") != "External") return;
    seen.remote |= !attribute(element, " Type").ends_with("/hyperlink");
  });
}

bool leads_outside(std::string_view target) {
  const std::string start = lowered(target.substr(0, 8));
  for (const std::string_view scheme : {"http:", "https:", "ftp:", "file:", "smb:", "//", "/"})
    if (start.starts_with(scheme)) return true;
  return false;
}

// ODF (OASIS ODF 1.3 part 3): what is shown or read from elsewhere.
void look_at_open_document(std::string_view xml, Seen& seen) {
  for (const std::string_view begin :
       {"<draw:image ", "<draw:fill-image ", "<style:background-image ", "<draw:plugin ",
        "<text:section-source ", "<table:table-source ", "<table:cell-range-source "})
    each_element(xml, begin, [&](std::string_view element) {
      seen.remote |= leads_outside(attribute(element, "xlink:href"));
    });
  seen.comments |= has(xml, "<office:annotation ") || has(xml, "<office:annotation>");
  seen.macros |= has(xml, "<script:module ") || has(xml, "<ooo:module ");
}

// Sub-documents of an ODF package. A chart or a formula is part of the page, all else is a file within the
// file.
void look_at_manifest(std::string_view xml, Seen& seen) {
  each_element(xml, "<manifest:file-entry ", [&](std::string_view element) {
    const std::string_view type = attribute(element, "manifest:media-type");
    const std::string_view path = attribute(element, "manifest:full-path");
    if (path == "/" || path.empty()) return;
    const bool document = type.starts_with("application/vnd.oasis.opendocument.") &&
                          !type.ends_with(".chart") && !type.ends_with(".formula");
    seen.embedded |= document || type == "application/vnd.sun.star.oleobject";
  });
}

void look_at_name(const std::string& name, Seen& seen) {
  seen.macros |= has(name, "vbaproject") || name.starts_with("xl/macrosheets/") ||
                 name.starts_with("scripts/") ||
                 (name.starts_with("basic/") && !name.ends_with("-lc.xml") && !name.ends_with("-lb.xml"));
  seen.embedded |= has(name, "/embeddings/") || has(name, "/activex/");
  seen.remote |= name.starts_with("xl/externallinks/");
  seen.comments |= name == "word/comments.xml" || name.starts_with("xl/comments") ||
                   name.starts_with("xl/threadedcomments/") || name.starts_with("ppt/comments/");
}

void look_at_zip(std::string_view octets, Seen& seen) {
  std::size_t lists = 0;
  for (const ZipEntry& entry : zip_entries(octets)) {
    const std::string name = lowered(entry.name);
    look_at_name(name, seen);
    const bool relations = name.ends_with(".rels");
    const bool open_document = name == "content.xml" || name == "styles.xml";
    const bool manifest = name == "meta-inf/manifest.xml";
    if (!relations && !open_document && !manifest) continue;
    if (++lists > limits::kOfficeRelationLists) continue;
    const std::string xml =
        inflated(entry, open_document ? limits::kOfficeContentScan : limits::kOfficeRelations);
    if (relations) look_at_relations(xml, seen);
    if (open_document) look_at_open_document(xml, seen);
    if (manifest) look_at_manifest(xml, seen);
  }
}

std::string utf16(std::string_view ascii) {
  std::string out;
  for (const char c : ascii) {
    out += c;
    out += '\0';
  }
  return out;
}

// Names of streams and storages stand in the directory as UTF-16.
void look_at_compound(std::string_view octets, Seen& seen) {
  seen.macros = has(octets, utf16("_VBA_PROJECT")) || has(octets, utf16("PROJECTwm"));
  seen.embedded = has(octets, utf16("ObjectPool")) || has(octets, utf16("MBD0"));
  seen.remote = has(octets, "INCLUDEPICTURE") || has(octets, utf16("INCLUDEPICTURE"));
}

void look_at_text(std::string_view octets, Seen& seen) {
  if (octets.substr(0, 5) == "{\\rtf") {
    seen.embedded = has(octets, "\\objdata");
    seen.remote = has(octets, "INCLUDEPICTURE");
    seen.comments = has(octets, "\\annotation");
  } else {
    look_at_open_document(octets.substr(0, limits::kOfficeContentScan), seen);
    seen.remote |= has(octets, "<image ") && has(octets, "href=\"http");  // SVG
  }
}

}  // namespace

std::vector<Finding> look_into_package(std::string_view octets, Package package) {
  Seen seen;
  if (octets.starts_with("PK\x03\x04")) {
    look_at_zip(octets, seen);
  } else if (octets.starts_with("\xd0\xcf\x11\xe0")) {
    look_at_compound(octets, seen);
  } else if (package == Package::text ||
             package == Package::zip) {  // zip: flat ODF has the type of its package
    look_at_text(octets, seen);
  }
  return seen.findings();
}

}  // namespace kiyome::sanitizer::office
