#include "service/edge/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "proto/base/limits.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/edge/proxy_header.h"

namespace kiyome::edge {
namespace {

using namespace std::chrono_literals;
using EventKind = smtp::ServerEvent::Kind;

constexpr auto kProxyPatience = 10s;    // a balancer speaks at once
constexpr auto kCrowdedPatience = 10s;  // for a command line, while places run short
constexpr auto kCrowdedSession = 60s;   // for a session that brings no mail, while places run short
constexpr auto kLingerPatience = 3s;    // for the last reply to arrive

}  // namespace

Connection::Connection(std::shared_ptr<ServerParts> parts, std::shared_ptr<LoopInbox> inbox, Token token,
                       Accepted accepted)
    : parts_(std::move(parts)),
      inbox_(std::move(inbox)),
      settings_(parts_->current()),
      token_(token),
      socket_(std::move(accepted.socket)),
      peer_(accepted.peer),
      began_(Steady::now()),
      phase_began_(began_),
      line_began_(began_),
      message_began_(began_) {
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
  if (counted_) parts_->admission.leave_from(*counted_);
  parts_->admission.leave();
}

void Connection::begin(std::span<char> scratch) {
  if (settings_->proxy_networks.contains(peer_))
    phase_ = Phase::proxy;
  else
    admit(peer_);
  advance(scratch);
}

// From here on the client's address is known.
void Connection::admit(const IpAddress& peer) {
  peer_ = peer;
  const bool listed = settings_->xclient_networks.contains(peer);
  dialog_.emplace(settings_->dialog, static_cast<smtp::ServerPolicy&>(*this),
                  smtp::ServerClient{peer.text(), "", "", listed});
  phase_ = Phase::session;
  if (!parts_->admission.enter_from(peer.counted(), settings_->config.connections_per_address_max)) {
    meters::smtp.refused(meters::SessionRefusal::address_full);
    // No lingering here: one address must not fill the places of all.
    dialog_->end(smtp::replies::too_many_connections(settings_->config.hostname));
    send_output();
    return die();
  }
  counted_ = peer.counted();
  dialog_->greet();
}

void Connection::on_events(std::uint32_t epoll_events, std::span<char> scratch) {
  if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) return die();
  if ((epoll_events & EPOLLIN) != 0) readable_ = true;
  if ((epoll_events & EPOLLRDHUP) != 0) hung_up_ = readable_ = true;
  advance(scratch);
}

void Connection::on_deadline(std::span<char> scratch) {
  if (Steady::now() < deadline_) return;
  if (phase_ != Phase::session || starting_tls_ || dialog_->closed()) return die();
  dialog_->end(smtp::replies::timeout(settings_->config.hostname));
  writer_.reset();
  phase_began_ = Steady::now();
  advance(scratch);
}

void Connection::on_committed(const smtp::ServerReply& reply, std::span<char> scratch) {
  dialog_->message_done(reply);
  item_open_ = false;
  line_began_ = Steady::now();
  if (stopping_) dialog_->end(smtp::replies::shutting_down(settings_->config.hostname));
  advance(scratch);
}

void Connection::on_stop(std::span<char> scratch) {
  stopping_ = true;
  if (phase_ == Phase::proxy || phase_ == Phase::handshake || starting_tls_) return die();
  if (phase_ == Phase::session && !dialog_->in_message() && !dialog_->waiting())
    dialog_->end(smtp::replies::shutting_down(settings_->config.hostname));
  advance(scratch);
}

void Connection::advance(std::span<char> scratch) {
  turn_ = false;
  std::size_t budget = limits::kSmtpTurn;
  while (phase_ != Phase::dead && step(scratch, budget)) {
  }
  arm();
}

// false: nothing more can be done now.
bool Connection::step(std::span<char> scratch, std::size_t& budget) {
  switch (phase_) {
    case Phase::proxy:
      return proxy_step(scratch);
    case Phase::session:
      return session_step(scratch, budget);
    case Phase::handshake:
      return handshake_step();
    case Phase::linger:
      return linger_step(scratch, budget);
    case Phase::dead:
      return false;
  }
  return false;
}

