#include "client/cli/verbs.h"
#include "core/base/status_macros.h"

namespace warren::client {

void AddDown(cli::Command root, Session& session) {
  cli::Command down = root.Add("down", "Disconnect, and stay logged in");
  down.Does([&session]() -> absl::Status {
    WARREN_RETURN_IF_ERROR(
        session.Call(&v1::Local::Stub::Down, v1::DownRequest()).status());
    Write("disconnected\n");
    return absl::OkStatus();
  });
}

}  // namespace warren::client
