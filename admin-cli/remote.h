#ifndef WARREN_ADMIN_CLI_REMOTE_H_
#define WARREN_ADMIN_CLI_REMOTE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/wire_channel.h"

// A server that is not on this machine.
namespace warren::admin {

struct RemoteOptions {
  std::string server;   // https://control.example; empty: the local socket
  std::string api_key;  // file:PATH, env:NAME or -; empty: $WARREN_API_KEY
  std::string pin;      // sha256-raw:...: trust this certificate alone
  std::string ca_file;  // in place of the system's roots
};

// A secret that the command line points to: "file:PATH", "env:NAME", "-" for
// the standard input. UsageError() when the word is something else, without
// repeating it: it may be the secret itself.
absl::StatusOr<std::string> ReadSecret(const std::string& word);

// The API key; UsageError() when there is none.
absl::StatusOr<std::string> ApiKeyOf(const RemoteOptions& options);

// Connects, for up to 10 s. Over http:// only to this machine: a key must not
// cross a network in clear. Errors are for people.
absl::StatusOr<std::unique_ptr<io::WireChannel>> DialRemote(
    const RemoteOptions& options);

}  // namespace warren::admin

#endif  // WARREN_ADMIN_CLI_REMOTE_H_
