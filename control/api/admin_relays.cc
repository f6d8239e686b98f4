#include "control/api/admin_subjects.h"
#include "control/coordinator/lookup.h"
#include "core/base/status_macros.h"
#include "proto/convert/netmap.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

absl::Status ListRelays(AdminCall& call, const v1::ListRequest&,
                        v1::ListRelaysResponse& out) {
  for (const auto& region : call.tailnet().relays.regions) {
    *out.add_regions() = convert::ToProto(region);
  }
  return absl::OkStatus();
}

absl::Status PutRelay(AdminCall& call, const v1::PutRelayRequest& request,
                      v1::RelayRegion& out) {
  const derp::RelayRegion region = convert::FromProto(request.region());
  WARREN_RETURN_IF_ERROR(
      control::PutRelay(call.directory, call.order, call.tailnet(), region));
  out = convert::ToProto(region);
  return absl::OkStatus();
}

absl::Status DeleteRelay(AdminCall& call, const v1::DeleteRequest& request,
                         v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const derp::RelayRegion* region,
                          FindRelay(call.tailnet(), request.ref()));
  out.set_deleted(region->code);
  return control::DeleteRelay(call.directory, call.order, call.tailnet(),
                              *region);
}

}  // namespace

void AddRelayCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListRelaysResponse>("ListRelays", &ListRelays);
  calls.Add<v1::PutRelayRequest, v1::RelayRegion>("PutRelay", &PutRelay);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteRelay", &DeleteRelay);
}

}  // namespace warren::control
