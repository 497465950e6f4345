#include "sanitizers/office/password_giver.h"

#include <com/sun/star/task/XInteractionAbort.hpp>
#include <com/sun/star/task/XInteractionPassword.hpp>

namespace kiyome::sanitizer::office {

void SAL_CALL PasswordGiver::handle(const uno::Reference<css::task::XInteractionRequest>& request) {
  const auto ways = request->getContinuations();
  for (const auto& way : ways) {
    const auto password = as<css::task::XInteractionPassword>(way);
    if (!password.is()) continue;
    asked_ = true;
    if (next_ == passwords_.size()) break;
    password->setPassword(ustring(passwords_[next_++]));
    password->select();
    return;
  }
  for (const auto& way : ways) {
    const auto abort = as<css::task::XInteractionAbort>(way);
    if (abort.is()) return abort->select();
  }
}

}  // namespace kiyome::sanitizer::office
