#include "core/base/version.h"

#include "absl/strings/str_cat.h"
#include "client/cli/verbs.h"
#include "io/cli/json.h"

namespace warren::client {

void AddVersion(cli::Command root, Session& session) {
  const auto json = std::make_shared<bool>(false);
  cli::Command version =
      root.Add("version", "Of this program, and of the daemon if it runs");
  version.Flag("--json", "Print JSON, for scripts", json.get());
  version.Does([&session, json] {
    const auto status =
        session.Call(&v1::Local::Stub::GetStatus, v1::GetStatusRequest());
    if (*json) {
      cli::Json data = cli::Json::Object();
      data.Set("warren", kVersion);
      if (status.ok()) {
        data.Set("warrend", status->version());
      } else {
        data.SetNull("warrend");
      }
      Write(data.ToString());
    } else {
      Write(absl::StrCat("warren ", kVersion, "\nwarrend ",
                         status.ok() ? status->version() : "does not answer",
                         "\n"));
    }
    return absl::OkStatus();
  });
}

}  // namespace warren::client
