// LibreOffice writes small pieces of machine code (tables of its object bridges) into memory that stays
// writable and executable. After the warm-up it must not stay so: a job with such memory would have a place
// for foreign code.
#pragma once

namespace kiyome::sanitizer::office {

// Makes all memory that has become writable and executable so far read-only. false when that fails, or when
// there was more of it than we have noted.
bool seal_executable_memory();

}  // namespace kiyome::sanitizer::office
