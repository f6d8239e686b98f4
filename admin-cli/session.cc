#include "admin-cli/session.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "io/cli/unix_channel.h"
#include "io/grpc_status.h"

namespace warren::admin {
namespace {

constexpr std::chrono::seconds kTimeout(30);
constexpr size_t kMaxNamesTold = 20;

void Write(absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

absl::Status Session::Connect() {
  if (!remote.server.empty()) {
    WARREN_ASSIGN_OR_RETURN(const std::string key, ApiKeyOf(remote));
    WARREN_ASSIGN_OR_RETURN(channel_, DialRemote(remote));
    bearer_ = absl::StrCat("Bearer ", key);
    stub_ = v1::Admin::NewStub(channel_->grpc());
    return absl::OkStatus();
  }
  const auto channel = cli::ConnectToUnix(socket);
  if (absl::IsUnavailable(channel.status())) {
    return absl::UnavailableError(absl::StrCat(
        "warren-control does not answer: ", channel.status().message(),
        "; is it running, and is this the right --socket?"));
  }
  if (absl::IsPermissionDenied(channel.status())) {
    return absl::PermissionDeniedError(absl::StrCat(
        channel.status().message(),
        "; only root and the server's own user may administer it: try sudo"));
  }
  WARREN_RETURN_IF_ERROR(channel.status());
  stub_ = v1::Admin::NewStub(*channel);
  return absl::OkStatus();
}

absl::Status Session::Run(
    const std::function<grpc::Status(Stub&, grpc::ClientContext*)>& call) {
  if (!stub_) WARREN_RETURN_IF_ERROR(Connect());
  grpc::ClientContext context;
  if (!bearer_.empty()) context.AddMetadata("authorization", bearer_);
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
  return io::FromGrpc(call(*stub_, &context));
}

void Session::Print(const cli::Json& data, absl::string_view text) const {
  const std::string out = json ? data.ToString() : std::string(text);
  Write(out);
  if (!absl::EndsWith(out, "\n")) Write("\n");
}

void Session::Print(const cli::Json& data, const cli::Table& table,
                    absl::string_view nothing) const {
  if (table.empty() && !json) {
    Write(absl::StrCat(nothing, "\n"));
  } else {
    Print(data, table.ToString());
  }
}

absl::Status Session::Confirm(absl::string_view question, bool yes) const {
  if (yes) return absl::OkStatus();
  if (isatty(STDIN_FILENO) == 0) {
    return cli::UsageError(
        absl::StrCat(question, " Nobody can be asked: ", "add --yes to agree"));
  }
  std::fprintf(stderr, "%s [y/N] ", cli::Printable(question).c_str());
  std::string answer;
  std::getline(std::cin, answer);
  answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  if (answer == "y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("nothing was done");
}

std::string Said(absl::string_view done, absl::string_view kind,
                 absl::string_view name, int64_t id) {
  return absl::StrCat(done, " ", kind, " ", cli::Printable(name), " (id ", id,
                      ")\n");
}

absl::Status NoSuch(absl::string_view kind, absl::string_view ref,
                    const std::vector<std::string>& there_are) {
  if (there_are.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no ", kind, " \"", ref, "\": there are none"));
  }
  const size_t told = std::min(there_are.size(), kMaxNamesTold);
  std::string names = absl::StrJoin(
      there_are.begin(), there_are.begin() + static_cast<std::ptrdiff_t>(told),
      ", ");
  if (told < there_are.size()) {
    absl::StrAppend(&names, " and ", there_are.size() - told, " more");
  }
  return absl::NotFoundError(
      absl::StrCat("no ", kind, " \"", ref, "\"; there are: ", names));
}

}  // namespace warren::admin
