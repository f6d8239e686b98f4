#include <memory>

#include "absl/time/clock.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

constexpr uint32_t kMaxLimit = 10'000;

cli::Json ToJson(const v1::AuditEntry& entry) {
  cli::Json json = cli::Json::Object();
  json.SetTime("time", entry.time_ms())
      .Set("actor", entry.actor())
      .Set("action", entry.action())
      .Set("target", entry.target())
      .Set("before", entry.before())
      .Set("after", entry.after());
  return json;
}

absl::Status List(Session& session, uint32_t limit) {
  v1::ListAuditRequest request;
  request.set_tailnet(session.tailnet);
  request.set_limit(limit);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListAudit, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"WHEN", "WHO", "DID", "TO", "BEFORE", "AFTER"});
  const absl::Time now = absl::Now();
  for (const v1::AuditEntry& entry : all.entries()) {
    json.Add(ToJson(entry));
    table.Add({cli::HumanMs(entry.time_ms(), now, "-"), entry.actor(),
               entry.action(), entry.target(), entry.before(), entry.after()});
  }
  session.Print(json, table, "nothing has been changed yet");
  return absl::OkStatus();
}

}  // namespace

void AddAudit(cli::Command root, Session& session) {
  const auto limit = std::make_shared<uint32_t>(100);
  cli::Command audit = root.Add("audit", "Who changed what, newest first");
  cli::Command list = audit.Add("list", "The newest changes");
  list.Number("-n,--limit", "How many at most", 1, kMaxLimit, limit.get());
  list.Does([&session, limit] { return List(session, *limit); });
}

}  // namespace warren::admin
