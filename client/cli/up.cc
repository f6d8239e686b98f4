#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/advice.h"
#include "client/cli/qr_text.h"
#include "client/cli/verbs.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"
#include "io/cli/json.h"

namespace warren::client {
namespace {

// Longest auth key read from a file, in bytes.
constexpr size_t kMaxKeySize = 4096;

struct Words {
  std::string login_server, auth_key, hostname, control_key, tailnet;
  std::vector<std::string> tags;
  bool ephemeral = false;
  bool force_reauth = false;
  bool qr = true;
  bool json = false;
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

// "tag:a,tag:b" is two of them.
void AddTags(const std::vector<std::string>& words, v1::UpRequest& request) {
  for (const std::string& word : words) {
    for (absl::string_view tag : absl::StrSplit(word, ',', absl::SkipEmpty())) {
      request.add_advertise_tags(std::string(absl::StripAsciiWhitespace(tag)));
    }
  }
}

absl::StatusOr<v1::UpRequest> RequestOf(const Words& words) {
  v1::UpRequest request;
  request.set_control_url(words.login_server);
  request.set_hostname(words.hostname);
  request.set_control_key(words.control_key);
  request.set_ephemeral(words.ephemeral);
  request.set_tailnet(words.tailnet);
  request.set_force_reauth(words.force_reauth);
  AddTags(words.tags, request);
  WARREN_ASSIGN_OR_RETURN(*request.mutable_auth_key(), AuthKey(words.auth_key));
  if (words.force_reauth && !request.auth_key().empty()) {
    return cli::UsageError("--force-reauth asks a person, --auth-key nobody");
  }
  return request;
}

// The link that a person has to open. It is no secret of this device, but who
// opens it answers for the device.
void ShowLink(const Words& words, const std::string& url) {
  if (words.json) {
    Write(cli::Json::Object().Set("auth_url", url).ToLine());
    return;
  }
  std::string text =
      absl::StrCat("\nTo sign in, open:\n\n  ", cli::Printable(url), "\n\n");
  const auto qr = QrText(url);
  if (words.qr && isatty(STDOUT_FILENO) != 0 && qr.ok()) {
    absl::StrAppend(&text, *qr, "\n");
  }
  Write(text);
}

std::string ForPeople(const v1::Status& status) {
  const v1::Node& self = status.self().node();
  const bool has_address = !self.addresses().empty();
  std::string text = cli::Printable(absl::StrCat(
      "connected to ", status.tailnet(), " as ", self.name(),
      has_address ? absl::StrCat(" (", self.addresses(0), ")") : ""));
  return absl::StrCat(text, "\n", ApprovalAdvice(status));
}

std::string ForScripts(const v1::Status& status) {
  const v1::Node& self = status.self().node();
  return cli::Json::Object()
      .Set("tailnet", status.tailnet())
      .Set("name", self.name())
      .Set("addresses", cli::Json::Strings(
                            {self.addresses().begin(), self.addresses().end()}))
      .Set("waits_for_approval", status.waits_for_approval())
      .ToLine();
}

absl::Status Up(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const v1::UpRequest request, RequestOf(words));
  WARREN_ASSIGN_OR_RETURN(v1::Local::Stub * daemon, session.Daemon());
  grpc::ClientContext context;
  const auto stream = daemon->Up(&context, request);
  v1::UpProgress progress;
  std::string shown;
  while (stream->Read(&progress)) {
    if (!progress.auth_url().empty() && progress.auth_url() != shown) {
      ShowProgress("");
      shown = progress.auth_url();
      ShowLink(words, shown);
    }
    ShowProgress(progress.message());
  }
  ShowProgress("");
  WARREN_RETURN_IF_ERROR(Session::ForPeople(stream->Finish()));
  Write(words.json ? ForScripts(progress.status())
                   : ForPeople(progress.status()));
  return absl::OkStatus();
}

}  // namespace

void AddUp(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command up = root.Add("up", "Sign in when needed, and connect");
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
  up.List("--advertise-tags",
          "Tags for this device, such as tag:server; whoever signs in must be "
          "their owner by the policy",
          "TAG,...", &words->tags);
  up.Text("--tailnet", "Which network to join, if the server has several",
          "NAME", &words->tailnet);
  up.Flag("--force-reauth", "Sign in anew though the login is still good",
          &words->force_reauth);
  up.Flag("--qr", "--qr=false: no QR code beside the link", &words->qr);
  up.Flag("--json",
          "One line of JSON with auth_url when somebody has to sign in, and "
          "one at the end",
          &words->json);
  up.Does([&session, words] { return Up(session, *words); });
}

}  // namespace warren::client