bool Connection::proxy_step(std::span<char> scratch) {
  const long count = receive(scratch);
  if (count < 0) return false;
  if (count == 0) {
    die();
    return false;
  }
  held_.append(scratch.data(), static_cast<std::size_t>(count));
  const ProxyHeader header = parse_proxy_header(held_);
  if (header.kind == ProxyHeader::Kind::bad) {
    meters::smtp.refused(meters::SessionRefusal::proxy_header);
    log::warning("proxy_header_refused", {{"client", peer_.text()}});
    die();
    return false;
  }
  if (header.kind == ProxyHeader::Kind::incomplete) return true;
  held_.erase(0, header.size);
  phase_began_ = line_began_ = Steady::now();
  if (header.kind == ProxyHeader::Kind::unknown) {
    // Who it is decides what it may do, and the balancer's own rights are not its client's.
    meters::smtp.refused(meters::SessionRefusal::proxy_header);
    log::warning("proxy_client_unknown", {{"client", peer_.text()}});
    die();
    return false;
  }
  admit(header.client.value_or(peer_));
  return true;
}

bool Connection::handshake_step() {
  switch (tls_->handshake()) {
    case TlsSession::Outcome::blocked:
      return false;
    case TlsSession::Outcome::closed:
      meters::smtp.refused(meters::SessionRefusal::tls);
      log::info("tls_failed", {{"client", dialog_->client().address}});
      die();
      return false;
    case TlsSession::Outcome::done:
      break;
  }
  dialog_->tls_started();
  phase_ = Phase::session;
  phase_began_ = line_began_ = Steady::now();
  return true;
}

bool Connection::session_step(std::span<char> scratch, std::size_t& budget) {
  if (!send_output()) return false;
  if (std::exchange(starting_tls_, false)) {
    tls_ = std::make_unique<TlsSession>(*settings_->tls, socket_.get());
    held_.clear();
    phase_ = Phase::handshake;
    phase_began_ = Steady::now();
    return true;
  }
  if (dialog_->closed()) {
    begin_linger();
    return true;
  }
  if (dialog_->waiting()) return false;
  if (!held_.empty()) {
    const std::string input = std::exchange(held_, {});
    process(input);
    return true;
  }
  if (budget == 0 && readable_) turn_ = true;
  if (turn_) return false;
  const long count = receive(scratch);
  if (count < 0) return false;
  if (count == 0) {
    die();
    return false;
  }
  budget -= std::min(budget, static_cast<std::size_t>(count));
  process({scratch.data(), static_cast<std::size_t>(count)});
  return true;
}

// What the peer still sends is read and dropped for a while: closing over unread octets would reset the
// connection and could take our last reply from the peer.
void Connection::begin_linger() {
  writer_.reset();
  if (tls_) tls_->say_close();
  ::shutdown(socket_.get(), SHUT_WR);
  phase_ = Phase::linger;
  phase_began_ = Steady::now();
}

bool Connection::linger_step(std::span<char> scratch, std::size_t& budget) {
  if (ended_ || lingered_ > limits::kSmtpLinger) {
    die();
    return false;
  }
  if (budget == 0) {
    turn_ = true;
    return false;
  }
  const ssize_t count = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EINTR) return true;
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (count <= 0) {
    die();
    return false;
  }
  lingered_ += static_cast<std::size_t>(count);
  budget -= std::min(budget, static_cast<std::size_t>(count));
  return true;
}

// Deadlines are absolute: of a command line from the last one's end, of a message from its start, of the
// session. What drips in does not move them. While we ourselves make the client wait there is none.
void Connection::arm() {
  if (phase_ == Phase::dead) return;
  const auto command = command_patience();
  if (phase_ == Phase::proxy)
    deadline_ = phase_began_ + std::min<Steady::duration>(kProxyPatience, command);
  else if (phase_ == Phase::handshake)
    deadline_ = phase_began_ + command;
  else if (phase_ == Phase::linger || dialog_->closed())  // closed: the last reply does not go out
    deadline_ = phase_began_ + kLingerPatience;
  else if (dialog_->waiting())
    deadline_ = Steady::time_point::max();
  else
    deadline_ = session_deadline(command);
}

