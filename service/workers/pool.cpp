// One thread owns the zygote: starts it, hears it, ends it. The threads of the callers send their own
// request, read their own answer, and look at the shared state only for what is not told by the answer
// itself.
#include "service/workers/pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include "proto/base/limits.h"
#include "proto/clean/exit_codes.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/workers/job_count.h"
#include "service/workers/zygote_process.h"

namespace kiyome::workers {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{500};  // how often the thread looks for a stuck zygote
// Callers seldom wait for what the zygote says (their answer is in the pipe), so it is heard in batches: one
// wake-up for several jobs. What they do wait for, the end of a job without an answer, comes that much later.
constexpr milliseconds kGather{2};

// A job that a zygote has, or that a caller still waits for.
struct Job {
  bool caller_gone = false;
  bool lost = false;  // its zygote died
  std::optional<clean::JobEnded> ended;
  std::optional<Steady::time_point> kill_sent;
};

struct State {
  enum class Phase { starting, ready, down } phase = Phase::starting;
  bool start_failed = false;  // the last zygote never became ready
  bool suspect = false;       // it took no request in time
  bool leaving = false;       // it has closed its socket and takes no more
  bool stopping = false;
  std::uint64_t last_job = 0;
  std::shared_ptr<const Descriptor> socket;  // shared as in ZygoteProcess
  std::map<std::uint64_t, Job> jobs;
};

// What a caller needs for its job: taken under the lock, used outside.
struct Ticket {
  std::uint64_t job = 0;
  std::shared_ptr<const Descriptor> socket;
};

// One request with its descriptors. false when the zygote is gone or the deadline has passed.
bool send_request(int socket, const std::string& octets, std::array<int, 2> fds,
                  Steady::time_point deadline) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  iovec part{const_cast<char*>(octets.data()), octets.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof fds);
  for (;;) {
    if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno == ETOOMANYREFS)
      std::this_thread::sleep_for(milliseconds(1));  // descriptors under way: they will arrive
    if (errno != EAGAIN && errno != EINTR && errno != ETOOMANYREFS) return false;
    if (!wait_for(socket, POLLOUT, deadline) || Steady::now() >= deadline) return false;
  }
}

void send_kill(int socket, std::uint64_t job) {
  const std::string octets = clean::encode_job(clean::JobKill{job});
  send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);  // a dead zygote needs no kill
}

enum class Reading { closed, late, refused };

// Reads one answer until the child closes the pipe. After End only a little longer: afterwords are welcome,
// not needed.
Reading read_answer(int pipe, clean::Reader& reader, Steady::time_point deadline, milliseconds silence) {
  std::array<char, 65536> buffer;
  bool complete = false;
  for (;;) {
    if (!complete && reader.complete()) {
      complete = true;
      deadline = std::min(deadline, Steady::now() + milliseconds(limits::kAfterwordMs));
    }
    const auto patience = silence.count() == 0 ? deadline : std::min(deadline, Steady::now() + silence);
    if (!wait_for(pipe, POLLIN, patience)) return Reading::late;
    const ssize_t count = read(pipe, buffer.data(), buffer.size());
    if (count == 0) return Reading::closed;
    if (count < 0) {
      if (errno == EINTR) continue;
      return Reading::closed;
    }
    if (!reader.feed({buffer.data(), static_cast<std::size_t>(count)})) return Reading::refused;
    if (!complete && Steady::now() >= deadline) return Reading::late;  // a child that never pauses
  }
}

void tell_end(const clean::JobEnded& ended, JobEnd& result) {
  result.signal = ended.signal;
  result.exit_code = ended.exit_code;
  if (ended.signal == SIGXCPU) {
    result.failure = clean::Finding::kSanitizerTimeout;
  } else if (ended.signal == 0 && ended.exit_code == 0) {
    result.failure = clean::Finding::kSanitizerAnswer;  // it ended in peace without a whole answer
  } else if (ended.signal == 0 && ended.exit_code == clean::kExitMemory) {
    result.failure = clean::Finding::kSanitizerMemory;
  } else if (ended.signal == 0 && ended.exit_code == clean::kExitFork) {
    result.unavailable = true;
  } else {
    result.failure = clean::Finding::kSanitizerCrashed;
  }
}

}  // namespace

