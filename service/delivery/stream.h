// One TCP connection to a next hop, in the clear or in TLS: whole writes and single reads, each with an
// absolute deadline, each woken by the stop descriptor. Trusts nothing of the peer. SIGPIPE has to be ignored
// by the process.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/descriptor.h"

namespace kiyome::delivery {

// What every TLS connection of a sender shares. Immutable after construction, so thread-safe.
class TlsClient {
 public:
  // `required`: the peer's certificate has to lead to config.tls_ca_pem, else to the file config.tls_ca, else
  // to the system's, and to bear its name. Otherwise any certificate will do: against an onlooker, not
  // against an impostor. Throws ConfigError.
  explicit TlsClient(const SmtpClientConfig& config);
  bool required() const { return required_; }
  SSL_CTX* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  void trust(const std::string& pem);

  bool required_;
  std::unique_ptr<SSL_CTX, Free> context_;
};

// Owned by one thread at a time.
class Stream {
 public:
  // `socket` is connected and non-blocking. `stop_fd` becomes readable when everything is to end; it outlives
  // the stream.
  Stream(Descriptor socket, int stop_fd);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  // All of these give false when the connection is of no more use; why() says it, in our own words.
  // While the peer does not take, what it says meanwhile is appended to `incoming`: two full sockets must not
  // wait for each other.
  bool write(std::string_view octets, std::string& incoming, Steady::time_point deadline);
  // Appends what is there after waiting for the first octet.
  bool read(std::string& incoming, Steady::time_point deadline);
  bool start_tls(const TlsClient& tls, const std::string& host, Steady::time_point deadline);
  // Open and silent: what an idle connection has to be before it is used again.
  bool quiet();
  const std::string& why() const { return why_; }
  // The peer hung up, as against a deadline or a stop.
  bool lost() const { return lost_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };
  enum class Step { done, want_read, want_write, failed };
  Step write_some(std::string_view& octets);
  Step read_some(std::string& incoming);
  Step ssl_step(int result);
  bool wait(short events, short& seen, Steady::time_point deadline);
  bool fail(std::string why);
  Step hung_up();

  Descriptor socket_;
  int stop_fd_ = -1;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string why_;
  bool lost_ = false;
};

// Resolves and connects, addresses in the resolver's order. The result is empty when nothing answered before
// the deadline; `why` says it. Names that are addresses ask no resolver.
Descriptor connect_to(const HostPort& host, Steady::time_point deadline, int stop_fd, std::string& why);

}  // namespace kiyome::delivery
