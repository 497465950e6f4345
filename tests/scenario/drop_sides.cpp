// Both neighbours of a real cleaner: the edge that commits dropped files to the log of originals and hears
// how they fare, and the gate that takes bundles. Words on stdin, a line each with TAB between, JSON lines on
// stdout:
//   drop PATH NAME PASSWORD MESSAGE RECIPIENT…   → {"dropped":ID}, then {"state":…} as the cleaner says it
//   ask ID                                       → {"state":…}
//   result ID PART RECIPIENT STAGE               → {"taken":…} when the cleaner has it on disk
//   refuse                                       the next bundle is refused
//   sever                                        both connections end
// A bundle is proved by the gate's own verifier before it is told: {"bundle":ID,…}; its files are written to
// the folder given as the second argument. The first is the service's data folder.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>

#include "proto/base/limits.h"
#include "proto/clean/findings.h"
#include "proto/transfer/bundle.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/edge/intake_link.h"
#include "service/gate/verify.h"
#include "service/store/original_log.h"

using namespace kiyome;

namespace {

Guarded<int> said(0);

void say(const std::string& line) {
  said.with([&](int&) { std::cout << line << std::endl; });
}

std::string list_of(const std::vector<std::string>& all) {
  std::string out = "[";
  for (const std::string& each : all) out += (out.size() > 1 ? "," : "") + log::json_string(each);
  return out + "]";
}

std::string slugs(const std::vector<std::uint16_t>& findings) {
  std::vector<std::string> out;
  for (const std::uint16_t code : findings)
    if (const auto finding = clean::finding_of_code(code)) out.emplace_back(clean::slug(*finding));
  return list_of(out);
}

// What is proved of a file: its digest and that it is in the clean grammar.
const char* judge(const transfer::CleanFile& file) {
  if (sha256(file.content) != file.sha256) return "digest";
  const auto violation = file.type == transfer::CleanFileType::text  ? gate::verify_text(file.content)
                         : file.type == transfer::CleanFileType::pdf ? gate::verify_pdf(file.content)
                         : file.type == transfer::CleanFileType::png ? gate::verify_png(file.content)
                                                                     : gate::verify_zip(file.content);
  return violation ? "grammar" : "ok";
}

class Gate {
 public:
  Gate(const std::string& path, std::string folder)
      : listening_(listen_unix(AT_FDCWD, path)), folder_(std::move(folder)), thread_([this] { run(); }) {
    std::filesystem::permissions(path, std::filesystem::perms::all);
  }
  ~Gate() {
    stopping_ = true;
    thread_.join();
  }
  void say_back(const transfer::WayBack& message) {
    peer_.with([&](std::shared_ptr<Descriptor>& peer) {
      if (peer) write_all(peer->get(), transfer::encode(message), Steady::now() + std::chrono::seconds(5));
    });
  }
  void refuse_next() { refuse_ = true; }
  void sever() {
    peer_.with([](std::shared_ptr<Descriptor>& peer) {
      if (peer) ::shutdown(peer->get(), SHUT_RDWR);
    });
  }

