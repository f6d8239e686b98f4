#include "client/cli/session.h"

#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "io/cli/unix_channel.h"
#include "io/grpc_status.h"

namespace warren::client {
namespace {

constexpr std::chrono::seconds kTimeout(30);

}  // namespace

absl::StatusOr<v1::Local::Stub*> Session::Daemon() {
  if (!stub_) {
    const auto channel = cli::ConnectToUnix(socket);
    if (absl::IsUnavailable(channel.status())) {
      return absl::UnavailableError(
          absl::StrCat("warrend is not running: ", channel.status().message(),
                       "; start it with `sudo systemctl start warrend`"));
    }
    WARREN_RETURN_IF_ERROR(channel.status());
    stub_ = v1::Local::NewStub(*channel);
  }
  return stub_.get();
}

absl::Status Session::ForPeople(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE &&
      status.error_message() == "Socket closed") {
    return absl::UnavailableError("warrend ended before it answered");
  }
  return io::FromGrpc(status);
}

void Session::SetTimeout(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
}

void Write(absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace warren::client
