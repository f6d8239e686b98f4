#include "client/cli/verbs.h"
#include "core/base/status_macros.h"

namespace warren::client {

void AddLogout(cli::Command root, Session& session) {
  cli::Command logout =
      root.Add("logout",
               "Disconnect and forget the login: a new key is "
               "needed to come back");
  logout.Does([&session]() -> absl::Status {
    WARREN_RETURN_IF_ERROR(
        session.Call(&v1::Local::Stub::Logout, v1::LocalLogoutRequest())
            .status());
    Write("logged out\n");
    return absl::OkStatus();
  });
}

}  // namespace warren::client
