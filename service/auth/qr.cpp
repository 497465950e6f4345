// The QR code of an enrolment, as rows of 0 and 1 (libqrencode).
#include <qrencode.h>

#include <memory>

#include "proto/base/limits.h"
#include "service/auth/accounts.h"
#include "service/base/errors.h"

namespace kiyome::auth {

std::string qr_rows(const std::string& text) {
  if (text.size() > limits::kQrText) throw PermanentFailure("too long for a QR code");
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeData(static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()), 0,
                        QR_ECLEVEL_M),
      &QRcode_free);
  if (!code) throw PermanentFailure("no QR code could be made");
  std::string out;
  for (int row = 0; row < code->width; ++row) {
    if (row > 0) out += '\n';
    for (int column = 0; column < code->width; ++column)
      out += (code->data[row * code->width + column] & 1) != 0 ? '1' : '0';
  }
  return out;
}

}  // namespace kiyome::auth
