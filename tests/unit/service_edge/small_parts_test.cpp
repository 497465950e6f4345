// Tables for the small parts of the edge: networks, the PROXY header, the recipient list, the free space.
#include <doctest/doctest.h>

#include <string>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/edge/disk_space.h"
#include "service/edge/network.h"
#include "service/edge/proxy_header.h"
#include "service/edge/recipient_list.h"

using namespace kiyome::edge;
namespace limits = kiyome::limits;

namespace {

bool within(const std::string& address, const std::string& network) {
  return NetworkList({network}, "key").contains(IpAddress::parse(address).value());
}

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string proxy(char command, char family, const std::string& rest) {
  return kSignature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 255) + rest;
}

}  // namespace

TEST_CASE("network: membership at the edges of a prefix") {
  CHECK(within("192.0.2.0", "192.0.2.0/24"));
  CHECK(within("192.0.2.255", "192.0.2.0/24"));
  CHECK_FALSE(within("192.0.3.0", "192.0.2.0/24"));
  CHECK_FALSE(within("192.0.1.255", "192.0.2.0/24"));
  CHECK(within("10.63.255.255", "10.0.0.0/10"));
  CHECK_FALSE(within("10.64.0.0", "10.0.0.0/10"));
  CHECK(within("203.0.113.1", "0.0.0.0/0"));
  CHECK_FALSE(within("2001:db8::1", "0.0.0.0/0"));
  CHECK(within("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(within("192.0.2.2", "192.0.2.1"));
  CHECK(within("::1", "::1/128"));
  CHECK(within("2001:db8:1::1", "2001:db8::/32"));
  CHECK_FALSE(within("2001:db9::1", "2001:db8::/32"));
  CHECK(within("::ffff:192.0.2.7", "192.0.2.0/24"));
  CHECK_FALSE(NetworkList().contains(*IpAddress::parse("127.0.0.1")));
  for (const auto bad : {"", "x", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/a", "::1/129", "192.0.2"})
    CHECK_THROWS_AS(NetworkList({bad}, "key"), kiyome::ConfigError);
}

TEST_CASE("network: IPv6 clients are counted by their /64") {
  CHECK(IpAddress::parse("2001:db8::1")->counted() == IpAddress::parse("2001:db8::2")->counted());
  CHECK(IpAddress::parse("2001:db8:0:1::1")->counted() != IpAddress::parse("2001:db8::1")->counted());
  CHECK(IpAddress::parse("192.0.2.1")->counted() != IpAddress::parse("192.0.2.2")->counted());
  CHECK(IpAddress::parse("192.0.2.1")->text() == "192.0.2.1");
  CHECK(IpAddress::parse("2001:db8:0::1")->text() == "2001:db8::1");
}

TEST_CASE("PROXY header: complete, incomplete at every shorter length, bad") {
  const std::string four = proxy('\x21', '\x11', std::string("\xc0\0\2\7\x7f\0\0\1\1\1\0\x19", 12));
  const std::string six =
      proxy('\x21', '\x21',
            std::string("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16) + std::string(20, '\0') + "tlv");
  const std::string local = proxy('\x20', '\0', "");
  const std::string unix_socket = proxy('\x21', '\x31', std::string(216, '\0'));
  for (const std::string& whole : {four, six, local, unix_socket}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK(parse_proxy_header(whole.substr(0, size)).kind == ProxyHeader::Kind::incomplete);
    const ProxyHeader header = parse_proxy_header(whole + "EHLO");
    CHECK(header.kind == (whole == unix_socket ? ProxyHeader::Kind::unknown : ProxyHeader::Kind::complete));
    CHECK(header.size == whole.size());
  }
  CHECK(parse_proxy_header(four).client->text() == "192.0.2.7");
  CHECK(parse_proxy_header(six).client->text() == "2001:db8::7");
  CHECK_FALSE(parse_proxy_header(local).client);
  CHECK_FALSE(parse_proxy_header(unix_socket).client);
  for (const std::string& bad :
       {std::string("EHLO"), std::string("PROXY TCP4"), proxy('\x22', '\x11', std::string(12, '\0')),
        proxy('\x11', '\x11', std::string(12, '\0')), proxy('\x21', '\x11', std::string(11, '\0')),
        proxy('\x21', '\x21', std::string(35, '\0')),
        proxy('\x21', '\x11', std::string(limits::kProxyHeader + 1, '\0'))})
    CHECK(parse_proxy_header(bad).kind == ProxyHeader::Kind::bad);
  CHECK(parse_proxy_header(proxy('\x21', '\x11', std::string(limits::kProxyHeader, '\0'))).kind ==
        ProxyHeader::Kind::complete);
}

TEST_CASE("recipient list: addresses, whole domains, comments, a byte order mark, case") {
  const RecipientList list(
      "\xef\xbb\xbfOne@B.example\r\n  two@b.example  # the second\n\n# "
      "three@b.example\n@c.example\nfour@b.example");
  CHECK(list.size() == 4);
  for (const auto good : {"one@b.example", "ONE@b.EXAMPLE", "two@b.example", "x@c.example", "four@b.example"})
    CHECK(list.contains(good));
  for (const auto bad : {"three@b.example", "x@b.example", "x@d.c.example", "", "@b.example"})
    CHECK_FALSE(list.contains(bad));
}

TEST_CASE("free space: at and above the floor, and a directory that is gone has none") {
  CHECK(DiskSpace("/").has_room(0, 0, 0));
  CHECK_FALSE(DiskSpace("/").has_room(0, ~std::uint64_t{0}, 0));
  CHECK_FALSE(DiskSpace("/").has_room(~std::uint64_t{0}, 1, 0));
  CHECK_FALSE(DiskSpace("no-such-directory").has_room(0, 1, 0));
}
