#include "control/api/admin_subjects.h"
#include "control/document/apply.h"
#include "control/document/plan.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

void Tell(const DocumentPlan& plan, v1::PlanTailnetResponse& out) {
  for (const SpecChange& change : plan.changes) {
    v1::PlannedChange& told = *out.add_changes();
    told.set_verb(std::string(ToString(change.verb)));
    told.set_kind(std::string(ToString(change.kind)));
    told.set_name(change.name);
    told.set_detail(change.detail);
  }
}

absl::Status ExportTailnet(AdminCall& call, const v1::ExportTailnetRequest&,
                           v1::TailnetDocument& out) {
  out.set_yaml(ExportYaml(call.tailnet()));
  return absl::OkStatus();
}

absl::Status PlanTailnet(AdminCall& call,
                         const v1::ApplyTailnetRequest& request,
                         v1::PlanTailnetResponse& out) {
  WARREN_ASSIGN_OR_RETURN(
      const DocumentPlan plan,
      PlanYaml(call.tailnet(), request.yaml(), request.prune()));
  Tell(plan, out);
  return absl::OkStatus();
}

absl::Status ApplyTailnet(AdminCall& call,
                          const v1::ApplyTailnetRequest& request,
                          v1::PlanTailnetResponse& out) {
  if (call.server.seal_key == nullptr) {
    return absl::FailedPreconditionError("this server cannot store secrets");
  }
  WARREN_ASSIGN_OR_RETURN(
      const DocumentPlan plan,
      PlanYaml(call.tailnet(), request.yaml(), request.prune()));
  ApplyOptions options;
  options.force = request.force();
  options.allow_plain_webhooks = call.server.allow_private_webhooks;
  WARREN_RETURN_IF_ERROR(ApplyPlan(call.directory, call.order, call.tailnet(),
                                   plan, *call.server.seal_key, options));
  Tell(plan, out);
  return absl::OkStatus();
}

}  // namespace

void AddDocumentCalls(AdminCalls& calls) {
  calls.Add<v1::ExportTailnetRequest, v1::TailnetDocument>("ExportTailnet",
                                                           &ExportTailnet);
  calls.Add<v1::ApplyTailnetRequest, v1::PlanTailnetResponse>("PlanTailnet",
                                                              &PlanTailnet);
  calls.Add<v1::ApplyTailnetRequest, v1::PlanTailnetResponse>("ApplyTailnet",
                                                              &ApplyTailnet);
}

}  // namespace warren::control
