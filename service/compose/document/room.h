// Memory that is written before it is read: large buffers that are used again for each page. Setting them to
// zero first would cost as much as copying a page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace kiyome::compose {

class Room {
 public:
  // At least that many octets. When it has to grow, what was in it is gone.
  std::uint8_t* of(std::size_t octets) {
    if (octets > size_) {
      octets_.reset();
      octets_ = std::make_unique_for_overwrite<std::uint8_t[]>(octets);
      size_ = octets;
    }
    return octets_.get();
  }
  std::uint8_t* data() const { return octets_.get(); }

 private:
  std::unique_ptr<std::uint8_t[]> octets_;
  std::size_t size_ = 0;
};

}  // namespace kiyome::compose
