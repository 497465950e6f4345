// Answers LibreOffice's questions while it opens a document: a password for each time it asks for one, as
// long as there are some, and "no" to everything else.
#pragma once

#include <com/sun/star/task/XInteractionHandler.hpp>
#include <cppuhelper/implbase1.hxx>
#include <string>
#include <vector>

#include "sanitizers/office/uno.h"

namespace kiyome::sanitizer::office {

class PasswordGiver : public cppu::WeakImplHelper1<css::task::XInteractionHandler> {
 public:
  PasswordGiver(const std::vector<std::string>& passwords, std::size_t first)
      : passwords_(passwords), next_(first) {}
  void SAL_CALL handle(const uno::Reference<css::task::XInteractionRequest>& request) override;
  bool asked() const { return asked_; }
  std::size_t next() const { return next_; }  // the first that was not given yet

 private:
  const std::vector<std::string>& passwords_;
  std::size_t next_;
  bool asked_ = false;
};

}  // namespace kiyome::sanitizer::office
