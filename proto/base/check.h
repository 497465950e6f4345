// KIYOME_CHECK: a bug of ours ends the process, in release builds too. Never used on anything a peer can
// choose.
#pragma once

#include <cstdio>
#include <cstdlib>

#define KIYOME_CHECK(condition)                                                           \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "check failed: %s (%s:%d)\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