// When places run short, a client that says nothing has less time than its configured patience (as Postfix
// does under stress): a thousand silent ones cannot shut out others for long.
Steady::duration Connection::command_patience() const {
  const Steady::duration configured = std::chrono::seconds(settings_->config.command_timeout_seconds);
  return parts_->crowded(*settings_) ? std::min<Steady::duration>(configured, kCrowdedPatience) : configured;
}

Steady::time_point Connection::session_deadline(Steady::duration command) {
  if (dialog_->lines() != lines_) {
    lines_ = dialog_->lines();
    line_began_ = Steady::now();
  }
  const auto own = dialog_->in_message()
                       ? message_began_ + std::chrono::seconds(settings_->config.data_timeout_seconds)
                       : line_began_ + command;
  // A client that keeps a place without giving mail (NOOP after NOOP, or no right to relay) has one minute
  // while places run short.
  const bool idles =
      dialog_->messages() == 0 && !dialog_->in_message() && dialog_->envelope().recipients.empty();
  const auto session = idles && parts_->crowded(*settings_)
                           ? kCrowdedSession
                           : std::chrono::seconds(settings_->config.session_timeout_seconds);
  return std::min(own, began_ + session);
}

long Connection::receive(std::span<char> scratch) {
  if (ended_) return 0;
  if (!readable_) return -1;
  if (tls_) {
    std::size_t count = 0;
    const TlsSession::Outcome outcome = tls_->read(scratch.data(), scratch.size(), count);
    if (outcome == TlsSession::Outcome::done) return static_cast<long>(count);
    if (outcome == TlsSession::Outcome::blocked) {
      readable_ = false;
      return -1;
    }
    ended_ = true;
    return 0;
  }
  ssize_t count = 0;
  do count = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  if (count < 0) {
    readable_ = false;
    if (errno != EAGAIN && errno != EWOULDBLOCK) die();
    return -1;
  }
  // A short read has emptied the socket, but an end that has already come is told only once.
  if (static_cast<std::size_t>(count) < scratch.size() && !hung_up_) readable_ = false;
  ended_ = count == 0;
  return count;
}

// false: not all is out yet, or the connection died.
bool Connection::send_output() {
  std::string& output = dialog_->output();
  std::size_t sent = 0;
  bool blocked = false;
  while (sent < output.size() && !blocked && phase_ != Phase::dead) {
    const std::string_view rest = std::string_view(output).substr(sent);
    if (tls_) {
      std::size_t count = 0;
      const TlsSession::Outcome outcome = tls_->write(rest, count);
      if (outcome == TlsSession::Outcome::closed) die();
      blocked = outcome == TlsSession::Outcome::blocked;
      if (outcome == TlsSession::Outcome::done) sent += count;
      continue;
    }
    const ssize_t count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0)
      sent += static_cast<std::size_t>(count);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      blocked = true;
    else if (errno != EINTR)
      die();
  }
  output.erase(0, sent);
  return output.empty() && phase_ != Phase::dead;
}

// Gives `input` to the dialog; what it does not take now is held.
void Connection::process(std::string_view input) {
  for (;;) {
    const smtp::ServerEvent event = dialog_->step(input);
    switch (event.kind) {
      case EventKind::need_input:
        return;
      case EventKind::message_begin:
        begin_message();
        break;
      case EventKind::message_octets:
        append(event.octets);
        break;
      case EventKind::message_abandoned:
        writer_.reset();
        item_open_ = false;
        break;
      case EventKind::message_end:
        commit();
        break;
      case EventKind::start_tls:
        starting_tls_ = true;
        return;
      case EventKind::close:
        writer_.reset();
        return;
      case EventKind::flush:
        if (send_output()) break;
        held_ = input;
        return;
      case EventKind::waiting:
        held_ = input;
        return;
    }
  }
}

}  // namespace kiyome::edge
