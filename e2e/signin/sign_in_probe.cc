// SignIn with real connections, to try it against a real provider: what the
// web layer does, by lines of JSON.
//
//   argv[1]                   {"issuer", "client_id", "client_secret",
//                              "scopes", "groups", "public_url", "roots"}
//   {"begin": PATH}           {"url"}
//   {"finish": {CALLBACK}}    {"subject", "email", ...}
//   either, when refused      {"code", "error"}

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "control/identity/json.h"
#include "control/identity/sign_in.h"
#include "core/crypto/system_rng.h"
#include "io/cancel.h"
#include "io/clock.h"

namespace warren::control {
namespace {

constexpr char kBrowser[] = "the cookie of a browser";

Json Refusal(const absl::Status& status) {
  return {{"code", absl::StatusCodeToString(status.code())},
          {"error", std::string(status.message())}};
}

ProviderConfig ConfigOf(const Json& json) {
  ProviderConfig config;
  config.id = "probe";
  config.name = "Probe";
  config.issuer = json.at("issuer");
  config.client_id = json.at("client_id");
  config.client_secret = json.value("client_secret", "");
  config.scopes = json.value("scopes", config.scopes);
  config.admission.groups = json.value("groups", config.admission.groups);
  config.network.allow_private_addresses = true;
  std::ifstream roots(json.value("roots", ""));
  config.network.extra_roots.assign(std::istreambuf_iterator<char>(roots), {});
  return config;
}

Json Begin(SignIn& sign_in, const Json& command) {
  SignInBegin begin;
  begin.provider = "probe";
  begin.return_to = command.at("begin");
  begin.browser = kBrowser;
  const auto url = sign_in.Begin(begin);
  if (!url.ok()) return Refusal(url.status());
  return {{"url", *url}};
}

Json Finish(SignIn& sign_in, const Json& sent) {
  SignInCallback callback;
  callback.provider = "probe";
  callback.state = sent.value("state", "");
  callback.code = sent.value("code", "");
  callback.error = sent.value("error", "");
  callback.issuer = sent.value("iss", "");
  const auto result = sign_in.Finish(callback, kBrowser);
  if (!result.ok()) return Refusal(result.status());
  const Identity& identity = result->identity;
  return {{"return_to", result->return_to},
          {"issuer", identity.issuer},
          {"subject", identity.subject},
          {"email", identity.email},
          {"email_verified", identity.email_verified},
          {"name", identity.display_name},
          {"login", identity.login},
          {"groups", identity.groups}};
}

int Run(const Json& config) {
  const io::Cancel cancel;
  crypto::SystemRng rng;
  SignInOptions options;
  options.public_url = config.at("public_url");
  options.time.now = [] { return io::Clock().Now(); };
  options.time.wall = [] { return absl::Now(); };
  options.caller = [&](const ProviderConfig& provider) {
    return MakeProviderCaller(provider, cancel);
  };
  SignIn sign_in(options, rng);
  const absl::Status status = sign_in.SetProviders({ConfigOf(config)});
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    const Json command = Json::parse(line);
    std::cout << (command.contains("begin")
                      ? Begin(sign_in, command)
                      : Finish(sign_in, command.at("finish")))
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace warren::control

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return warren::control::Run(warren::control::Json::parse(argv[1]));
}
