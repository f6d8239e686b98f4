#include "client/cli/qr_text.h"

#include <qrencode.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace warren::client {
namespace {

constexpr int kQuietZone = 4;  // modules on each side
constexpr char kBlackOnWhite[] = "\033[30;107m";
constexpr char kReset[] = "\033[0m";

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

}  // namespace

absl::StatusOr<std::string> QrText(absl::string_view text) {
  const std::unique_ptr<QRcode, Free> code(QRcode_encodeData(
      static_cast<int>(text.size()),
      reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L));
  if (text.empty() || code == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("no QR code can hold ", text.size(), " bytes"));
  }
  const int width = code->width;
  const auto is_black = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < width && y < width &&
           (code->data[y * width + x] & 1) != 0;
  };
  std::string out;
  for (int y = -kQuietZone; y < width + kQuietZone; y += 2) {
    out += kBlackOnWhite;
    for (int x = -kQuietZone; x < width + kQuietZone; ++x) {
      const bool above = is_black(x, y);
      const bool below = is_black(x, y + 1);
      out += above ? (below ? "\u2588" : "\u2580") : (below ? "\u2584" : " ");
    }
    absl::StrAppend(&out, kReset, "\n");
  }
  return out;
}

}  // namespace warren::client
