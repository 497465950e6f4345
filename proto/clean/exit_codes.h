// How a sanitizer's processes say in one number why they ended. A claim of a hostile process like any other:
// it chooses which finding the item is held with, nothing else.
#pragma once

namespace kiyome::clean {

inline constexpr int kExitUnconfined =
    70;  // the program: no confinement to be had; its message is on standard error
inline constexpr int kExitMemory = 71;     // a job: no more memory within its limit
inline constexpr int kExitInput = 72;      // a job: its input was not a sealed memfd
inline constexpr int kExitProtocol = 73;   // the zygote or a job: a request that does not decode
inline constexpr int kExitException = 74;  // a job: an exception left the sanitizer
inline constexpr int kExitFork = 75;       // told by the zygote for a job: no child could be made

}  // namespace kiyome::clean
