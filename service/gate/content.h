// Octets that the gate keeps: held in memory or mapped from their file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "service/base/descriptor.h"

namespace kiyome::gate {

class Content {
 public:
  explicit Content(std::string octets) : octets_(std::move(octets)), view_(octets_) {}
  // Throws TemporaryFailure.
  static std::shared_ptr<const Content> map(int folder, const std::string& name);
  static std::shared_ptr<const Content> map(const Descriptor& file);
  ~Content();
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  std::string_view view() const { return view_; }

 private:
  std::string octets_;
  std::string_view view_;
  void* mapped_ = nullptr;
};

}  // namespace kiyome::gate
