#include "service/document/route.h"

#include <algorithm>
#include <array>

namespace kiyome::document {
namespace {

struct Entry {
  std::string_view type;  // ends in '*': a prefix
  Route route;
};

// The first that fits counts.
constexpr std::array kRoutes = {
    Entry{"application/pdf", Route::pdf},
    // Office: what LibreOffice reads in our sandbox.
    Entry{"application/msword", Route::office},
    Entry{"application/vnd.ms-excel*", Route::office},
    Entry{"application/vnd.ms-powerpoint*", Route::office},
    Entry{"application/vnd.ms-wordml", Route::none},  // no filter of ours reads it
    Entry{"application/vnd.ms-word*", Route::office},
    Entry{"application/vnd.openxmlformats-officedocument.*", Route::office},
    Entry{"application/x-ms-encrypted-package", Route::office},
    Entry{"application/vnd.oasis.opendocument.base", Route::none},
    Entry{"application/vnd.oasis.opendocument.*", Route::office},
    Entry{"application/vnd.sun.xml.*", Route::office},
    Entry{"text/rtf", Route::office},
    Entry{"text/csv", Route::office},
    Entry{"text/tab-separated-values", Route::office},
    Entry{"application/vnd.visio", Route::office},
    Entry{"application/vnd.ms-visio.drawing*", Route::office},
    Entry{"application/vnd.ms-publisher", Route::office},
    Entry{"application/vnd.ms-works", Route::office},
    Entry{"application/wordperfect", Route::office},
    Entry{"image/svg+xml", Route::office},
    Entry{"image/emf", Route::office},
    Entry{"image/wmf", Route::office},
    // Pictures.
    Entry{"image/jpeg", Route::image},
    Entry{"image/png", Route::image},
    Entry{"image/gif", Route::image},
    Entry{"image/webp", Route::image},
    Entry{"image/tiff", Route::image},
    Entry{"image/bmp", Route::image},
    Entry{"image/x-icon", Route::image},
    // Archives.
    Entry{"application/zip", Route::archive},
    Entry{"application/x-7z-compressed", Route::archive},
    Entry{"application/vnd.rar", Route::archive},
    Entry{"application/x-tar", Route::archive},
    Entry{"application/gzip", Route::archive},
    Entry{"application/x-bzip2", Route::archive},
    Entry{"application/x-xz", Route::archive},
    Entry{"application/x-lzma", Route::archive},
    Entry{"application/zstd", Route::archive},
    Entry{"application/x-lzip", Route::archive},
    Entry{"application/x-lz4", Route::archive},
    Entry{"application/x-compress", Route::archive},
    Entry{"application/x-lzh-compressed", Route::archive},
    Entry{"application/vnd.ms-cab-compressed", Route::archive},
    Entry{"application/x-cpio", Route::archive},
    // Mails within.
    Entry{"message/rfc822", Route::mail},
    Entry{"application/mbox", Route::mail},  // of one mail
    Entry{"application/vnd.ms-outlook", Route::mail},
    Entry{"application/vnd.ms-tnef", Route::mail},
    // Words.
    Entry{"text/plain", Route::text},
    Entry{"text/html", Route::text},
    Entry{"text/calendar", Route::text},
    Entry{"text/vcard", Route::text},
    Entry{"application/json", Route::text},
    Entry{"application/jsonl", Route::text},
    Entry{"application/xml", Route::text},
    Entry{"application/xslt+xml", Route::text},
    Entry{"application/vnd.google-earth.kml+xml", Route::text},
    Entry{"application/x-ldif", Route::text},
};

}  // namespace

Route route_of(std::string_view type) {
  const auto found = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Entry& entry) {
    return entry.type.back() == '*' ? type.starts_with(entry.type.substr(0, entry.type.size() - 1))
                                    : type == entry.type;
  });
  return found == kRoutes.end() ? Route::none : found->route;
}

}  // namespace kiyome::document
