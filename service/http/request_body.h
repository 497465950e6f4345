// The body of a request from its connection: counted or chunked, with a deadline that moves with what has
// come. Trusts nothing; what it cannot read is 400 and ends the connection.
#pragma once

#include <cstdint>
#include <optional>

#include "service/http/http.h"
#include "service/http/request_head.h"
#include "service/http/wire.h"

namespace kiyome::http {

// How fast a peer has to be: `seconds` for nothing, and what `octets_per_second_min` allows for what has
// moved; never longer than `seconds` without an octet.
class Pace {
 public:
  Pace(std::uint32_t seconds, std::uint32_t octets_per_second_min)
      : begin_(Steady::now()), seconds_(seconds), octets_per_second_min_(octets_per_second_min) {}
  void moved(std::size_t octets) { octets_ += octets; }
  Steady::time_point deadline() const;

 private:
  Steady::time_point begin_;
  std::uint32_t seconds_, octets_per_second_min_;
  std::uint64_t octets_ = 0;
};

class RequestBody : public Body {
 public:
  RequestBody(Wire& wire, const Head& head, Pace pace);

  std::size_t read(char* into, std::size_t size) override;
  std::optional<std::uint64_t> length() const override;

  bool ended() const { return state_ == State::ended; }
  // Reads a short rest to its end. false: the connection cannot go on.
  bool drain();

 private:
  enum class State { data, chunk_size, chunk_end, ended, broken };
  std::size_t read_data(char* into, std::size_t size);
  void read_chunk_size();
  std::string read_line();
  [[noreturn]] void refuse(int status, const char* code);
  void more();

  Wire& wire_;
  std::optional<std::uint64_t> length_;
  bool chunked_, expects_continue_;
  Pace pace_;
  State state_;
  std::uint64_t left_ = 0;  // of the body or of this chunk
};

}  // namespace kiyome::http
