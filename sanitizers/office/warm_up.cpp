#include "sanitizers/office/warm_up.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "sanitizers/office/content/table_text.h"
#include "sanitizers/office/document.h"
#include "sanitizers/office/inspect.h"
#include "sanitizers/office/own_files.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::office {
namespace {

constexpr char kPdf[] = "/tmp/warm.pdf";
constexpr char kPassword[] = "Kiyome";

// A document of ours, and the forms in which jobs bring such documents: it is saved in each and read again.
struct Form {
  const char* type;
  const char* filter;
  const char* password = "";
};
struct Origin {
  const char* name;
  const char* type;
  std::initializer_list<Form> forms;
};

constexpr char kDocx[] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
constexpr char kXlsx[] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
constexpr char kPptx[] = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
constexpr char kOdt[] = "application/vnd.oasis.opendocument.text";
constexpr char kOds[] = "application/vnd.oasis.opendocument.spreadsheet";
constexpr char kOdp[] = "application/vnd.oasis.opendocument.presentation";
constexpr char kOdg[] = "application/vnd.oasis.opendocument.graphics";

const Origin kOrigins[] = {
    {"text.fodt",
     kOdt,
     {{kDocx, "MS Word 2007 XML"},
      {"application/msword", "MS Word 97"},
      {"text/rtf", "Rich Text Format"},
      {kOdt, "writer8"},
      {"application/x-ms-encrypted-package", "MS Word 2007 XML", kPassword}}},
    {"sheets.fods",
     kOds,
     {{kXlsx, "Calc MS Excel 2007 XML"},
      {"application/vnd.ms-excel", "MS Excel 97"},
      {kOds, "calc8"},
      {"text/csv", "Text - txt - csv (StarCalc)"}}},
    {"slides.fodp",
     kOdp,
     {{kPptx, "Impress MS PowerPoint 2007 XML"},
      {"application/vnd.ms-powerpoint", "MS PowerPoint 97"},
      {kOdp, "impress8"}}},
    {"drawing.fodg", kOdg, {{kOdg, "draw8"}}},
};

constexpr const char* kLibraries[] = {
#define LIBRARY(name) KIYOME_LIBREOFFICE "/program/lib" name ".so",
#include "sanitizers/office/libraries.def"
#undef LIBRARY
};

std::string saved_as(const Form& form) {
  return std::string("/tmp/warm") + (*form.password != '\0' ? "-locked." : ".") +
         std::string(find_office_type(form.type)->extension);
}

bool read_and_write(const std::string& path, const OfficeType& type, const char* password,
                    const Origin* origin) {
  const std::string options = is_table_text(type) ? table_text("", false).filter_options : "";
  const Opened opened = open_document(path, type, {options, {password}, false});
  if (opened.outcome != Opened::Outcome::good) return false;
  const Kind kind = kind_of(opened.document);
  hidden_in(opened.document, kind);
  bool done = page_count(opened.document, kind) > 0 && write_pdf(opened.document, kind, kPdf, {});
  if (origin != nullptr) {
    for (const Form& form : origin->forms)
      done = done && write_as(opened.document, form.filter, saved_as(form), form.password);
  }
  close_document(opened.document);
  return done;
}

bool warm_up(const Origin& origin) {
  if (!read_and_write(std::string(kWarm) + "/" + origin.name, *find_office_type(origin.type), "", &origin))
    return false;
  bool done = true;
  for (const Form& form : origin.forms) {
    done = done && read_and_write(saved_as(form), *find_office_type(form.type), form.password, nullptr);
    unlink(saved_as(form).c_str());
  }
  unlink(kPdf);
  return done;
}

// Of code and tables that the start has touched most is never used again: it comes back from the page cache
// when it is. What is written to is left alone.
int leave_to_page_cache(dl_phdr_info* library, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = library->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (library->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = library->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

const char* warm_up_engine() {
  text::warm_up();
  for (const char* const library : kLibraries) dlopen(library, RTLD_LAZY);  // a job cannot load one any more
  for (const Origin& origin : kOrigins)
    if (!warm_up(origin)) return origin.name;
  malloc_trim(0);
  dl_iterate_phdr(leave_to_page_cache, nullptr);
  return nullptr;
}

}  // namespace kiyome::sanitizer::office
