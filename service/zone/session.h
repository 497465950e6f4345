// One TLS connection to the other host, over a socket that does not block. Until done() nothing of it was
// proved: what the peer sends is hostile, and stays so when he is who he says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/zone/peer_tls.h"

using SSL = struct ssl_st;

namespace kiyome::zone {

// Owned by one thread.
class Session {
 public:
  enum class Step : std::uint8_t { done, want_read, want_write, ended, failed };

  // `socket` is connected, or connecting. `accepting`: we are the one who listens. `tls` is kept as long as
  // this lives: jointly, because a reload may bring another.
  Session(std::shared_ptr<const PeerTls> tls, Descriptor socket, bool accepting, std::string address);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // done: each has proved its side to the other, and heard so. Who listens says one octet, kGreeting, when he
  // is content; without it who connects would take a peer for willing that is about to refuse him (TLS 1.3).
  Step handshake();
  // ended: the peer said that he closes. A handshake message after the handshake is none of ours: failed.
  Step read(char* into, std::size_t size, std::size_t& count);
  Step write(std::string_view octets, std::size_t& count);
  void say_close();

  int fd() const { return socket_.get(); }
  bool accepting() const { return accepting_; }
  const std::string& address() const { return address_; }
  const std::string& why() const { return why_; }            // after `failed`, in words for the log
  bool refused_us() const { return refused_us_; }            // … the peer said it
  bool lost() const { return lost_; }                        // … the line ended, without a word about why
  std::uint64_t octets_read() const;                         // as they came, headers and all
  std::int64_t peer_end_ms() const { return peer_end_ms_; }  // his certificate's; after the handshake
  const std::string& peer_pin() const { return peer_pin_; }  // … his key's
  // Whether octets that he was sent are without an answer for so long.
  bool silent_for(std::chrono::milliseconds longest) const;

 private:
  Step shake();
  Step greet();
  Step fail(std::string why);
  Step after(int result);
  static void look(int write, int version, int type, const void* octets, std::size_t size, SSL* ssl,
                   void* self);

  std::shared_ptr<const PeerTls> tls_;
  Descriptor socket_;
  std::string address_, why_, peer_pin_;
  SSL* ssl_;
  bool accepting_, shaken_ = false, strange_ = false, refused_us_ = false, lost_ = false;
  std::int64_t peer_end_ms_ = 0;
};

inline constexpr char kGreeting = 'K';

// Keepalive and the like: a firewall that drops silently is noticed within `silence`.
void watch_over(int socket, std::chrono::seconds silence);

}  // namespace kiyome::zone
