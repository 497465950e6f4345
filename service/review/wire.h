// What goes over the Unix socket run/review.sock between console and cleaner, one call and its answer at a
// time: frames of counted fields. The socket's mode lets the console alone connect; either end still decodes
// exactly what the other says, for each is a prize once the other is taken. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "proto/base/limits.h"
#include "proto/base/result.h"
#include "service/base/clock.h"
#include "service/review/call.h"

namespace kiyome::review {

using Answer = std::variant<Reply, http::Problem>;

// A whole frame: u32 length of what follows (little endian, as all our formats), then the fields.
std::string encode(const Call& call);
std::string encode(const Answer& answer);
// Of a frame without its length. Every octet has to belong to a field.
Result<Call> decode_call(std::string_view payload);
Result<Answer> decode_answer(std::string_view payload);

// Reads one frame's payload; false when the peer is gone, has not said all of it by `deadline`, or says that
// it is longer than `max`.
bool read_frame(int fd, std::string& payload, std::size_t max, Steady::time_point deadline);

inline constexpr std::size_t kCallFrame = limits::kReviewCall + (96u << 10);  // the body, and all names
inline constexpr std::size_t kAnswerFrame = limits::kReviewReply + (32u << 10);

}  // namespace kiyome::review