struct Pool::Impl {
  Impl(std::string name, Descriptor file)
      : kind(std::move(name)),
        counted(meters::sandbox(kind)),
        program(std::move(file)),
        wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake) throw_errno("sanitizer: eventfd");
    thread = std::thread([this] { drive(); });
  }
  ~Impl() {
    stop();
    thread.join();
  }
  void stop() {
    state.with([](State& now) { now.stopping = true; });
    eventfd_write(wake.get(), 1);
    state.notify_all();
  }

  // ---- the thread that owns the zygote ----
  void drive();
  bool follow(ZygoteProcess& zygote);
  bool hear(const ZygoteProcess& zygote);
  bool take(State& now, const clean::JobMessage& message);
  bool stuck(Steady::time_point started);
  void give_up(bool was_ready);
  bool stopping() {
    return state.with([](const State& now) { return now.stopping; });
  }

  // ---- the callers ----
  std::optional<Ticket> enter(Steady::time_point deadline);
  bool attempt(int input, const clean::JobOptions& options, const Bounds& bounds, clean::Reader& reader,
               Steady::time_point deadline, JobEnd& result);
  void forget(const Ticket& ticket);
  void leave(std::uint64_t job);
  void kill(const Ticket& ticket);
  bool await_end(const Ticket& ticket, Steady::time_point deadline, JobEnd& result);
  void suspect(const Ticket& ticket);
  void settle(const Ticket& ticket, Reading how, const clean::Reader& reader, Steady::time_point deadline,
              JobEnd& result);

  const std::string kind;
  meters::Sandbox& counted;
  const Descriptor program;
  const Descriptor wake;
  Guarded<State> state;
  std::atomic<std::int64_t> last_good{0}, last_death{0};
  std::atomic<std::uint64_t> good{0}, failed{0};
  std::thread thread;
};

void Pool::Impl::drive() {
  milliseconds pause{limits::kZygotePauseFirstMs};
  while (!stopping()) {
    const auto started = Steady::now();
    bool was_ready = false;
    int status = 0;
    try {
      ZygoteProcess zygote(kind, program.get());
      state.with([&](State& now) {
        now.phase = State::Phase::starting;
        now.suspect = now.leaving = false;
        now.socket = zygote.socket();
      });
      was_ready = follow(zygote);
      give_up(was_ready);
      status = zygote.end();
    } catch (const TemporaryFailure& trouble) {
      log::error("sanitizer-not-started", {{"kind", kind}, {"why", std::string_view(trouble.what())}});
      give_up(false);
    }
    if (stopping()) return;
    if (was_ready && Steady::now() - started >= milliseconds(limits::kZygoteSoundMs))
      pause = milliseconds(limits::kZygotePauseFirstMs);
    const bool renewed = was_ready && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!renewed) last_death = unix_ms_now();
    if (!renewed) counted.deaths.add();
    if (renewed)
      log::info("sanitizer-renewed", {{"kind", kind}});  // it had served its number of jobs
    else
      log::warning("sanitizer-died", {{"kind", kind},
                                      {"ready", was_ready},
                                      {"exit", std::int64_t{WIFEXITED(status) ? WEXITSTATUS(status) : -1}},
                                      {"signal", std::int64_t{WIFSIGNALED(status) ? WTERMSIG(status) : 0}},
                                      {"pause_ms", std::int64_t{pause.count()}}});
    wait_for(wake.get(), POLLIN, Steady::now() + pause);
    pause = std::min(pause * 2, milliseconds(limits::kZygotePauseMaxMs));
  }
}

