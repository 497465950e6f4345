#include "service/command/ask_password.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"

namespace kiyome::command {
namespace {

// The terminal shows nothing of what is typed until this goes.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal) {
    quiet_ = ::tcgetattr(terminal, &before_) == 0;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    now.c_cc[VEOL] = kInterrupt;  // Ctrl-C ends the line, and us, with the terminal as it was
    quiet_ = quiet_ && ::tcsetattr(terminal, TCSAFLUSH, &now) == 0;
  }
  ~Silence() {
    if (quiet_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  bool quiet() const { return quiet_; }
  static constexpr char kInterrupt = 3;

 private:
  int terminal_;
  termios before_{};
  bool quiet_ = false;
};

std::string line_from(int input) {
  std::string line;
  char c = 0;
  while (line.size() <= limits::kPasswordOctets && ::read(input, &c, 1) == 1 && c != '\n') {
    if (c == Silence::kInterrupt) throw ConfigError("中止しました / given up");
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::string ask_password(bool twice) {
  if (::isatty(STDIN_FILENO) == 0) {
    std::string password = line_from(STDIN_FILENO);
    if (password.empty())
      throw ConfigError("標準入力にパスワードがありません / no password on standard input");
    return password;
  }
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  const Silence silence(terminal.get());
  if (!silence.quiet()) throw TemporaryFailure("端末を使えません / the terminal cannot be used");
  const auto ask = [&](const char* words) {
    std::fputs(words, stderr);
    std::string answer = line_from(terminal.get());
    std::fputs("\n", stderr);
    return answer;
  };
  std::string password = ask("パスワード / password: ");
  if (password.empty() || (twice && password != ask("もう一度 / again: ")))
    throw ConfigError("パスワードが一致しません / the two are not the same");
  return password;
}

}  // namespace kiyome::command
