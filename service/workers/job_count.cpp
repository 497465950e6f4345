#include "service/workers/job_count.h"

#include <csignal>

namespace kiyome::workers {
namespace {

meters::JobFailure failure_of(const JobEnd& result) {
  using meters::JobFailure;
  if (!result.failure) return JobFailure::unavailable;
  if (result.signal == SIGSYS) return JobFailure::forbidden;  // the sandbox's own kill
  switch (*result.failure) {
    case clean::Finding::kSanitizerCrashed:
      return JobFailure::crashed;
    case clean::Finding::kSanitizerTimeout:
      return JobFailure::timeout;
    case clean::Finding::kSanitizerMemory:
      return JobFailure::memory;
    case clean::Finding::kSanitizerAnswer:
      return JobFailure::answer;
    default:
      return JobFailure::refused;
  }
}

}  // namespace

void count(const JobEnd& result, meters::Sandbox& into) {
  into.seconds.see(result.milliseconds / 1000);
  if (result.good())
    into.good.add();
  else
    into.failure(failure_of(result));
}

}  // namespace kiyome::workers
