#include <memory>

#include "client/cli/netcheck_report.h"
#include "client/cli/verbs.h"
#include "core/base/status_macros.h"
#include "io/cli/json.h"

namespace warren::client {

void AddNetcheck(cli::Command root, Session& session) {
  const auto json = std::make_shared<bool>(false);
  cli::Command netcheck =
      root.Add("netcheck", "What this network lets through, and the relays");
  netcheck.Flag("--json", "Print JSON, for scripts", json.get());
  netcheck.Does([&session, json]() -> absl::Status {
    WARREN_ASSIGN_OR_RETURN(
        const v1::NetcheckReport report,
        session.Call(&v1::Local::Stub::Netcheck, v1::NetcheckRequest()));
    Write(*json ? NetcheckJson(report).ToString() : NetcheckText(report));
    return absl::OkStatus();
  });
}

}  // namespace warren::client
