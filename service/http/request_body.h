// The body of a request from its connection: counted or chunked, with a deadline that moves with what has
// come. Trusts nothing; what it cannot read is 400 and ends the connection.
#pragma once

#include <cstdint>
#include <optional>

#include "service/http/http.h"
#include "service/http/request_head.h"
#include "service/http/turn.h"
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
  // When what has moved so far is below octets_per_second_min, with a little patience.
  Steady::time_point slow_from() const;

 private:
  Steady::time_point begin_;
  std::uint32_t seconds_, octets_per_second_min_;
  std::uint64_t octets_ = 0;
};

class RequestBody : public Body {
 public:
  // `turn` lets the connection go for another one while it waits for too few octets; then Lost.
  RequestBody(Wire& wire, const Head& head, Pace pace, Turn& turn);

  std::size_t read(char* into, std::size_t size) override;
  std::optional<std::uint64_t> length() const override;

  bool ended() const { return state_ == State::ended; }
  // Reads a short rest to its end, at this pace: nobody waits long for what no handler wanted. false: the
  // connection cannot go on.
  bool drain(Pace pace);

 private:
  enum class State { data, chunk_size, chunk_end, ended, broken };
  std::size_t read_data(char* into, std::size_t size);
  void read_chunk_size();
  std::string read_line();
  [[noreturn]] void refuse(int status, const char* code);
  void more();
  template <class Read>
  auto waiting_for(Read&& read);

  Wire& wire_;
  std::optional<std::uint64_t> length_;
  bool chunked_, expects_continue_;
  Pace pace_;
  Turn& turn_;
  State state_;
  std::uint64_t left_ = 0;  // of the body or of this chunk
};

}  // namespace kiyome::http