// Until the zygote is dead, stuck, or we stop. true if it had become ready.
bool Pool::Impl::follow(ZygoteProcess& zygote) {
  const auto started = Steady::now();
  const auto ready = [this] {
    return state.with([](const State& now) { return now.phase == State::Phase::ready; });
  };
  for (;;) {
    pollfd entries[2] = {{zygote.socket()->get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    poll(entries, 2, static_cast<int>(kLook.count()));
    if (entries[1].revents != 0) return ready();
    if (entries[0].revents != 0 && !hear(zygote)) return ready();
    if (wait_for(wake.get(), POLLIN, Steady::now() + kGather)) return ready();
    if (stuck(started)) {
      log::error("sanitizer-stuck", {{"kind", kind}});
      return ready();
    }
  }
}

// Takes what the zygote has said. false when it is gone or speaks nonsense.
bool Pool::Impl::hear(const ZygoteProcess& zygote) {
  std::array<char, limits::kJobDatagram> octets;
  for (std::size_t taken = 0; taken < limits::kZygoteJobs; ++taken) {
    const ssize_t count =
        recv(zygote.socket()->get(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0 || static_cast<std::size_t>(count) > octets.size()) return false;
    const auto message = clean::decode_job({octets.data(), static_cast<std::size_t>(count)});
    if (!message) return false;
    if (!state.with([&](State& now) { return take(now, *message); })) return false;
    if (std::holds_alternative<clean::Ready>(*message)) log::info("sanitizer-ready", {{"kind", kind}});
  }
  return true;
}

bool Pool::Impl::take(State& now, const clean::JobMessage& message) {
  if (std::holds_alternative<clean::Ready>(message)) {
    if (now.phase != State::Phase::starting) return false;
    now.phase = State::Phase::ready;
    now.start_failed = false;
  } else if (const auto* ended = std::get_if<clean::JobEnded>(&message)) {
    const auto job = now.jobs.find(ended->job);
    if (job == now.jobs.end() || job->second.ended) return false;
    if (job->second.caller_gone) {
      now.jobs.erase(job);
    } else {
      job->second.ended = *ended;
    }
  } else {
    return false;
  }
  state.notify_all();
  return true;
}

bool Pool::Impl::stuck(Steady::time_point started) {
  const auto moment = Steady::now();
  return state.with([&](const State& now) {
    if (now.suspect) return true;
    if (now.phase == State::Phase::starting) return moment - started > milliseconds(limits::kZygoteStartMs);
    return std::any_of(now.jobs.begin(), now.jobs.end(), [&](const auto& entry) {
      const Job& job = entry.second;
      return !job.ended && job.kill_sent && moment - *job.kill_sent > milliseconds(limits::kZygoteKillMs);
    });
  });
}

// Every job of a dead zygote is lost; its callers are told at once.
void Pool::Impl::give_up(bool was_ready) {
  state.with([&](State& now) {
    now.phase = State::Phase::down;
    now.start_failed = !was_ready;
    now.socket.reset();
    for (auto entry = now.jobs.begin(); entry != now.jobs.end();) {
      entry->second.lost = true;
      entry = entry->second.caller_gone ? now.jobs.erase(entry) : std::next(entry);
    }
  });
  state.notify_all();
}

// Waits for a ready zygote with room for one more child. Nothing when there is none in time.
std::optional<Ticket> Pool::Impl::enter(Steady::time_point deadline) {
  const auto room = [](const State& now) {
    return now.phase == State::Phase::ready && !now.suspect && !now.leaving && !now.stopping &&
           now.jobs.size() < limits::kZygoteJobs;
  };
  const auto hopeless = [](const State& now) {
    return now.stopping || (now.phase == State::Phase::down && now.start_failed);
  };
  return state.wait_until(
      deadline, [&](const State& now) { return room(now) || hopeless(now); },
      [&](State& now) -> std::optional<Ticket> {
        if (!room(now)) return std::nullopt;
        now.jobs.emplace(++now.last_job, Job{});
        return Ticket{now.last_job, now.socket};
      });
}

// The caller goes; the place is free when the zygote has told the end as well.
void Pool::Impl::leave(std::uint64_t id) {
  state.with([&](State& now) {
    const auto job = now.jobs.find(id);
    if (job->second.ended || job->second.lost) {
      now.jobs.erase(job);
    } else {
      job->second.caller_gone = true;
    }
  });
  state.notify_all();
}

void Pool::Impl::kill(const Ticket& ticket) {
  const bool needed = state.with([&](State& now) {
    Job& job = now.jobs.at(ticket.job);
    if (job.ended || job.lost) return false;
    job.kill_sent = Steady::now();
    return true;
  });
  if (needed) send_kill(ticket.socket->get(), ticket.job);
}

// false when the zygote has told nothing until then.
bool Pool::Impl::await_end(const Ticket& ticket, Steady::time_point deadline, JobEnd& result) {
  return state.wait_until(
      deadline,
      [&](const State& now) {
        const Job& job = now.jobs.at(ticket.job);
        return job.ended || job.lost;
      },
      [&](const State& now) {
        const Job& job = now.jobs.at(ticket.job);
        if (job.ended) {
          tell_end(*job.ended, result);
        } else if (job.lost) {
          result.failure = clean::Finding::kSanitizerCrashed;
        }
        return job.ended || job.lost;
      });
}

// A zygote that reaps no child it was told to kill has perhaps never begun the job: it gets no more of them
// and is replaced.
void Pool::Impl::suspect(const Ticket& ticket) {
  state.with([&](State& now) {
    if (now.socket == ticket.socket) now.suspect = true;
  });
}

void Pool::Impl::settle(const Ticket& ticket, Reading how, const clean::Reader& reader,
                        Steady::time_point deadline, JobEnd& result) {
  if (how != Reading::closed) kill(ticket);
  if (how == Reading::refused) {
    result.failure = clean::Finding::kSanitizerAnswer;
  } else if (reader.complete()) {  // whatever became of the process after that
    if (reader.refusal()) result.failure = reader.refusal()->finding;
  } else if (how == Reading::late) {
    if (!await_end(ticket, Steady::now() + milliseconds(limits::kZygoteKillMs), result)) suspect(ticket);
    result.failure = clean::Finding::kSanitizerTimeout;
  } else {
    await_end(ticket, std::max(deadline, Steady::now() + milliseconds(limits::kExitReportMs)), result);
    if (!result.failure && !result.unavailable) {  // its pipe is closed, yet it is not dead
      kill(ticket);
      result.failure = clean::Finding::kSanitizerCrashed;
    }
  }
}

Descriptor sealed_input(std::string_view octets) { return memory_file("kiyome-input", octets); }

Pool::Pool(std::string kind, Descriptor program)
    : impl_(std::make_unique<Impl>(std::move(kind), std::move(program))) {}
Pool::~Pool() = default;
void Pool::stop() { impl_->stop(); }

JobResult Pool::run(int input, std::uint64_t input_size, const clean::JobOptions& options,
                    const Bounds& bounds) {
  clean::AnswerReader reader(input_size);
  JobResult result;
  static_cast<JobEnd&>(result) = run(input, options, bounds, reader);
  if (result.good()) result.answer = reader.take_answer();
  return result;
}

JobEnd Pool::run(int input, const clean::JobOptions& options, const Bounds& bounds, clean::Reader& reader) {
  const auto started = Steady::now();
  const auto deadline = started + milliseconds(bounds.wall_ms);
  JobEnd result;
  // A zygote that ended between two jobs never heard of the request: the next one gets it.
  while (!impl_->attempt(input, options, bounds, reader, deadline, result)) {
  }
  if (result.failure && impl_->stopping()) result.unavailable = true;
  result.milliseconds = std::chrono::duration<double, std::milli>(Steady::now() - started).count();
  count(result, impl_->counted);
  if (result.good()) {
    impl_->last_good = unix_ms_now();
    ++impl_->good;
  } else {
    ++impl_->failed;
  }
  return result;
}

PoolHealth Pool::health() const {
  const bool up = impl_->state.with(
      [](const State& now) { return now.phase != State::Phase::down || !now.start_failed; });
  return {up, impl_->last_good, impl_->last_death, impl_->good, impl_->failed};
}

// false when the request was not taken and there is time for another zygote.
bool Pool::Impl::attempt(int input, const clean::JobOptions& options, const Bounds& bounds,
                         clean::Reader& reader, Steady::time_point deadline, JobEnd& result) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw_errno("sanitizer: pipe");
  const Descriptor answer(ends[0]);
  Descriptor theirs(ends[1]);
  const auto ticket = enter(deadline);
  if (!ticket) {
    result.unavailable = true;
    return true;
  }
  const std::string request =
      clean::encode_job(clean::JobRequest{ticket->job, bounds.cpu_seconds, bounds.memory_bytes, options});
  const bool taken = send_request(ticket->socket->get(), request, {input, theirs.get()}, deadline);
  if (taken) {
    theirs.reset();
    try {
      const Reading how = read_answer(answer.get(), reader, deadline, milliseconds(bounds.progress_ms));
      settle(*ticket, how, reader, deadline, result);
    } catch (...) {  // the handler's own trouble: a full disk, a bug; not the sanitizer's
      kill(*ticket);
      leave(ticket->job);
      throw;
    }
  } else {
    if (Steady::now() >= deadline) {
      result.unavailable = true;
      suspect(*ticket);
    }
    forget(*ticket);
  }
  leave(ticket->job);
  return taken || result.unavailable;
}

// The zygote never got the request, and takes no other.
void Pool::Impl::forget(const Ticket& ticket) {
  state.with([&](State& now) {
    now.jobs.at(ticket.job).lost = true;
    if (now.socket == ticket.socket) now.leaving = true;
  });
}

bool Pool::wait_ready(std::uint32_t wall_ms) {
  const auto ready = [](const State& now) { return now.phase == State::Phase::ready; };
  return impl_->state.wait_until(Steady::now() + milliseconds(wall_ms), ready, ready);
}

}  // namespace kiyome::workers
