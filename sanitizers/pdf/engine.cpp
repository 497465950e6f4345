// Where PDFium comes from. Trusts the library as installed by Debian, before it has seen a document.
#include "sanitizers/pdf/engine.h"

#include <dlfcn.h>

#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>

namespace kiyome::sanitizer::pdf {
namespace {

constexpr const char* kLibrary = "/usr/lib/libreoffice/program/libpdfiumlo.so";

Engine the_engine;  // filled once by load_engine(), read afterwards; the process has one thread

long standing_time() { return 0; }
tm* standing_local_time(const long*) {
  static tm epoch = [] {
    tm out{};
    out.tm_year = 70;
    out.tm_mday = 1;
    return out;
  }();
  return &epoch;
}

template <class Function>
void find(void* library, const char* name, Function& into) {
  into = reinterpret_cast<Function>(dlsym(library, name));
  if (into == nullptr) throw std::runtime_error(std::string("PDFium has no ") + name);
}

}  // namespace

void load_engine() {
  if (the_engine.FPDF_InitLibrary != nullptr) return;
  // libc reads the file of its time zone when it first needs it; so it is done now, and with none to read.
  setenv("TZ", "UTC0", 1);
  tzset();
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw std::runtime_error(std::string(dlerror()) + " (package libreoffice-core-nogui)");
#define KIYOME_FPDF_FIND(result, name, parameters) find(library, #name, the_engine.name);
  KIYOME_FPDF_FUNCTIONS(KIYOME_FPDF_FIND)
#undef KIYOME_FPDF_FIND
  the_engine.FPDF_InitLibrary();
  the_engine.FSDK_SetTimeFunction(standing_time);
  the_engine.FSDK_SetLocaltimeFunction(standing_local_time);
}

const Engine& engine() { return the_engine; }

}  // namespace kiyome::sanitizer::pdf
