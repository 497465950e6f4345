// The sections of the watched folder and of the gate's output folder. For config.cpp alone.
#pragma once

#include "service/base/config.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {

void read_folder(Section section, FolderConfig& into);
void read_output_folder(Section section, OutputFolderConfig& into);
// After both, and everything else that names a place: a folder that feeds itself, or holds our own data.
void check_folders(Mistakes& mistakes, const Config& config);

}  // namespace kiyome::config_reading
