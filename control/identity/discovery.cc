#include "control/identity/discovery.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "control/identity/json.h"
#include "core/base/status_macros.h"
#include "io/http_url.h"

namespace warren::control {
namespace {

absl::Status Bad(absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("the provider's discovery document: ", why));
}

absl::Status ReadEndpoint(const Json& document, const char* name,
                          bool plain_allowed, std::string& out) {
  out = StringAt(document, name).value_or("");
  const auto url = io::HttpUrl::Parse(out);
  if (!url.ok()) return Bad(absl::StrCat(name, " is missing or malformed"));
  if (!url->origin.https && !plain_allowed) {
    return Bad(absl::StrCat(name, " is not https"));
  }
  return absl::OkStatus();
}

// Whether the list at `name` has `value`; `otherwise` when there is no list.
bool Lists(const Json& document, const char* name, const char* value,
           bool otherwise) {
  const auto list = document.find(name);
  if (list == document.end() || !list->is_array()) return otherwise;
  return std::find(list->begin(), list->end(), value) != list->end();
}

}  // namespace

std::string DiscoveryUrl(absl::string_view issuer) {
  return absl::StrCat(absl::StripSuffix(issuer, "/"),
                      "/.well-known/openid-configuration");
}

absl::StatusOr<Discovery> ParseDiscovery(absl::string_view text,
                                         absl::string_view issuer) {
  const auto document = ParseJsonObject("document", text);
  if (!document.ok()) return Bad(document.status().message());
  const auto named = StringAt(*document, "issuer");
  if (named != std::string(issuer)) {
    return Bad(absl::StrCat("it is of another issuer, ",
                            Printable(named.value_or("none")),
                            ", configured is ", Printable(issuer)));
  }
  if (!Lists(*document, "response_types_supported", "code", true)) {
    return Bad("the provider does not do the code flow");
  }
  const bool plain = absl::StartsWith(issuer, "http://");
  Discovery discovery;
  WARREN_RETURN_IF_ERROR(ReadEndpoint(*document, "authorization_endpoint",
                                      plain, discovery.authorization_endpoint));
  WARREN_RETURN_IF_ERROR(ReadEndpoint(*document, "token_endpoint", plain,
                                      discovery.token_endpoint));
  WARREN_RETURN_IF_ERROR(
      ReadEndpoint(*document, "jwks_uri", plain, discovery.jwks_uri));
  if (document->contains("userinfo_endpoint")) {
    WARREN_RETURN_IF_ERROR(ReadEndpoint(*document, "userinfo_endpoint", plain,
                                        discovery.userinfo_endpoint));
  }
  // RFC 8414 §2: a header if nothing is said.
  constexpr char kMethods[] = "token_endpoint_auth_methods_supported";
  discovery.secret_in_form =
      !Lists(*document, kMethods, "client_secret_basic", true);
  const auto names =
      document->find("authorization_response_iss_parameter_supported");
  discovery.names_itself = names != document->end() && *names == true;
  return discovery;
}

}  // namespace warren::control
