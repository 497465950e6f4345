// What a sender asks to be sent (openapi.yaml, submit): read strictly, and brought into the form it is kept
// in.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "proto/base/item_id.h"
#include "service/base/config.h"
#include "service/http/http.h"

namespace kiyome::edge::drop {

struct SubmissionRequest {
  struct File {
    ItemId upload;
    std::string password;
  };
  std::string key;  // Idempotency-Key
  std::vector<File> files;
  std::vector<std::string> recipients;  // lower case, each once
  std::string title, message, importance;
  // SHA-256 of all but the key: the same key with something else is a mistake.
  std::array<std::uint8_t, 32> digest() const;
};

// Throws Problem 400, 413, 415, 422. `knows_recipient` as in Outside.
SubmissionRequest read_submission(http::Request& request, const DropBoxConfig& config,
                                  const std::function<bool(const std::string&)>& knows_recipient);

}  // namespace kiyome::edge::drop
