#ifndef WARREN_CONTROL_IDENTITY_SIGN_IN_FIXTURE_H_
#define WARREN_CONTROL_IDENTITY_SIGN_IN_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "control/identity/sign_in.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"
#include "io/http_client.h"

namespace warren::control {

inline constexpr char kBrowser[] = "the cookie of a browser";

// Passes calls on to somebody who lives longer.
class Forwarder final : public io::HttpCaller {
 public:
  explicit Forwarder(io::HttpCaller& to) : to_(to) {}
  absl::StatusOr<io::HttpAnswer> Call(const io::HttpCall& call) override {
    return to_.Call(call);
  }

 private:
  io::HttpCaller& to_;
};

// A SignIn at https://control.example whose providers are `Fake`, on a clock
// that the test moves.
template <class Fake>
class SignInFixture : public ::testing::Test {
 protected:
  SignInFixture() : sign_in_(Options(), rng_) {}

  void Use(const ProviderConfig& config) {
    const absl::Status status = sign_in_.SetProviders({config});
    ASSERT_TRUE(status.ok()) << status;
  }

  absl::StatusOr<std::string> Begin(const std::string& return_to = "/devices") {
    SignInBegin begin;
    begin.provider = sign_in_.Providers().at(0).id;
    begin.return_to = return_to;
    begin.browser = kBrowser;
    begin.source = "192.0.2.1";
    return sign_in_.Begin(begin);
  }

  // All of a sign-in.
  absl::StatusOr<SignedIn> Run() {
    const auto url = Begin();
    if (!url.ok()) return url.status();
    return sign_in_.Finish(fake_.Consent(*url), kBrowser);
  }

  void Pass(absl::Duration time) {
    now_ += time;
    fake_.now += time;
  }

  SignInOptions Options() {
    SignInOptions options;
    options.public_url = "https://control.example/";
    options.time.now = [this] { return now_; };
    options.time.wall = [this] { return fake_.now; };
    options.caller = [this](const ProviderConfig&) {
      return std::make_unique<Forwarder>(fake_);
    };
    return options;
  }

  Fake fake_;
  Instant now_ = Instant::FromEpoch(absl::Hours(1));
  SeededRng rng_{1};
  SignIn sign_in_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_SIGN_IN_FIXTURE_H_
