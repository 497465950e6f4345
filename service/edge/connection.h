// One SMTP client: its socket, TLS, dialog, deadlines and the item it is giving us. Trusts nothing that comes
// in. Memory: no read buffer of its own while idle; at most limits::kSmtpReadBuffer of input that waits, one
// command line, one envelope, one backlog of replies, and what OpenSSL holds.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/smtp/server_dialog.h"
#include "service/edge/server_parts.h"

namespace kiyome::edge {

// Owned by one event loop and used on its thread only. The socket is registered there edge-triggered for both
// directions.
class Connection final : private smtp::ServerPolicy {
 public:
  Connection(std::shared_ptr<ServerParts> parts, std::shared_ptr<LoopInbox> inbox, Token token,
             Accepted accepted);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_.get(); }
  // Each does what can be done now without blocking. `scratch` is the loop's read buffer.
  void begin(std::span<char> scratch);
  void on_events(std::uint32_t epoll_events, std::span<char> scratch);
  void on_turn(std::span<char> scratch) { advance(scratch); }
  void on_deadline(std::span<char> scratch);
  void on_crowded() { arm(); }
  void on_committed(const smtp::ServerReply& reply, std::span<char> scratch);
  // Idle sessions end with 421; a message in hand is finished first.
  void on_stop(std::span<char> scratch);

  bool dead() const { return phase_ == Phase::dead; }
  bool wants_turn() const { return turn_; }  // there is more to read, others first
  Steady::time_point deadline() const { return deadline_; }

 private:
  enum class Phase { proxy, session, handshake, linger, dead };

  std::optional<smtp::ServerReply> refuse_sender(const smtp::ServerClient& client,
                                                 const smtp::MailArguments& mail) override;
  std::optional<smtp::ServerReply> refuse_recipient(const smtp::ServerClient& client,
                                                    const std::string& recipient) override;
  void refused(const smtp::ServerReply& reply) override;
  bool may_relay(const std::string& address);

  void admit(const IpAddress& peer);
  void advance(std::span<char> scratch);
  bool step(std::span<char> scratch, std::size_t& budget);
  bool proxy_step(std::span<char> scratch);
  bool session_step(std::span<char> scratch, std::size_t& budget);
  bool handshake_step();
  bool linger_step(std::span<char> scratch, std::size_t& budget);
  void begin_linger();
  void die() { phase_ = Phase::dead; }
  void arm();
  Steady::duration command_patience() const;
  Steady::time_point session_deadline(Steady::duration command);

  // -1: blocked or dead; 0: the peer has ended; else the octets read.
  long receive(std::span<char> scratch);
  bool send_output();
  void process(std::string_view input);

  void begin_message();
  void append(std::string_view octets);
  void commit();
  void fail_message(const std::string& what);

  const std::shared_ptr<ServerParts> parts_;  // shared: see ServerParts
  const std::shared_ptr<LoopInbox> inbox_;    // shared: see LoopInbox
  const std::shared_ptr<const EdgeSettings>
      settings_;  // shared: a reload must not change a session under way
  const Token token_;
  Descriptor socket_;
  IpAddress peer_;
  std::optional<IpAddress> counted_;  // in Admission
  std::unique_ptr<TlsSession> tls_;
  std::optional<smtp::ServerDialog> dialog_;  // from when the client's address is known

  Phase phase_ = Phase::session;
  bool readable_ = true;
  bool hung_up_ = false;  // the peer has said its last octet
  bool ended_ = false;    // … and we have read it
  bool starting_tls_ = false;
  bool stopping_ = false;
  bool turn_ = false;
  std::string held_;  // read and not yet taken
  std::size_t lingered_ = 0;

  Steady::time_point began_;
  Steady::time_point phase_began_;
  Steady::time_point line_began_;
  Steady::time_point message_began_;
  Steady::time_point deadline_;
  std::uint64_t lines_ = 0;

  ItemId item_;
  bool item_open_ = false;
  std::unique_ptr<store::OriginalWriter> writer_;
  std::string relay_address_;  // the last one looked up
  bool relay_answer_ = false;
};

}  // namespace kiyome::edge
