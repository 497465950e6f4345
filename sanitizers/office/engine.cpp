#include "sanitizers/office/engine.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#define LOK_USE_UNSTABLE_API
#include <LibreOfficeKit/LibreOfficeKit.h>

#include <com/sun/star/frame/Desktop.hpp>

#include "proto/clean/exit_codes.h"
#include "sanitizers/office/desktop.h"
#include "sanitizers/office/executable_memory.h"
#include "sanitizers/office/own_files.h"
#include "sanitizers/office/warm_up.h"

namespace kiyome::sanitizer::office {
namespace {

constexpr char kProgram[] = KIYOME_LIBREOFFICE "/program";
constexpr char kProfile[] = "file:///tmp/profile";
constexpr char kLibrary[] = KIYOME_LIBREOFFICE "/program/libmergedlo.so";

const std::function<void()>* waiting = nullptr;  // what the main loop calls once it runs
uno::Reference<uno::XComponentContext> the_context;
uno::Reference<css::frame::XComponentLoader> the_desktop;

[[noreturn]] void give_up(const char* what) {
  dprintf(STDERR_FILENO, "kiyome sanitizer office: %s\n", what);
  _exit(clean::kExitUnconfined);
}

// LibreOffice tells what it loads while it starts; nobody asked. Its words go where standard input comes
// from.
class Quiet {
 public:
  Quiet() : kept_(dup(STDERR_FILENO)) { dup2(STDIN_FILENO, STDERR_FILENO); }
  ~Quiet() {
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  const int kept_;
};

template <class Function>
Function symbol(void* library, const char* name) {
  void* const found = dlsym(library, name);
  if (found == nullptr) give_up(name);
  return reinterpret_cast<Function>(found);
}

// The program is started with an empty environment; LibreOffice takes its settings from there.
void set_environment() {
  const std::string layers =
      std::string("xcsxcu:file:///etc/libreoffice/registry res:file:///etc/libreoffice/registry ") +
      "xcsxcu:file://" + kRegistry + " user:*file:///tmp/none.xcu";
  const char* const settings[][2] = {
      {"HOME", "/tmp"},
      {"LANG", "C.UTF-8"},
      {"TZ", "Asia/Tokyo"},            // of dates that a document calculates
      {"SAL_LOK_OPTIONS", "unipoll"},  // its main loop runs in our thread and calls us
      {"MAX_CONCURRENCY", "1"},        // jobs run side by side, each with one thread's worth of work
      {"CONFIGURATION_LAYERS", layers.c_str()},  // without dconf, which would leave a thread running
  };
  for (const auto& setting : settings) setenv(setting[0], setting[1], 1);
}

LibreOfficeKit* kit_of(void* library) {
  using PreInit = int (*)(const char*, const char*, LibreOfficeKit**);
  using Hook = LibreOfficeKit* (*)(const char*, const char*);
  const auto pre_init = symbol<PreInit>(library, "lok_preinit_2");
  const auto hook = symbol<Hook>(library, "libreofficekit_hook_2");
  const Quiet quiet;
  LibreOfficeKit* kit = nullptr;
  return pre_init(kProgram, kProfile, &kit) == 0 ? hook(kProgram, kProfile) : nullptr;
}

int on_poll(void*, int) {
  if (waiting == nullptr) return 0;
  const std::function<void()>& serve = *waiting;
  waiting = nullptr;
  using Get = uno::Reference<uno::XComponentContext> (*)();
  the_context = symbol<Get>(RTLD_DEFAULT, "_ZN10comphelper26getProcessComponentContextEv")();
  the_desktop = as<css::frame::XComponentLoader>(css::frame::Desktop::create(the_context));
  if (const char* const failed = warm_up_engine()) give_up(failed);
  malloc_trim(0);  // else every job tidies the same heap for itself, and copies its pages by that
  if (!seal_executable_memory()) give_up("its code cannot be made read-only");
  serve();
  give_up("serving has ended");
}

void on_wake(void*) {}

}  // namespace

Stage stage() {
  Stage out;
  out.needed = {KIYOME_LIBREOFFICE,
                KIYOME_SYSTEM_LIBRARIES,
                "/usr/share/libreoffice",
                "/etc/libreoffice/registry",
                "/usr/share/fonts",
                "/etc/fonts",
                "/usr/lib/locale/C.utf8",    // names of files are UTF-8
                "/dev/urandom"};             // names of temporary files
  out.optional = {"/usr/lib64",              // the dynamic linker
                  "/etc/ld.so.cache",        // where libraries are
                  "/usr/share/fontconfig",   // what /etc/fonts links to
                  "/var/cache/fontconfig",   // else every start reads every font
                  "/usr/local/share/fonts",  // fonts of the house
                  "/usr/share/liblangtag",   // language tags
                  "/usr/share/zoneinfo/Asia/Tokyo"};
  out.own = kOwnFiles;
  return out;
}

void start_engine(const std::function<void()>& serve) {
  set_environment();
  tzset();
  void* const library = dlopen(kLibrary, RTLD_LAZY | RTLD_GLOBAL);
  if (library == nullptr) give_up(dlerror());
  LibreOfficeKit* const kit = kit_of(library);
  if (kit == nullptr) give_up("LibreOffice does not start");
  waiting = &serve;
  kit->pClass->runLoop(kit, on_poll, on_wake, kit);  // the last argument must not be null, and is not used
  give_up("LibreOffice has left its main loop");
}

const uno::Reference<uno::XComponentContext>& context() { return the_context; }
const uno::Reference<css::frame::XComponentLoader>& desktop() { return the_desktop; }

}  // namespace kiyome::sanitizer::office
