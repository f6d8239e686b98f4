#include "control/identity/fetch.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status Unavailable(absl::string_view what, absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("the provider's ", what, ": ", why));
}

}  // namespace

absl::StatusOr<io::HttpAnswer> Fetch(io::HttpCaller& caller,
                                     const io::HttpCall& call,
                                     absl::string_view what) {
  auto answer = caller.Call(call);
  if (!answer.ok()) return Unavailable(what, answer.status().message());
  if (answer->status == 200) return answer;
  const bool redirect = answer->status >= 300 && answer->status < 400;
  return Unavailable(
      what, absl::StrCat("it answers ", answer->status,
                         redirect ? ": redirects are not followed" : ""));
}

io::HttpCall JsonGet(absl::string_view url, absl::string_view bearer) {
  io::HttpCall call;
  call.url = std::string(url);
  call.headers = {{"Accept", "application/json"}};
  if (!bearer.empty()) {
    call.headers.emplace_back("Authorization", absl::StrCat("Bearer ", bearer));
  }
  return call;
}

absl::StatusOr<Json> FetchToken(io::HttpCaller& caller,
                                const io::HttpCall& call) {
  constexpr absl::string_view kWhat = "token endpoint";
  auto answer = caller.Call(call);
  if (!answer.ok()) return Unavailable(kWhat, answer.status().message());
  const auto body = ParseJsonObject("answer", answer->body);
  const auto error = body.ok() ? StringAt(*body, "error") : std::nullopt;
  // RFC 6749 §5.2; GitHub answers so with 200.
  if (error && answer->status < 500) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the provider does not accept this sign-in: ", Printable(*error, 60)));
  }
  if (answer->status != 200) {
    return Unavailable(kWhat, absl::StrCat("it answers ", answer->status));
  }
  if (!body.ok()) return Unavailable(kWhat, body.status().message());
  return body;
}

}  // namespace warren::control
