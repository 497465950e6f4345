// The office sanitizer: LibreOffice on a stage of its own, forked for each document.
#include "proto/base/limits.h"
#include "sanitizers/host/serve.h"
#include "sanitizers/office/engine.h"
#include "sanitizers/office/run.h"

int main() {
  using namespace kiyome;
  const sanitizer::Engine engine{sanitizer::office::stage(), sanitizer::office::start_engine};
  sanitizer::Sanitizer office{"office", {}, sanitizer::office::run, sanitizer::Profile::office};
  office.engine = &engine;
  office.jobs_max = limits::kOfficeJobs;
  return sanitizer::serve(office);
}