 private:
  void run() {
    while (!stopping_) {
      if (!wait_for(listening_.get(), POLLIN, Steady::now() + std::chrono::milliseconds(100))) continue;
      const auto peer =
          std::make_shared<Descriptor>(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      peer_.with([&](std::shared_ptr<Descriptor>& held) { held = peer; });
      serve(*peer);
    }
  }
  void serve(const Descriptor& peer) {
    transfer::FrameReader frames(limits::kTransferFrame);
    std::string frame;
    while (!stopping_) {
      if (!wait_for(peer.get(), POLLIN, Steady::now() + std::chrono::milliseconds(100))) continue;
      std::string octets;
      if (read_some(peer.get(), octets, 1 << 20, Steady::now()) <= 0) return;
      frames.feed(octets);
      for (auto more = frames.next(frame);; more = frames.next(frame)) {
        if (!more) return say(R"({"nonsense":"frame"})");
        if (!*more) break;
        hear(frame);
      }
    }
  }
  void hear(const std::string& frame) {
    const auto message = transfer::decode_forward(frame);
    if (!message) return say(fmt::format(R"({{"nonsense":"{}"}})", message.error().what));
    if (const auto* taken = std::get_if<transfer::DropResultTaken>(&*message))
      return say(fmt::format(R"({{"taken":"{}","part":{},"recipient":{},"stage":{}}})", taken->id.text(),
                             taken->part, taken->recipient, static_cast<int>(taken->stage)));
    if (const auto* bundle = std::get_if<transfer::DropBundle>(&*message)) return take(*bundle);
    say(R"({"nonsense":"a mail"})");
  }
  void take(const transfer::DropBundle& bundle) {
    if (refuse_.exchange(false))
      return say_back(transfer::Refused{bundle.id, bundle.part, transfer::RefusalReason::grammar, 1});
    std::string files = "[";
    for (const transfer::CleanFile& file : bundle.files) {
      std::ofstream(folder_ + "/" + file.name, std::ios::binary) << file.content;
      files += fmt::format(R"({}{{"name":{},"proof":"{}","bytes":{}}})", files.size() > 1 ? "," : "",
                           log::json_string(file.name), judge(file), file.content.size());
    }
    const char* verdicts[] = {"", "clean", "held", "rejected"};
    say(fmt::format(
        R"({{"bundle":"{}","part":{},"verdict":"{}","name":{},"type":{},"bytes":{},"findings":{},"approval":{},"recipients":{},"message":{},"sender_name":{},"files":{}]}})",
        bundle.id.text(), bundle.part, verdicts[static_cast<int>(bundle.verdict)],
        log::json_string(bundle.name), log::json_string(bundle.type), bundle.bytes, slugs(bundle.findings),
        list_of(bundle.approval), list_of(bundle.recipients), log::json_string(bundle.message),
        log::json_string(bundle.sender_name), files));
    say_back(transfer::Accepted{bundle.id, bundle.part});
  }

  Descriptor listening_;
  const std::string folder_;
  std::atomic<bool> stopping_{false}, refuse_{false};
  Guarded<std::shared_ptr<Descriptor>> peer_;
  std::thread thread_;
};

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == '\t')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

std::string unescaped(std::string text) {
  for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n"))
    text.replace(at, 2, "\n");
  return text;
}

void drop(store::OriginalLog& log, edge::IntakeLink& link, const std::vector<std::string>& words) {
  const ItemId id = new_item_id();
  auto writer = log.begin(id);
  std::ifstream file(words.at(1), std::ios::binary);
  for (std::string chunk(65536, '\0'); file.read(chunk.data(), 65536) || file.gcount() > 0;)
    writer->append(std::string_view(chunk).substr(0, static_cast<std::size_t>(file.gcount())));
  store::Envelope envelope;
  envelope.id = id;
  envelope.received_ms = unix_ms_now();
  envelope.client_address = "192.0.2.7";
  envelope.protocol = "DROP";
  envelope.sender = "sato@supplier.example";
  for (std::size_t i = 5; i < words.size(); ++i)
    envelope.recipients.push_back({static_cast<std::uint32_t>(i - 5), words[i], 0, ""});
  envelope.drop =
      store::Drop{new_item_id(),          1,      1,          "佐藤 花子", words.at(2), "資料の送付",
                  unescaped(words.at(4)), "重要", words.at(3)};
  if (!store::is_sound(*envelope.drop)) return say(R"({"unsound":true})");
  log.commit(std::move(writer), std::move(envelope), [&link](Result<transfer::Announce> where) {
    if (!where) return say(R"({"lost":true})");
    say(fmt::format(R"({{"dropped":"{}"}})", where->id.text()));
    link.announce(*where);
  });
}

void tell_state(const transfer::DropState& state) {
  const char* names[] = {"",        "received", "cleaning",  "clean",    "held",
                         "refused", "waiting",  "delivered", "returned", "picked-up"};
  say(fmt::format(R"({{"state":"{}","id":"{}","pages":{},"findings":{}}})",
                  names[static_cast<int>(state.state)], state.id.text(), state.pages, slugs(state.findings)));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string data = arguments[1];
  log::start("drop_sides", "warning");
  Gate gate(data + "/run/gate.sock", arguments[2]);
  edge::IntakeLink link(data + "/run/cleaner.sock");
  store::OriginalLog originals(data + "/edge/originals",
                               store::load_cleaner_public_key(data + "/cleaner/cleaner.pub"),
                               [&](const transfer::Announce& where) { link.announce(where); });
  link.start(originals, {tell_state, [] { say(R"({"connected":true})"); }, {}, {}, {}});
  for (std::string line; std::getline(std::cin, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words[0] == "drop") drop(originals, link, words);
    if (words[0] == "ask") link.ask(ItemId::parse(words.at(1)).value());
    if (words[0] == "result")
      gate.say_back(transfer::DropResult{ItemId::parse(words.at(1)).value(),
                                         static_cast<std::uint16_t>(std::stoi(words.at(2))),
                                         static_cast<std::uint32_t>(std::stoi(words.at(3))),
                                         static_cast<transfer::DropStage>(std::stoi(words.at(4)))});
    if (words[0] == "refuse") gate.refuse_next();
    if (words[0] == "sever") gate.sever();
  }
  link.stop();
  return 0;
}
