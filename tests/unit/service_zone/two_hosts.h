// Papers of both sides, a link of each over loopback, and a peer that can misbehave in TLS.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "service/base/clock.h"
#include "service/base/sockets.h"
#include "service/zone/issue.h"
#include "service/zone/openssl_pieces.h"
#include "service/zone/session.h"
#include "service/zone/zone_link.h"
#include "tests/unit/soon.h"

namespace two_hosts {

using namespace kiyome;
using namespace kiyome::zone;
using namespace std::chrono_literals;

struct Papers {
  Papers() { ::signal(SIGPIPE, SIG_IGN); }  // as every role does
  Issued ca = make_authority("test", unix_ms_now(), 30);
  Issued internet = issue(ca, Side::internet, unix_ms_now(), 10);
  Issued closed = issue(ca, Side::closed, unix_ms_now(), 10);

  TransferConfig config(Side side) const {
    TransferConfig out;
    out.mode = TransferMode::push;
    const Issued& own = side == Side::internet ? internet : closed;
    out.certificate_pem = own.certificate_pem;
    out.key_pem = own.key_pem;
    out.ca_pem = ca.certificate_pem;
    out.silence_seconds = 2;
    return out;
  }
};

inline std::string pin_of(const Issued& issued) { return facts_of(issued.certificate_pem)->pin; }

inline Descriptor listen_anywhere(std::string& address) {
  Descriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(out.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(out.get(), 512) == 0);
  REQUIRE(::getsockname(out.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  return out;
}

// `from`: the last octet of our own address, 127.0.0.x.
inline Descriptor dial(const std::string& address, unsigned from = 1) {
  const auto to = static_cast<std::uint16_t>(std::stoul(address.substr(address.find(':') + 1)));
  Descriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{}, at{};
  own.sin_family = at.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(0x7f000000u | from);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(to);
  REQUIRE(::bind(out.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
  REQUIRE(::connect(out.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  return out;
}

// Waits for a connection that the link has proved.
inline Descriptor take(ZoneLink& link, std::chrono::milliseconds patience = 10s) {
  wait_for(link.ready(), POLLIN, Steady::now() + patience);
  return link.next();
}

inline std::string receive(const Descriptor& from, std::size_t count,
                           std::chrono::milliseconds patience = 10s) {
  std::string out;
  const auto deadline = Steady::now() + patience;
  while (out.size() < count && read_some(from.get(), out, count - out.size(), deadline) > 0) {
  }
  return out;
}

inline bool is_closed(const Descriptor& plain, std::chrono::milliseconds patience = 10s) {
  std::string nothing;
  return read_some(plain.get(), nothing, 1, Steady::now() + patience) == 0;
}

// The closed side listens, the Internet side connects; in a pull they change places.
struct Hosts {
  Papers papers;
  std::string address;
  std::unique_ptr<ZoneLink> listener, connector;

  explicit Hosts(Side listens = Side::closed,
                 std::function<void(TransferConfig&, TransferConfig&)> change = {}) {
    TransferConfig listening = papers.config(listens), connecting = papers.config(other(listens));
    listening.mode = connecting.mode = listens == Side::closed ? TransferMode::push : TransferMode::pull;
    std::vector<Descriptor> sockets;
    sockets.push_back(listen_anywhere(address));
    connecting.connect = {address};
    if (change) change(listening, connecting);
    listener = std::make_unique<ZoneLink>(listens, listening, std::move(sockets));
    connector = std::make_unique<ZoneLink>(other(listens), connecting, std::vector<Descriptor>());
    listener->start();
  }
};

// A TLS client as somebody else would write it.
struct Stranger {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
  Descriptor socket;

  void use(const Issued& papers) {
    const X509Ptr leaf = read_certificate(papers.certificate_pem);
    const PkeyPtr key = read_key(papers.key_pem);
    REQUIRE(SSL_CTX_use_certificate(context.get(), leaf.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  }
  void speak(const std::string& protocol) {
    const std::string list = static_cast<char>(protocol.size()) + protocol;
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
  // Whether the other side has greeted us: it took us for its peer.
  bool comes_in(const std::string& address, unsigned from = 1) {
    socket = dial(address, from);
    timeval patience{5, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssl.reset(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), socket.get());
    char greeting = 0;
    const bool in =
        SSL_connect(ssl.get()) == 1 && SSL_read(ssl.get(), &greeting, 1) == 1 && greeting == kGreeting;
    ERR_clear_error();
    return in;
  }
  // As the true peer would; gives the end that the link hands out for it.
  Descriptor joins(Hosts& hosts, const Issued& papers) {
    use(papers);
    speak(kProtocol);
    REQUIRE(comes_in(hosts.address));
    Descriptor plain = take(*hosts.listener);
    REQUIRE(plain);
    return plain;
  }
};

}  // namespace two_hosts
