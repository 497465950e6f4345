// The running LibreOffice, for code that speaks UNO. There once start_engine() has come to its main loop.
#pragma once

#include <com/sun/star/frame/XComponentLoader.hpp>
#include <com/sun/star/uno/XComponentContext.hpp>

#include "sanitizers/office/uno.h"

namespace kiyome::sanitizer::office {

const uno::Reference<uno::XComponentContext>& context();
const uno::Reference<css::frame::XComponentLoader>& desktop();

}  // namespace kiyome::sanitizer::office
