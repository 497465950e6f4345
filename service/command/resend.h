// `kiyome queue resend`: after the closed side came back from a backup, or was lost, what it had taken and
// not delivered is cleaned and sent once more.
#pragma once

#include <string>

#include "service/base/config.h"

namespace kiyome::command {

struct ResendOptions {
  std::string id;     // this one alone
  std::string since;  // those received from this day or moment on, as unix_ms_of() reads it
};
// 1 when an item could not be sent again.
int resend(const Config& config, const ResendOptions& options);

}  // namespace kiyome::command
