// The mail sanitizer's program: started by the worker driver, confined, one forked child per mail.
#include "proto/base/limits.h"
#include "sanitizers/host/serve.h"
#include "sanitizers/mail/mimetic_opinion.h"
#include "sanitizers/mail/run.h"

namespace {

void run(std::string_view octets, const kiyome::clean::JobOptions& options,
         kiyome::sanitizer::Answer& answer) {
  using namespace kiyome;
  const sanitizer::mail::Reading reading = sanitizer::mail::read_mail(octets, options);
  for (const clean::Message& message : reading.messages) answer.put(message);
  answer.flush();
  // The answer is complete and sent; from here on this process may die.
  if (reading.leaf_types.empty() || octets.size() > limits::kMimeticBytes) return;
  if (sanitizer::mail::mimetic_agrees(octets, reading.leaf_types)) return;
  answer.put(clean::Afterword{clean::Finding::kAmbiguousStructure});
  answer.flush();
}

}  // namespace

int main() { return kiyome::sanitizer::serve({"mail", kiyome::sanitizer::mail::warm_up, run}); }
