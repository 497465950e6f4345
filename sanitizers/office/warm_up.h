// Documents of our own, converted before the first job, so that filters, fonts and tables are in memory and
// no job has to load them.
#pragma once

namespace kiyome::sanitizer::office {

// The one that cannot be converted, or nullptr: then LibreOffice is as we need it.
const char* warm_up_engine();

}  // namespace kiyome::sanitizer::office
