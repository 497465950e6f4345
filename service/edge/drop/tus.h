// The words of tus 1.0.0 in a request's header (https://tus.io/protocols/resumable-upload). No sockets, no
// files. Trusts nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/result.h"
#include "service/http/http.h"

namespace kiyome::edge::drop {

inline constexpr std::string_view kTusVersion = "1.0.0";

// Decimal digits only, at most 2^63 - 1: Upload-Length, Upload-Offset.
std::optional<std::uint64_t> tus_number(std::string_view text);

// `filename` of Upload-Metadata: keys and values in base64, parted by commas. Valid UTF-8; what it means is
// the caller's question. Empty when there is none.
Result<std::string> tus_file_name(std::string_view metadata);

// A name as it is kept: clean characters, NFC, folders parted by '/', none of them empty, "." or "..". Empty
// when nothing is left, or it is too long.
std::string kept_file_name(std::string_view name);

// Runs `handler` for a client that speaks our version, else 412; every answer, a problem too, says which
// version it speaks.
http::Handler speaking_tus(http::Handler handler);

}  // namespace kiyome::edge::drop
