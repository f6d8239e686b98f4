#include <cstddef>
#include <cstdint>

#include "control/identity/cose_key.h"
#include "control/identity/passkey.h"
#include "core/base/base64url.h"
#include "core/base/bytes.h"
#include "core/base/check.h"

// What a browser may answer. The client data is good, so that the rest is
// reached.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  static const control::PasskeyExpectation kExpected = {"a", "https://a", "c"};
  static const std::string kClientData =
      "{\"type\":\"webauthn.create\",\"challenge\":\"" +
      ToBase64Url(AsBytes("c")) + "\",\"origin\":\"https://a\"}";
  const absl::string_view text = AsText(Bytes(data, size));
  (void)control::CheckRegistration(kExpected, kClientData, text);
  (void)control::CheckRegistration(kExpected, text, text);
  (void)control::CheckAssertion(kExpected, text, text, text, text);
  const auto key = control::ReadCoseKey(Bytes(data, size));
  WARREN_CHECK(!key.ok() || key->size <= size);
  return 0;
}
