// The sanitizers that documents need, each started when it is first asked for: LibreOffice and the fonts cost
// memory that an office which strips attachments need not pay.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "service/base/guarded.h"
#include "service/workers/pool.h"

namespace kiyome::document {

enum class Kind : std::uint8_t { mail, archive, office, pdf, image };
inline constexpr std::array kAllKinds = {Kind::mail, Kind::archive, Kind::office, Kind::pdf, Kind::image};
inline constexpr std::size_t kKinds = kAllKinds.size();
const char* name_of(Kind kind);  // of its program

// Thread-safe. Owns the processes and ends them in the destructor.
class Sanitizers {
 public:
  // Gives an O_PATH descriptor of a program's file; throws when it is not there.
  using Open = std::function<Descriptor(Kind)>;
  explicit Sanitizers(Open open) : open_(std::move(open)) {}

  workers::Pool& get(Kind kind);
  // Ends every job; later ones are `unavailable`.
  void stop();
  // Nothing: nobody has asked for it yet.
  std::optional<workers::PoolHealth> health(Kind kind);

 private:
  struct State {
    std::array<std::unique_ptr<workers::Pool>, kKinds> pools;
    bool stopped = false;
  };
  Open open_;
  Guarded<State> state_;
};

}  // namespace kiyome::document
