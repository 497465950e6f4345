// Octets of a part on their way into the next sandbox. Foreign bytes: they are laid into memory, hashed and
// sealed, and looked at by nobody on this side.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "service/base/descriptor.h"
#include "service/base/digest.h"

namespace kiyome::document {

// One owner; append() from one thread, then seal(), then reading from any.
class Content {
 public:
  Content();  // throws TemporaryFailure when there is no memory file to be had
  // A sealed memory file that somebody else has filled and hashed.
  Content(Descriptor sealed, std::uint64_t size, const std::array<std::uint8_t, 32>& sha256)
      : file_(std::move(sealed)), size_(size), sha256_(sha256) {}
  void append(std::string_view octets);
  void seal();  // nothing can be changed any more; the form a sanitizer takes

  int descriptor() const { return file_.get(); }
  std::uint64_t size() const { return size_; }
  const std::array<std::uint8_t, 32>& sha256() const { return sha256_; }  // after seal()

 private:
  Descriptor file_;
  std::uint64_t size_ = 0;
  std::unique_ptr<Sha256> hash_ = std::make_unique<Sha256>();
  std::array<std::uint8_t, 32> sha256_{};
};

}  // namespace kiyome::document
