#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/verbs.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// Longest auth key read from a file, in bytes.
constexpr size_t kMaxKeySize = 4096;

struct Words {
  std::string login_server, auth_key, hostname, control_key;
  bool ephemeral = false;
};

// The key that the option or else the environment says: itself, or the first
// line of the file in "file:PATH". No message ever holds a key.
absl::StatusOr<std::string> AuthKey(const std::string& option) {
  const char* const variable = std::getenv("WARREN_AUTH_KEY");
  std::string text = option;
  if (text.empty() && variable != nullptr) text = variable;
  absl::string_view path = text;
  if (!absl::ConsumePrefix(&path, "file:")) {
    return std::string(absl::StripAsciiWhitespace(text));
  }
  std::ifstream file{std::string(path)};
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("cannot read the auth key from ", path));
  }
  std::string line;
  std::getline(file, line);
  absl::StripAsciiWhitespace(&line);
  if (line.empty() || line.size() > kMaxKeySize) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " does not begin with a line that is an auth key"));
  }
  return line;
}

// Progress is for people who look at it: one line, overwritten.
void ShowProgress(const std::string& message) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r\033[K%s", cli::Printable(message).c_str());
}

absl::Status Up(Session& session, const Words& words) {
  v1::UpRequest request;
  request.set_control_url(words.login_server);
  request.set_hostname(words.hostname);
  request.set_control_key(words.control_key);
  request.set_ephemeral(words.ephemeral);
  WARREN_ASSIGN_OR_RETURN(*request.mutable_auth_key(), AuthKey(words.auth_key));
  WARREN_ASSIGN_OR_RETURN(v1::Local::Stub * daemon, session.Daemon());
  grpc::ClientContext context;
  const auto stream = daemon->Up(&context, request);
  v1::UpProgress progress;
  while (stream->Read(&progress)) ShowProgress(progress.message());
  ShowProgress("");
  WARREN_RETURN_IF_ERROR(Session::ForPeople(stream->Finish()));
  const v1::Node& self = progress.status().self().node();
  Write(cli::Printable(absl::StrCat(
            "connected to ", progress.status().tailnet(), " as ", self.name(),
            self.addresses().empty()
                ? ""
                : absl::StrCat(" (", self.addresses(0), ")"))) +
        "\n");
  return absl::OkStatus();
}

}  // namespace

void AddUp(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command up = root.Add("up", "Log in when needed, and connect");
  up.Text("--login-server", "The control server; needed the first time", "URL",
          &words->login_server);
  up.Text("--auth-key",
          "Joins without asking anybody; \"file:PATH\" reads it from a file, "
          "which other users of this machine cannot see. Else: the variable "
          "WARREN_AUTH_KEY",
          "KEY", &words->auth_key);
  up.Text("--hostname", "Wanted name; else this machine's", "NAME",
          &words->hostname);
  up.Text("--control-key",
          "The server's key (`warren-admin server show`), when the first "
          "contact cannot be trusted",
          "mkey:HEX", &words->control_key);
  up.Flag("--ephemeral", "Leave the network when the daemon stops",
          &words->ephemeral);
  up.Does([&session, words] { return Up(session, *words); });
}

}  // namespace warren::client
