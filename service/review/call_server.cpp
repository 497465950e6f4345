#include "service/review/call_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <map>
#include <thread>
#include <vector>

#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/review/wire.h"

namespace kiyome::review {
namespace {

using namespace std::chrono_literals;

constexpr auto kFramePatience =
    10s;  // for the rest of a call that began, and for a console that does not read
constexpr unsigned kOfOne = limits::kReviewCalls * 3 / 4;  // one person's calls leave room for others'

}  // namespace

struct CallServer::Impl {
  Descriptor listening;
  Handler handler;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
  std::vector<std::thread> threads;
  Guarded<std::map<std::string, unsigned>> in_hand;  // calls of each person

  // Each thread takes a connection and keeps it to its end, so there are never more of them than threads; the
  // others wait in the listening socket's queue.
  void run() {
    for (;;) {
      pollfd entries[2] = {{listening.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
      if (::poll(entries, 2, -1) < 0) continue;
      if (entries[1].revents != 0) return;
      // Several threads wake for one connection; the others go back to wait.
      const Descriptor connection(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (connection) serve(connection.get());
    }
  }

  void serve(int connection) {
    for (;;) {
      pollfd entries[2] = {{connection, POLLIN, 0}, {stop.get(), POLLIN, 0}};
      if (::poll(entries, 2, -1) < 0) continue;
      if (entries[1].revents != 0) return;
      std::string payload;
      if (!read_frame(connection, payload, kCallFrame, Steady::now() + kFramePatience)) return;
      const Result<Call> call = decode_call(payload);
      if (!call) {
        log::error("review call refused", {{"why", std::string_view(call.error().what)}});
        return;
      }
      if (!write_all(connection, encode(answer(*call)), Steady::now() + kFramePatience)) return;
    }
  }

  // Some calls wait, for a decision or a verification: many of one person's must not be all that is answered.
  struct Turn {
    Turn(Impl& server, const std::string& login) : impl(server), who(login) {
      const bool taken = impl.in_hand.with([&](auto& calls) {
        unsigned& his = calls[who];
        return his < kOfOne && ++his > 0;
      });
      if (!taken) throw http::Problem{503, "busy", {}, {}, {{"Retry-After", "1"}}};
    }
    ~Turn() {
      impl.in_hand.with([&](auto& calls) {
        if (--calls[who] == 0) calls.erase(who);
      });
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Impl& impl;
    const std::string& who;
  };

  Answer answer(const Call& call) {
    try {
      const Turn turn(*this, call.actor.login);
      Reply reply = handler(call);
      if (reply.content.size() <= limits::kReviewReply) return reply;
      log::error("review answer too large", {{"operation", std::string_view(call.operation)}});
      return http::Problem{500, "internal", {}, {}, {}};
    } catch (const http::Problem& refusal) {
      return refusal;
    } catch (const TemporaryFailure& trouble) {
      log::warning("review", {{"operation", std::string_view(call.operation)}, {"why", trouble.what()}});
      return http::Problem{503, "busy", {}, {}, {{"Retry-After", "10"}}};
    } catch (const std::exception& trouble) {
      log::error("review", {{"operation", std::string_view(call.operation)}, {"why", trouble.what()}});
      return http::Problem{500, "internal", {}, {}, {}};
    }
  }
};

CallServer::CallServer(Descriptor listening, Handler handler) : impl_(std::make_unique<Impl>()) {
  impl_->listening = std::move(listening);
  impl_->handler = std::move(handler);
  ::fcntl(impl_->listening.get(), F_SETFL, O_NONBLOCK);  // another thread may have taken what we woke for
  for (unsigned i = 0; i < limits::kReviewCalls; ++i)
    impl_->threads.emplace_back([impl = impl_.get()] { impl->run(); });
}

CallServer::~CallServer() {
  ::eventfd_write(impl_->stop.get(), 1);
  for (std::thread& thread : impl_->threads) thread.join();
}

}  // namespace kiyome::review
