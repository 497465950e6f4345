// A role's side of being seen: whoever connects to its sight socket is told how it fares, and that is all
// there is to it: nothing is read from him. The socket is the sight role's alone (its file's owner and
// group), which answers the network in its place.
#pragma once

#include <functional>
#include <memory>

#include "service/base/descriptor.h"
#include "service/sight/sheet.h"

namespace kiyome::sight {

class Speaker {
 public:
  using Tell = std::function<void(Sheet&)>;
  // Answers on a thread of its own. `now` is called for each that asks and must not wait for anything;
  // `house` looks into databases and folders, at most every limits::kSightHouseMs. What they throw leaves
  // the rest of the sheet away and is logged. An empty `listening`: nobody is told anything.
  Speaker(Descriptor listening, Tell now, Tell house);
  ~Speaker();  // what they reach must be there until then

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::sight
