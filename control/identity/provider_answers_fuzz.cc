#include <cstddef>
#include <cstdint>
#include <string>

#include "control/identity/apple.h"
#include "control/identity/claims.h"
#include "control/identity/discovery.h"
#include "control/identity/json.h"
#include "control/identity/jwk.h"
#include "control/identity/jwt.h"
#include "control/identity/sign_in.h"
#include "core/base/base64url.h"
#include "core/base/check.h"
#include "io/http_url.h"

// What a provider answers, and what comes back through the browser.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  using namespace warren::control;
  const absl::string_view text = AsText(Bytes(data, size));
  // The keys of nobody: no token may pass.
  static const auto none = JwkSet::Parse(R"({"keys":[]})").value();
  WARREN_CHECK(!VerifyToken(text, none).ok());
  const auto keys = JwkSet::Parse(text);
  if (keys.ok()) {
    (void)keys->Find("a", crypto::SignatureAlgorithm::kEs256);
    (void)keys->Find(std::nullopt, crypto::SignatureAlgorithm::kRs256);
  }
  (void)ParseDiscovery(text, "https://id.example");
  WARREN_CHECK(AppleName(text).size() <= kMaxProfileText);
  const auto object = ParseJsonObject("input", text);
  if (object.ok()) {
    ProviderConfig config;
    (void)CheckIdToken(*object, ExpectedToken());
    Json claims = {{"sub", "a"}, {"email", "a@example.com"}};
    (void)MergeUserinfo(*object, claims);
    const auto identity = IdentityFromClaims(*object, config);
    if (identity.ok()) {
      WARREN_CHECK(!identity->subject.empty());
      WARREN_CHECK(identity->groups.size() <= kMaxIdentityGroups);
    }
  }
  const auto bytes = ParseBase64Url(text);
  WARREN_CHECK(!bytes || ToBase64Url(*bytes) == std::string(text));
  const auto url = io::HttpUrl::Parse(text);
  WARREN_CHECK(!url.ok() || url->target[0] == '/');
  WARREN_CHECK(!IsOwnPath(text) ||
               (text[0] == '/' && text.substr(1, 1) != "/"));
  return 0;
}
