// clamd(8): "zINSTREAM\\0", chunks of a big-endian u32 count and octets, a count of 0; the answer is one line
// ending in NUL: "stream: OK", "stream: NAME FOUND", or "… ERROR".
#include "service/document/scan.h"

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::document {
namespace {

bool send_stream(int socket, int file, std::uint64_t size, Steady::time_point deadline) {
  using namespace std::literals;
  if (!write_all(socket, "zINSTREAM\0"sv, deadline)) return false;
  std::array<char, 65536> buffer;
  for (std::uint64_t at = 0; at < size;) {
    const ssize_t count = ::pread(file, buffer.data() + 4, buffer.size() - 4, static_cast<off_t>(at));
    if (count <= 0) return false;
    const std::uint32_t length = htonl(static_cast<std::uint32_t>(count));
    std::memcpy(buffer.data(), &length, sizeof length);
    if (!write_all(socket, {buffer.data(), static_cast<std::size_t>(count) + 4}, deadline)) return false;
    at += static_cast<std::uint64_t>(count);
  }
  return write_all(socket, "\0\0\0\0"sv, deadline);
}

std::string read_line(int socket, Steady::time_point deadline) {
  std::string line;
  std::array<char, 512> buffer;
  while (line.size() < limits::kScanAnswer && line.find('\0') == std::string::npos) {
    if (!wait_for(socket, POLLIN, deadline)) return {};
    const ssize_t count = ::read(socket, buffer.data(), buffer.size());
    if (count <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return line.substr(0, line.find_first_of(std::string_view("\0\n", 2)));
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, limits::kScanName)) out += c > ' ' && c < 0x7f ? c : '_';
  return out;
}

}  // namespace

ScanResult scan(const std::string& socket_path, int file, std::uint64_t size) {
  constexpr std::string_view kHead = "stream: ", kFound = " FOUND";
  ScanResult out;
  try {
    const Descriptor socket = connect_unix(socket_path);
    if (!socket) return {ScanVerdict::failed, "no connection"};
    const auto deadline = Steady::now() + std::chrono::seconds(limits::kScanSeconds);
    // clamd may answer before the end ("size limit exceeded") and close: then the answer counts, not the
    // write.
    const bool sent = send_stream(socket.get(), file, size, deadline);
    const std::string line = read_line(socket.get(), deadline);
    if (sent && line == "stream: OK") return {ScanVerdict::nothing_found, {}};
    if (line.starts_with(kHead) && line.ends_with(kFound) && line.size() > kHead.size() + kFound.size())
      return {ScanVerdict::found, printable(std::string_view(line).substr(
                                      kHead.size(), line.size() - kHead.size() - kFound.size()))};
    out.name = printable(line);
  } catch (const std::exception& trouble) {
    out.name = trouble.what();
  }
  log::warning("malware scan failed", {{"why", out.name}});
  return out;
}

std::optional<clean::Finding> held_by_scan(const ScanConfig& config, int file, std::uint64_t size,
                                           std::string& name) {
  if (config.clamd.empty()) return std::nullopt;
  ScanResult result = scan(config.clamd, file, size);
  switch (result.verdict) {
    case ScanVerdict::nothing_found:
      break;
    case ScanVerdict::found:
      name = std::move(result.name);
      return clean::Finding::kMalware;
    case ScanVerdict::failed:
      if (!config.optional) return clean::Finding::kScanFailed;
  }
  return std::nullopt;
}

}  // namespace kiyome::document
