// LibreOffice within this process: started once per zygote, warmed by documents of our own, then forked per
// job. Nothing here sees hostile bytes.
#pragma once

#include <functional>

#include "sanitizers/host/stage.h"

namespace kiyome::sanitizer::office {

// What LibreOffice needs of the machine, and our own files.
Stage stage();

// Starts LibreOffice, converts the warm-up documents, and calls `serve` from within its main loop. Ends the
// process with a message and clean::kExitUnconfined when LibreOffice is not as we need it.
void start_engine(const std::function<void()>& serve);

}  // namespace kiyome::sanitizer::office
