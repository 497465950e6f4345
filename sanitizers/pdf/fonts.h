// The fonts of this machine, held in memory, for documents that do not bring theirs. Trusts the files that
// Debian's font packages brought.
#pragma once

namespace kiyome::sanitizer::pdf {

// Maps the font files and tells the engine to ask us. Before confinement, after load_engine(); afterwards no
// file is opened. Throws std::runtime_error when there is no font at all.
void give_fonts();

}  // namespace kiyome::sanitizer::pdf
