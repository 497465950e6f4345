#include "service/backup/part_process.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::backup {
namespace {

// Words between the two: 'm' made, 'l' let go, 'w' write; "e…" what went wrong.
constexpr std::size_t kWord = 1000;

void say(int control, std::string_view word) {
  if (::send(control, word.data(), word.size(), MSG_NOSIGNAL) < 0) throw_errno("a part of the backup");
}

std::string hear(int control) {
  std::string word(kWord, '\0');
  ssize_t got = -1;
  do got = ::recv(control, word.data(), word.size(), 0);
  while (got < 0 && errno == EINTR);
  word.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return word;
}

void drop_rights(const supervisor::Account& account) {
  if (account.change &&
      (::setgroups(0, nullptr) != 0 || ::setresgid(account.gid, account.gid, account.gid) != 0 ||
       ::setresuid(account.uid, account.uid, account.uid) != 0))
    throw_errno("change the user");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

[[noreturn]] void fail(const std::string& name, const std::string& word) {
  throw TemporaryFailure(name + ": " +
                         (word.starts_with('e') ? word.substr(1) : std::string("its process died")));
}

}  // namespace

PartProcess::PartProcess(std::string name, const std::string& folder, const supervisor::Account& account,
                         const std::function<std::unique_ptr<Part>()>& make)
    : name_(std::move(name)) {
  int control[2] = {-1, -1}, data[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) throw_errno("socketpair");
  control_.reset(control[0]);
  const Descriptor their_control(control[1]);
  if (::pipe2(data, O_CLOEXEC) != 0) throw_errno("pipe");
  data_.reset(data[0]);
  const Descriptor their_data(data[1]);
  ::fcntl(data[1], F_SETPIPE_SZ, 1 << 20);
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) {
    control_.reset();
    data_.reset();
    child(folder, account, make, their_control.get(), their_data.get());
  }
  // Not the destructor's business yet: a constructor that throws must not leave the child.
  const std::string word = hear(control_.get());
  if (word == "m") return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  fail(name_, word);
}

PartProcess::~PartProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void PartProcess::child(const std::string& folder, const supervisor::Account& account,
                        const std::function<std::unique_ptr<Part>()>& make, int control, int data) {
  int code = 1;
  try {
    if (::chdir(folder.c_str()) != 0) throw_errno("enter " + folder);
    drop_rights(account);
    const std::unique_ptr<Part> part = make();
    say(control, "m");
    if (hear(control) != "l") ::_exit(1);
    part->let_go();
    if (hear(control) != "w") ::_exit(1);
    FrameWriter out([&](std::string_view octets) {
      if (!write_all(data, octets, Steady::time_point::max())) throw_errno("write");
    });
    out.part(name_);
    part->write(out);
    out.part_end();
    code = 0;
  } catch (const std::exception& trouble) {
    const std::string word = "e" + std::string(trouble.what()).substr(0, kWord - 1);
    ::send(control, word.data(), word.size(), MSG_NOSIGNAL);
  }
  ::_exit(code);  // nothing of the parent's is to be flushed or ended here
}

void PartProcess::let_go() { say(control_.get(), "l"); }

void PartProcess::write(const Put& put) {
  say(control_.get(), "w");
  std::string piece(limits::kBackupBlock, '\0');
  for (;;) {
    const ssize_t got = ::read(data_.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read a part of the backup");
    if (got == 0) break;
    put(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  fail(name_, hear(control_.get()));
}

}  // namespace kiyome::backup
