#include <memory>
#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

constexpr uint32_t kMaxLimit = 10'000;

struct Words {
  uint32_t limit = 100;
  std::string actor, action, target;
  std::optional<absl::Duration> since;
};

absl::Status List(Session& session, const Words& words) {
  v1::ListAuditRequest request;
  request.set_tailnet(session.tailnet);
  request.set_limit(words.limit);
  request.set_actor(words.actor);
  request.set_action(words.action);
  request.set_target(words.target);
  if (words.since) {
    request.set_since_ms(absl::ToUnixMillis(absl::Now() - *words.since));
  }
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListAudit, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"WHEN", "WHO", "FROM", "DID", "TO", "BEFORE", "AFTER"});
  const absl::Time now = absl::Now();
  for (const v1::AuditEntry& entry : all.entries()) {
    json.Add(ToJson(entry));
    table.Add({cli::HumanMs(entry.time_ms(), now, "-"), entry.actor(),
               entry.source(), entry.action(), entry.target(), entry.before(),
               entry.after()});
  }
  session.Print(json, table, "nothing has been changed yet");
  return absl::OkStatus();
}

}  // namespace

void AddAudit(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command audit = root.Add("audit", "Who changed what, newest first");
  cli::Command list = audit.Add("list", "The newest changes");
  list.Number("-n,--limit", "How many at most", 1, kMaxLimit, &words->limit);
  list.Text("--actor", "Only theirs, such as \"uid 0\"", "ACTOR",
            &words->actor);
  list.Text("--action", "Only this, or what begins so: node.", "ACTION",
            &words->action);
  list.Text("--target", "Only about this, such as \"node laptop\"", "TARGET",
            &words->target);
  list.Span("--since", "Only of the last, such as 2d", &words->since);
  list.Does([&session, words] { return List(session, *words); });
}

}  // namespace warren::admin
