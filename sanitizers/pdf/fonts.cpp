#include "sanitizers/pdf/fonts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "sanitizers/pdf/engine.h"
#include "sanitizers/pdf/font_names.h"

namespace kiyome::sanitizer::pdf {
namespace {

struct Font {
  Face face = Face::none;
  std::string_view file;   // the whole file
  std::size_t offset = 0;  // of the face's table directory: not 0 in a collection
};

// Where a face may come from: the first file that is there. `member` counts within a collection.
struct Candidate {
  Face face;
  const char* file;
  unsigned member = 0;
};
constexpr Candidate kCandidates[] = {
    {Face::mincho, "ipam.ttf"},
    {Face::mincho, "ipaexm.ttf"},
    {Face::mincho, "NotoSerifCJK-Regular.ttc", 0},
    {Face::pmincho, "ipamp.ttf"},
    {Face::pmincho, "NotoSerifCJK-Regular.ttc", 0},
    {Face::gothic, "ipag.ttf"},
    {Face::gothic, "ipaexg.ttf"},
    {Face::gothic, "NotoSansCJK-Regular.ttc", 0},
    {Face::pgothic, "ipagp.ttf"},
    {Face::pgothic, "NotoSansCJK-Regular.ttc", 0},
    {Face::korean_serif, "NotoSerifCJK-Regular.ttc", 1},
    {Face::korean_sans, "NotoSansCJK-Regular.ttc", 1},
    {Face::simplified_serif, "NotoSerifCJK-Regular.ttc", 2},
    {Face::simplified_sans, "NotoSansCJK-Regular.ttc", 2},
    {Face::traditional_serif, "NotoSerifCJK-Regular.ttc", 3},
    {Face::traditional_sans, "NotoSansCJK-Regular.ttc", 3},
    {Face::sans, "LiberationSans-Regular.ttf"},
    {Face::sans_bold, "LiberationSans-Bold.ttf"},
    {Face::sans_italic, "LiberationSans-Italic.ttf"},
    {Face::sans_bold_italic, "LiberationSans-BoldItalic.ttf"},
    {Face::serif, "LiberationSerif-Regular.ttf"},
    {Face::serif_bold, "LiberationSerif-Bold.ttf"},
    {Face::serif_italic, "LiberationSerif-Italic.ttf"},
    {Face::serif_bold_italic, "LiberationSerif-BoldItalic.ttf"},
    {Face::mono, "LiberationMono-Regular.ttf"},
    {Face::mono_bold, "LiberationMono-Bold.ttf"},
    {Face::mono_italic, "LiberationMono-Italic.ttf"},
    {Face::mono_bold_italic, "LiberationMono-BoldItalic.ttf"},
    {Face::world, "DejaVuSans.ttf"},
    {Face::sans, "DejaVuSans.ttf"},
    {Face::serif, "DejaVuSerif.ttf"},
    {Face::mono, "DejaVuSansMono.ttf"},
};

std::array<Font, kFaces>
    the_fonts;  // filled once by give_fonts(), read afterwards; the process has one thread

Font* font_of(Face face) {
  if (face == Face::none) return nullptr;
  Font& font = the_fonts[static_cast<std::size_t>(face)];
  return font.file.empty() ? nullptr : &font;
}

// Another face of the same kind, then any: a wrong letter form is better than none.
Font* nearest_font(Face face) {
  constexpr Face kRest[] = {Face::gothic, Face::sans, Face::world, Face::mincho};
  if (Font* const font = font_of(face)) return font;
  if (face >= Face::sans && face <= Face::mono_bold_italic) {
    const int family = (static_cast<int>(face) - static_cast<int>(Face::sans)) / 4 * 4;
    if (Font* const font = font_of(static_cast<Face>(static_cast<int>(Face::sans) + family))) return font;
    if (Font* const font = font_of(Face::sans)) return font;
  }
  if (face == Face::none) return nullptr;
  for (const Face rest : kRest)
    if (Font* const font = font_of(rest)) return font;
  return nullptr;
}

std::uint32_t big_endian(std::string_view octets, std::size_t at) {
  if (at > octets.size() || octets.size() - at < 4) return 0;
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(octets[at + i]);
  return out;
}

constexpr std::uint32_t kCollection = 0x74746366;  // "ttcf"

// One table of the font (OpenType 1.9, "table directory"); the face from its directory on for 0, the whole
// file for "ttcf" where it is a collection: what PDFium asks for.
std::string_view table_of(const Font& font, std::uint32_t table) {
  if (table == 0) return font.file.substr(font.offset);
  if (table == kCollection) return big_endian(font.file, 0) == kCollection ? font.file : std::string_view{};
  const std::size_t count = big_endian(font.file, font.offset + 4) >> 16;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = font.offset + 12 + 16 * i;
    if (big_endian(font.file, entry) != table) continue;
    const std::size_t begin = big_endian(font.file, entry + 8), size = big_endian(font.file, entry + 12);
    if (begin > font.file.size() || size > font.file.size() - begin) return {};
    return font.file.substr(begin, size);
  }
  return {};
}

void enumerate(FpdfFontSource*, void*) {}

void* map_font(FpdfFontSource*, int weight, int italic, int charset, int pitch_family, const char* name,
               int*) {
  return nearest_font(choose_face({name == nullptr ? "" : name, weight, italic != 0, charset, pitch_family}));
}

void* get_font(FpdfFontSource*, const char* name) {
  return nearest_font(choose_face({name == nullptr ? "" : name}));
}

unsigned long get_font_data(FpdfFontSource*, void* font, unsigned table, unsigned char* buffer,
                            unsigned long size) {
  if (font == nullptr) return 0;
  const std::string_view octets = table_of(*static_cast<const Font*>(font), table);
  // PDFium asks for the beginning of a collection, to know it again.
  const std::size_t given = table == kCollection ? std::min<std::size_t>(octets.size(), size) : octets.size();
  if (buffer != nullptr && size >= given && given > 0) std::memcpy(buffer, octets.data(), given);
  return octets.size();
}

unsigned long get_face_name(FpdfFontSource*, void* font, char* buffer, unsigned long size) {
  if (font == nullptr) return 0;
  const std::string name = "Kiyome" + std::to_string(static_cast<int>(static_cast<const Font*>(font)->face));
  if (buffer != nullptr && size > name.size()) std::memcpy(buffer, name.c_str(), name.size() + 1);
  return name.size() + 1;
}

int get_font_charset(FpdfFontSource*, void* font) {
  return font == nullptr ? 0 : charset_of(static_cast<const Font*>(font)->face);
}

void delete_font(FpdfFontSource*, void*) {}

FpdfFontSource the_source{
    1, nullptr, enumerate, map_font, get_font, get_font_data, get_face_name, get_font_charset, delete_font};

// Paths of all font files by their name. The packages put each file into a folder of its own choice.
std::map<std::string, std::string> font_files() {
  std::map<std::string, std::string> out;
  for (const char* const root : {"/usr/share/fonts", "/usr/local/share/fonts"}) {
    std::error_code none;
    for (std::filesystem::recursive_directory_iterator at(root, none), end; !none && at != end;
         at.increment(none))
      if (out.size() < limits::kFontFiles) out.emplace(at->path().filename(), at->path());
  }
  return out;
}

std::string_view map_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  struct stat status {};
  std::string_view out;
  if (fstat(file, &status) == 0 && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) out = {static_cast<const char*>(at), size};
  }
  close(file);
  return out;
}

}  // namespace

void give_fonts() {
  const std::map<std::string, std::string> files = font_files();
  std::map<std::string, std::string_view> mapped;
  bool any = false;
  for (const Candidate& candidate : kCandidates) {
    Font& font = the_fonts[static_cast<std::size_t>(candidate.face)];
    const auto file = files.find(candidate.file);
    if (!font.file.empty() || file == files.end()) continue;
    const auto [place, fresh] = mapped.try_emplace(candidate.file);
    if (fresh) place->second = map_file(file->second);
    const std::string_view octets = place->second;
    if (octets.empty()) continue;
    const bool collection = big_endian(octets, 0) == kCollection;
    const std::size_t offset = collection ? big_endian(octets, 12 + 4 * candidate.member) : 0;
    if (offset >= octets.size()) continue;
    font = {candidate.face, octets, offset};
    any = true;
  }
  if (!any) throw std::runtime_error("no fonts (packages fonts-ipafont-mincho, fonts-liberation …)");
  engine().FPDF_SetSystemFontInfo(&the_source);
}

}  // namespace kiyome::sanitizer::pdf
