#include "admin-cli/remote.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "io/cli/command.h"

namespace warren::admin {
namespace {

constexpr char kKeyVariable[] = "WARREN_API_KEY";
constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr size_t kMaxSecretSize = 64 * 1024;

absl::StatusOr<std::string> FromStream(std::istream& stream,
                                       const std::string& name) {
  std::string text(kMaxSecretSize + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  absl::StripAsciiWhitespace(&text);
  if (text.empty() || text.size() > kMaxSecretSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " does not hold a secret"));
  }
  return text;
}

absl::StatusOr<std::string> FromVariable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return cli::UsageError(absl::StrCat("$", name, " is not set"));
}

bool IsThisMachine(const std::string& host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

}  // namespace

absl::StatusOr<std::string> ReadSecret(const std::string& word) {
  absl::string_view rest = word;
  if (word == "-") return FromStream(std::cin, "the standard input");
  if (absl::ConsumePrefix(&rest, "env:")) {
    return FromVariable(std::string(rest));
  }
  if (absl::ConsumePrefix(&rest, "file:")) {
    const std::string path(rest);
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      return absl::NotFoundError(absl::StrCat("cannot read ", path));
    }
    return FromStream(file, path);
  }
  return cli::UsageError(
      "a secret is not given on the command line, where others can read it: "
      "say file:PATH, env:NAME or - (standard input)");
}

absl::StatusOr<std::string> ApiKeyOf(const RemoteOptions& options) {
  if (!options.api_key.empty()) return ReadSecret(options.api_key);
  auto key = FromVariable(kKeyVariable);
  if (key.ok()) return key;
  return cli::UsageError(absl::StrCat(
      "--server needs a key: --api-key file:PATH, or set $", kKeyVariable));
}

absl::StatusOr<std::unique_ptr<io::WireChannel>> DialRemote(
    const RemoteOptions& options) {
  const auto url = io::ControlUrl::Parse(options.server);
  if (!url.ok()) {
    return cli::UsageError(absl::StrCat("--server: ", url.status().message()));
  }
  if (!url->https) {
    if (IsThisMachine(url->host)) {
      return io::WireChannel::Dial(*url, nullptr, kTimeout);
    }
    return cli::UsageError(
        "--server: over http:// the key would cross the network in clear; say "
        "https://");
  }
  io::TlsClientOptions tls;
  tls.alpn = {"h2"};
  if (!options.ca_file.empty()) tls.roots_file = options.ca_file;
  if (!options.pin.empty()) {
    tls.verify = io::TlsVerify::kPin;
    tls.pin = options.pin;
  }
  WARREN_ASSIGN_OR_RETURN(auto context, io::TlsContext::Client(tls));
  return io::WireChannel::Dial(*url, std::move(context), kTimeout);
}

}  // namespace warren::admin
