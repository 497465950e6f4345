#include "sanitizers/image/tiff_file.h"

#include <tiffio.h>

#include <algorithm>
#include <cstring>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::image {
namespace {

TiffFile& self(thandle_t handle) { return *static_cast<TiffFile*>(handle); }

tmsize_t read_octets(thandle_t handle, void* to, tmsize_t count) {
  TiffFile& file = self(handle);
  if (count <= 0 || file.position >= file.octets.size()) return 0;
  const std::size_t left = file.octets.size() - static_cast<std::size_t>(file.position);
  const std::size_t taken = std::min(static_cast<std::size_t>(count), left);
  std::memcpy(to, file.octets.data() + file.position, taken);
  file.position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return -1; }

toff_t seek(thandle_t handle, toff_t offset, int from) {
  TiffFile& file = self(handle);
  if (from == SEEK_CUR) offset += file.position;
  if (from == SEEK_END) offset += file.octets.size();
  return file.position = offset;
}

int map(thandle_t handle, void** base, toff_t* size) {
  // libtiff asks for a plain pointer and only reads.
  *base = const_cast<char*>(self(handle).octets.data());
  *size = self(handle).octets.size();
  return 1;
}

int hear_error(TIFF*, void* failed, const char*, const char*, va_list) {
  *static_cast<bool*>(failed) = true;
  return 1;  // nothing else is to be told
}

// Fax and JPEG decoders only warn where a row breaks off, and give white or gray for what is missing. Other
// warnings are about directories.
int hear_warning(TIFF*, void* failed, const char* module, const char* format, va_list values) {
  const std::string_view who = module == nullptr ? "" : module;
  if (who.starts_with("Fax")) {
    *static_cast<bool*>(failed) = true;
  } else if (who == "JPEGLib" && std::string_view(format) == "%s") {  // libtiff hands libjpeg's words on
    const std::string_view words = va_arg(values, const char*);
    const bool harmless = words.find("extraneous") != words.npos;  // octets before a marker: skipped
    if (!harmless && (words.find("remature") != words.npos || words.find("orrupt") != words.npos))
      *static_cast<bool*>(failed) = true;
  }
  return 1;
}

Shape shape_of(TIFF* tiff) {
  Shape out;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &out.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &out.height);
  float x = 0, y = 0;
  std::uint16_t unit = RESUNIT_INCH, orientation = 1;
  TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x);
  TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  const double factor = unit == RESUNIT_INCH ? 1 : unit == RESUNIT_CENTIMETER ? 2.54 : 0;
  out.dpi_x = static_cast<double>(x) * factor;
  out.dpi_y = static_cast<double>(y) * factor;
  out.orientation = orientation;
  return out;
}

bool is_reduced(TIFF* tiff) {
  std::uint32_t kind = 0;
  std::uint16_t old_kind = 0;
  TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind);
  if (TIFFGetField(tiff, TIFFTAG_OSUBFILETYPE, &old_kind) == 1 && old_kind == OFILETYPE_REDUCEDIMAGE)
    return true;
  return (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) != 0;
}

bool has_metadata(TIFF* tiff) {
  for (const std::uint32_t tag :
       {TIFFTAG_ARTIST, TIFFTAG_DATETIME, TIFFTAG_MAKE, TIFFTAG_MODEL, TIFFTAG_HOSTCOMPUTER,
        TIFFTAG_IMAGEDESCRIPTION, TIFFTAG_COPYRIGHT, TIFFTAG_DOCUMENTNAME, TIFFTAG_PAGENAME}) {
    const char* text = nullptr;
    if (TIFFGetField(tiff, tag, &text) == 1) return true;
  }
  for (const std::uint32_t tag : {TIFFTAG_XMLPACKET, TIFFTAG_RICHTIFFIPTC, TIFFTAG_PHOTOSHOP}) {
    std::uint32_t count = 0;
    const void* content = nullptr;
    if (TIFFGetField(tiff, tag, &count, &content) == 1) return true;
  }
  for (const std::uint32_t tag : {TIFFTAG_EXIFIFD, TIFFTAG_GPSIFD}) {
    std::uint64_t offset = 0;
    if (TIFFGetField(tiff, tag, &offset) == 1) return true;
  }
  return false;
}

}  // namespace

TiffFile::TiffFile(std::string_view all) : octets(all) {
  TIFFOpenOptions* const options = TIFFOpenOptionsAlloc();
  if (options == nullptr) return;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, static_cast<tmsize_t>(limits::kImageLibraryBytes));
  TIFFOpenOptionsSetErrorHandlerExtR(options, hear_error, &failed_);
  TIFFOpenOptionsSetWarningHandlerExtR(options, hear_warning, &failed_);
  tiff_ = TIFFClientOpenExt(
      "", "r", this, read_octets, write_nothing, seek, [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return self(handle).octets.size(); }, map,
      [](thandle_t, void*, toff_t) {}, options);
  TIFFOpenOptionsFree(options);
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

std::vector<TiffFile::Page> TiffFile::pages() {
  std::vector<Page> out;
  if (tiff_ == nullptr) return out;
  bool last = false;
  do {
    out.push_back({TIFFCurrentDirOffset(tiff_), shape_of(tiff_), is_reduced(tiff_)});
    metadata_ = metadata_ || has_metadata(tiff_);
    last = TIFFLastDirectory(tiff_) != 0;
  } while (!last && out.size() < limits::kImagePages && TIFFReadDirectory(tiff_) == 1);
  too_many_ = !last && out.size() == limits::kImagePages;
  broken_off_ = !last && !too_many_;
  return out;
}

struct tiff* TiffFile::visit(const Page& page) {
  if (TIFFSetSubDirectory(tiff_, page.directory) != 1) return nullptr;
  failed_ = false;
  return tiff_;
}

}  // namespace kiyome::sanitizer::image
