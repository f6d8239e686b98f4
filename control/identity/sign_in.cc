#include "control/identity/sign_in.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "control/identity/claims.h"
#include "control/identity/json.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"
#include "core/crypto/digest.h"

namespace warren::control {
namespace {

constexpr size_t kMaxPath = 2048;
constexpr size_t kMinBrowser = 16;
constexpr size_t kMaxBrowser = 128;
constexpr size_t kMaxSource = 64;
constexpr size_t kStateSize = 43;
constexpr size_t kMaxCode = 4096;
constexpr size_t kMaxIssuer = 2048;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("this is not the answer of a provider: ", what));
}

absl::Status CheckCallback(const SignInCallback& callback,
                           absl::string_view browser) {
  if (browser.size() < kMinBrowser || browser.size() > kMaxBrowser) {
    return absl::FailedPreconditionError(
        "this browser has not begun to sign in, or refuses cookies");
  }
  if (callback.state.size() != kStateSize) {
    return Malformed("its state is not one of ours");
  }
  if (callback.code.size() > kMaxCode) return Malformed("its code is too long");
  if (callback.issuer.size() > kMaxIssuer) {
    return Malformed("its issuer is too long");
  }
  if (callback.code.empty() && callback.error.empty()) {
    return Malformed("it has neither a code nor an error");
  }
  return absl::OkStatus();
}

// The names of errors are from the query, so anybody can write one.
absl::Status ProviderRefused(absl::string_view name, absl::string_view error) {
  if (error == "access_denied" || error == "user_cancelled_authorize") {
    return absl::CancelledError(
        absl::StrCat("the sign-in at ", name, " was cancelled"));
  }
  const bool is_name =
      error.size() <= 40 && std::all_of(error.begin(), error.end(), [](char c) {
        return absl::ascii_islower(static_cast<uint8_t>(c)) || c == '_';
      });
  return absl::UnauthenticatedError(
      absl::StrCat(name, " did not let you sign in", is_name ? ": " : "",
                   is_name ? error : ""));
}

}  // namespace

bool IsOwnPath(absl::string_view text) {
  return absl::StartsWith(text, "/") && !absl::StartsWith(text, "//") &&
         text.size() <= kMaxPath &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isgraph(static_cast<uint8_t>(c)) && c != '\\';
         });
}

SignIn::SignIn(SignInOptions options, Rng& rng)
    : options_(std::move(options)), rng_(rng) {}

SignIn::~SignIn() = default;

absl::Status SignIn::SetProviders(const std::vector<ProviderConfig>& configs) {
  absl::MutexLock lock(&mutex_);
  std::map<std::string, Configured, std::less<>> next;
  for (const ProviderConfig& config : configs) {
    if (next.contains(config.id)) {
      return absl::InvalidArgumentError(
          absl::StrCat("provider ", config.id, " is there twice"));
    }
    const auto old = providers_.find(config.id);
    if (old != providers_.end() && old->second.config == config) {
      next.insert(*old);
      continue;
    }
    WARREN_RETURN_IF_ERROR(CheckProviderConfig(config));
    WARREN_ASSIGN_OR_RETURN(auto caller, options_.caller(config));
    WARREN_ASSIGN_OR_RETURN(
        auto provider, MakeProvider(config, std::move(caller), options_.time));
    next.insert(
        {config.id, {config, ++last_configuration_, std::move(provider)}});
  }
  providers_ = std::move(next);
  return absl::OkStatus();
}

std::vector<ProviderChoice> SignIn::Providers() const {
  absl::MutexLock lock(&mutex_);
  std::vector<ProviderChoice> choices;
  for (const auto& [id, c] : providers_) {
    choices.push_back({id, c.config.name, c.config.kind});
  }
  return choices;
}

absl::StatusOr<SignIn::Configured> SignIn::Find(absl::string_view id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = providers_.find(id);
  if (found != providers_.end()) return found->second;
  return absl::NotFoundError("there is no such way to sign in (any more)");
}

std::string SignIn::RedirectUri(absl::string_view provider) const {
  return absl::StrCat(absl::StripSuffix(options_.public_url, "/"),
                      kCallbackPath, provider);
}

absl::StatusOr<std::string> SignIn::Begin(const SignInBegin& begin) {
  if (begin.browser.size() < kMinBrowser ||
      begin.browser.size() > kMaxBrowser) {
    return absl::InvalidArgumentError(
        absl::StrCat("the browser's cookie must have ", kMinBrowser, " to ",
                     kMaxBrowser, " characters"));
  }
  PendingSignIn pending;
  pending.return_to = begin.return_to.empty() ? "/" : begin.return_to;
  if (!IsOwnPath(pending.return_to)) {
    return absl::InvalidArgumentError(
        "where to go after the sign-in must be a path of this server");
  }
  WARREN_ASSIGN_OR_RETURN(const Configured configured, Find(begin.provider));
  pending.provider = configured.config.id;
  pending.configuration = configured.configuration;
  AuthorizationRequest request;
  request.redirect_uri = RedirectUri(pending.provider);
  {
    absl::MutexLock lock(&mutex_);
    request.state =
        pending_.Add(pending, begin.browser,
                     absl::string_view(begin.source).substr(0, kMaxSource),
                     options_.time.now(), rng_);
  }
  request.nonce = pending.nonce;
  request.code_challenge =
      ToBase64Url(crypto::Sha256(AsBytes(pending.code_verifier)));
  return configured.provider->AuthorizationUrl(request);
}

absl::StatusOr<SignedIn> SignIn::Finish(const SignInCallback& callback,
                                        absl::string_view browser) {
  WARREN_RETURN_IF_ERROR(CheckCallback(callback, browser));
  PendingSignIn pending;
  {
    absl::MutexLock lock(&mutex_);
    WARREN_ASSIGN_OR_RETURN(
        pending, pending_.Take(callback.state, browser, options_.time.now()));
  }
  if (pending.provider != callback.provider) {
    return absl::FailedPreconditionError(
        "the answer is of another provider than the one asked: begin anew");
  }
  WARREN_ASSIGN_OR_RETURN(const Configured configured, Find(pending.provider));
  if (configured.configuration != pending.configuration) {
    return absl::FailedPreconditionError(
        "this way to sign in was changed meanwhile: begin anew");
  }
  if (!callback.error.empty()) {
    return ProviderRefused(configured.config.name, callback.error);
  }
  Redemption redemption;
  redemption.redirect_uri = RedirectUri(pending.provider);
  redemption.code = callback.code;
  redemption.code_verifier = pending.code_verifier;
  redemption.nonce = pending.nonce;
  redemption.issuer = callback.issuer;
  redemption.user = callback.user;
  WARREN_ASSIGN_OR_RETURN(Identity identity,
                          configured.provider->Redeem(redemption));
  WARREN_RETURN_IF_ERROR(CheckAdmission(configured.config.admission, identity));
  return SignedIn{std::move(identity), std::move(pending.return_to)};
}

}  // namespace warren::control
