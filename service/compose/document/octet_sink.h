// Where a document's octets go. What a sink does when it cannot take them (a full disk) is its own affair: it
// throws, and the writer in front of it is thrown away.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::compose {

class OctetSink {
 public:
  virtual ~OctetSink() = default;
  virtual void write(std::string_view octets) = 0;  // after what was written before
};

// Keeps them in memory.
class StringSink final : public OctetSink {
 public:
  void write(std::string_view octets) override { octets_.append(octets); }
  const std::string& octets() const { return octets_; }
  std::string take() { return std::move(octets_); }

 private:
  std::string octets_;
};

}  // namespace kiyome::compose
