// Load for tests/bench/relay: sends mails over several connections and takes them back as the next hop.
//   relay_load --to PORT --sink PORT --connections N --messages N [--rate N] FILE…
// --rate: so many a second, each at its own time whatever became of those before; how long each took counts
// from that time. Without it each connection sends as fast as it is answered. Prints one JSON object when all
// have come back: {"messages","seconds","p50_ms","p99_ms"}.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view kMark = "bench.";  // Message-ID: <bench.NUMBER@load.example>

struct Run {
  std::vector<std::string> mails;  // wire form without Message-ID
  int to = 0, sink = 0, connections = 10, messages = 1000, rate = 0;
  Clock::time_point began;
  std::vector<Clock::time_point> sent, arrived;
  std::vector<std::atomic<int>> times;  // how often each arrived
  std::atomic<int> next{0}, back{0}, failures{0};
  std::mutex mutex;
  std::condition_variable changed;
  explicit Run(int count) : sent(static_cast<std::size_t>(count)), arrived(sent.size()), times(sent.size()) {}
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class Stream {
 public:
  explicit Stream(int fd) : fd_(fd) { no_delay(fd); }
  ~Stream() { close(fd_); }
  bool line(std::string& out) {
    for (;;) {
      const std::size_t end = pending_.find('\n', at_);
      if (end != std::string::npos) {
        out.assign(pending_, at_, end - at_ + 1);
        at_ = end + 1;
        return true;
      }
      pending_.erase(0, at_);
      at_ = 0;
      char buffer[65536];
      const ssize_t count = read(fd_, buffer, sizeof buffer);
      if (count <= 0) return false;
      pending_.append(buffer, static_cast<std::size_t>(count));
    }
  }
  bool say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // The last line of a reply.
  bool reply(std::string& out) {
    do {
      if (!line(out)) return false;
    } while (out.size() > 3 && out[3] == '-');
    return true;
  }

 private:
  int fd_;
  std::string pending_;
  std::size_t at_ = 0;
};

std::string wire_form(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) die(path.c_str());
  std::string out, line;
  bool header = true, skip = false;
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) header = false;
    if (header) {
      const bool folded = line[0] == ' ' || line[0] == '\t';
      if (!folded) skip = strncasecmp(line.c_str(), "Message-ID:", 11) == 0;
      if (skip) continue;
    }
    if (!line.empty() && line[0] == '.') out += '.';
    out += line + "\r\n";
  }
  return out + ".\r\n";
}

bool send_one(Stream& stream, Run& run, int number) {
  const std::string& mail = run.mails[static_cast<std::size_t>(number) % run.mails.size()];
  std::string reply;
  Clock::time_point& sent = run.sent[static_cast<std::size_t>(number)];
  sent = Clock::now();
  if (run.rate > 0) {
    const auto due = run.began + std::chrono::microseconds(1'000'000LL * number / run.rate);
    std::this_thread::sleep_until(due);
    sent = due;
  }
  if (!stream.say("MAIL FROM:<sender@outside.example>\r\nRCPT TO:<staff@city.example.jp>\r\nDATA\r\n"))
    return false;
  for (int i = 0; i < 3; ++i)
    if (!stream.reply(reply) || (reply[0] != '2' && reply[0] != '3')) return false;
  const std::string id = "Message-ID: <" + std::string(kMark) + std::to_string(number) + "@load.example>\r\n";
  return stream.say(id + mail) && stream.reply(reply) && reply[0] == '2';
}

void send_many(Run& run) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(run.to);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  Stream stream(fd);
  std::string reply;
  if (!stream.reply(reply) || !stream.say("EHLO load.example\r\n") || !stream.reply(reply)) die("greeting");
  for (int number = run.next++; number < run.messages; number = run.next++)
    if (!send_one(stream, run, number)) ++run.failures;
  stream.say("QUIT\r\n");
}

void arrived(Run& run, int number) {
  if (number < 0 || number >= run.messages) return;
  const auto index = static_cast<std::size_t>(number);
  if (run.times[index]++ != 0) return;
  run.arrived[index] = Clock::now();
  if (++run.back == run.messages) run.changed.notify_all();
}

void take_mails(int fd, Run& run) {
  Stream stream(fd);
  std::string line;
  stream.say("220 sink\r\n");
  while (stream.line(line)) {
    const std::string verb = line.substr(0, 4);
    if (verb == "EHLO")
      stream.say("250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
    else if (verb == "DATA") {
      stream.say("354 go on\r\n");
      int number = -1;
      while (stream.line(line) && line != ".\r\n")
        if (number < 0 && strncasecmp(line.c_str(), "Message-ID:", 11) == 0) {
          const std::size_t at = line.find(kMark);
          if (at != std::string::npos) number = std::atoi(line.c_str() + at + kMark.size());
        }
      stream.say("250 2.0.0 ok\r\n");
      arrived(run, number);
    } else if (verb == "QUIT") {
      stream.say("221 bye\r\n");
      return;
    } else {
      stream.say("250 2.0.0 ok\r\n");
    }
  }
}

void serve_sink(Run& run) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(run.sink);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 512) != 0)
    die("sink");
  std::thread([fd, &run] {
    for (;;) {
      const int peer = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer >= 0) std::thread([peer, &run] { take_mails(peer, run); }).detach();
    }
  }).detach();
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  int to = 0, sink = 0, connections = 10, messages = 1000, rate = 0;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    int* target = word == "--to"            ? &to
                  : word == "--sink"        ? &sink
                  : word == "--connections" ? &connections
                  : word == "--messages"    ? &messages
                  : word == "--rate"        ? &rate
                                            : nullptr;
    if (target != nullptr && i + 1 < argc)
      *target = std::atoi(argv[++i]);
    else
      files.push_back(word);
  }
  Run run(messages);
  run.to = to;
  run.sink = sink;
  run.connections = connections;
  run.messages = messages;
  run.rate = rate;
  for (const std::string& file : files) run.mails.push_back(wire_form(file));
  serve_sink(run);
  const auto began = run.began = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) threads.emplace_back([&] { send_many(run); });
  for (std::thread& thread : threads) thread.join();
  std::unique_lock lock(run.mutex);
  run.changed.wait_for(lock, std::chrono::seconds(120),
                       [&] { return run.back + run.failures >= run.messages; });
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::vector<double> waits;
  int repeats = 0;
  for (std::size_t i = 0; i < run.sent.size(); ++i) {
    if (run.times[i] > 0)
      waits.push_back(std::chrono::duration<double, std::milli>(run.arrived[i] - run.sent[i]).count());
    repeats += std::max(0, run.times[i] - 1);
  }
  std::sort(waits.begin(), waits.end());
  if (waits.empty()) return 1;
  std::printf(
      R"({"messages":%d,"arrived":%d,"repeats":%d,"refused":%d,"seconds":%.3f,"p50_ms":%.2f,"p99_ms":%.2f})"
      "\n",
      messages, run.back.load(), repeats, run.failures.load(), seconds, percentile(waits, 0.5),
      percentile(waits, 0.99));
  std::fflush(stdout);
  std::_Exit(run.back == messages ? 0 : 1);
}
