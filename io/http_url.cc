#include "io/http_url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::io {
namespace {

// Without the text: a query may hold what is not to be told.
absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("this is not a URL that can be called: ", why));
}

}  // namespace

absl::StatusOr<HttpUrl> HttpUrl::Parse(absl::string_view text) {
  if (text.size() > kMaxHttpUrlSize) {
    return Bad(absl::StrCat("it has more than ", kMaxHttpUrlSize, " bytes"));
  }
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return Bad("a space, or a character that is not printable ASCII");
    }
  }
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "https://") &&
      !absl::ConsumePrefix(&rest, "http://")) {
    return Bad("it must start with https://");
  }
  const absl::string_view scheme = text.substr(0, text.size() - rest.size());
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  if (absl::StrContains(rest, "#")) return Bad("it has a fragment (#)");
  if (absl::StrContains(authority, "@")) return Bad("it names a user");
  for (const char c : authority) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        !absl::StrContains(".-:[]", absl::string_view(&c, 1))) {
      return Bad("its host is malformed");
    }
  }
  auto origin = ControlUrl::Parse(absl::StrCat(scheme, authority));
  if (!origin.ok()) return Bad("its host or port is malformed");
  HttpUrl url;
  url.origin = *std::move(origin);
  if (!rest.empty()) {
    url.target = absl::StrCat(absl::StartsWith(rest, "/") ? "" : "/", rest);
  }
  return url;
}

}  // namespace warren::io
