#include "service/command/run_as.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::command {
namespace {

// Of all that root may, one thing stays: to read and search what is others'.
void keep_reading_alone() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> rights{};
  rights[0].effective = rights[0].permitted = 1U << CAP_DAC_READ_SEARCH;
  if (::syscall(SYS_capset, &head, rights.data()) != 0) throw_errno("keep the right to read");
}

void change_user(const supervisor::Account& account, Reading reading) {
  if (account.change) {
    if (reading == Reading::everything) ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(account.gid, account.gid, account.gid) != 0 ||
        ::setresuid(account.uid, account.uid, account.uid) != 0)
      throw_errno("change the user");
    if (reading == Reading::everything) keep_reading_alone();
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// Its first character says what the rest is: an answer, or what was thrown.
std::string told_by(const supervisor::Account& account, const std::string& folder, Reading reading,
                    const std::function<std::string()>& work) {
  try {
    if (::chdir(folder.c_str()) != 0) throw_errno("enter " + folder);
    change_user(account, reading);
    return "r" + work();
  } catch (const ConfigError& mistake) {
    return std::string("c") + mistake.what();
  } catch (const std::exception& trouble) {
    return std::string("t") + trouble.what();
  }
}

}  // namespace

std::string run_as(const supervisor::Account& account, const std::string& folder, Reading reading,
                   const std::function<std::string()>& work) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  std::fflush(nullptr);  // else the child would say it again
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) {
    const std::string told = told_by(account, folder, reading, work);
    std::fflush(nullptr);
    ::_exit(write_all(theirs.get(), told, Steady::time_point::max()) ? 0 : 1);
  }
  theirs.reset();
  std::string told;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::read(ours.get(), piece.data(), piece.size())) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) told.append(piece.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (told.empty() || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw TemporaryFailure("the process that did it died");
  if (told.front() == 'c') throw ConfigError(told.substr(1));
  if (told.front() == 't') throw TemporaryFailure(told.substr(1));
  return told.substr(1);
}

}  // namespace kiyome::command
