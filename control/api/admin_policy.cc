#include <algorithm>
#include <string>

#include "control/api/admin_subjects.h"
#include "control/coordinator/policy_commands.h"
#include "control/coordinator/topology.h"
#include "core/base/status_macros.h"
#include "core/policy/topology_text.h"
#include "warren/v1/admin_policy.pb.h"

namespace warren::control {
namespace {

v1::PolicyVersion ToMessage(const PolicyRecord& record) {
  v1::PolicyVersion out;
  out.set_version(record.version);
  out.set_text(record.text);
  out.set_author(record.author);
  out.set_created_ms(record.created_ms);
  out.set_note(record.note);
  out.set_rolled_back_to(record.rolled_back_to);
  return out;
}

v1::PolicyVersion WithoutText(const PolicyRecord& record) {
  v1::PolicyVersion out = ToMessage(record);
  out.clear_text();
  return out;
}

void AddPrefixes(const std::vector<net::IpPrefix>& from,
                 google::protobuf::RepeatedPtrField<std::string>* to) {
  for (const net::IpPrefix& prefix : from) *to->Add() = prefix.ToString();
}

v1::TopologyUser ToMessage(const policy::User& user) {
  v1::TopologyUser out;
  out.set_id(user.id.value());
  out.set_login(user.login);
  out.mutable_emails()->Assign(user.emails.begin(), user.emails.end());
  out.set_role(std::string(policy::RoleName(user.role)));
  out.mutable_groups()->Assign(user.groups.begin(), user.groups.end());
  out.set_guest(user.guest);
  return out;
}

v1::TopologyNode ToMessage(const policy::Node& node) {
  v1::TopologyNode out;
  out.set_id(node.id.value());
  out.set_name(node.name);
  out.set_user_id(node.user.value());
  if (node.ipv4) out.set_ipv4(node.ipv4->ToString());
  if (node.ipv6) out.set_ipv6(node.ipv6->ToString());
  out.mutable_tags()->Assign(node.tags.begin(), node.tags.end());
  AddPrefixes(node.routable_ips, out.mutable_routable_ips());
  AddPrefixes(node.approved_routes, out.mutable_approved_routes());
  out.mutable_attributes()->insert(node.attributes.begin(),
                                   node.attributes.end());
  for (const UserId guest : node.shared_to) out.add_shared_to(guest.value());
  out.set_route_seniority(node.route_seniority);
  out.set_online(node.online);
  return out;
}

absl::Status GetPolicy(AdminCall& call, const v1::GetPolicyRequest& request,
                       v1::PolicyVersion& out) {
  WARREN_ASSIGN_OR_RETURN(
      const PolicyRecord record,
      PolicyVersion(call.directory, call.tailnet(), request.version()));
  out = ToMessage(record);
  return absl::OkStatus();
}

absl::Status SetPolicy(AdminCall& call, const v1::SetPolicyRequest& request,
                       v1::SetPolicyResponse& out) {
  PolicyChange change;
  change.text = request.text();
  change.base_version = request.base_version();
  change.any_base = request.any_base();
  change.force = request.force();
  change.note = request.note();
  WARREN_ASSIGN_OR_RETURN(
      const PolicyRecord record,
      control::SetPolicy(call.directory, call.order, call.tailnet(), change));
  *out.mutable_version() = WithoutText(record);
  return absl::OkStatus();
}

absl::Status CheckPolicy(AdminCall& call, const v1::CheckPolicyRequest& request,
                         v1::CheckPolicyResponse& out) {
  const PolicyVerdict verdict =
      JudgePolicy(call.directory, call.order, call.tailnet(), request.text());
  for (const policy::Problem& problem : verdict.problems) {
    v1::PolicyProblem* message = out.add_problems();
    message->set_line(problem.place.line);
    message->set_column(problem.place.column);
    message->set_message(problem.message);
    message->set_hint(problem.hint);
  }
  out.set_locks_out(!verdict.lockout.empty());
  return absl::OkStatus();
}

absl::Status ListPolicyVersions(AdminCall& call,
                                const v1::ListPolicyVersionsRequest& request,
                                v1::ListPolicyVersionsResponse& out) {
  WARREN_ASSIGN_OR_RETURN(
      const std::vector<PolicyRecord> versions,
      PolicyVersions(call.directory, call.tailnet(), request.limit()));
  for (const PolicyRecord& version : versions) {
    *out.add_versions() = WithoutText(version);
  }
  return absl::OkStatus();
}

absl::Status RollbackPolicy(AdminCall& call,
                            const v1::RollbackPolicyRequest& request,
                            v1::SetPolicyResponse& out) {
  WARREN_ASSIGN_OR_RETURN(
      const PolicyRecord record,
      control::RollbackPolicy(call.directory, call.order, call.tailnet(),
                              request.version(), request.force()));
  *out.mutable_version() = WithoutText(record);
  return absl::OkStatus();
}

absl::Status GetTopology(AdminCall& call, const v1::GetTopologyRequest&,
                         v1::Topology& out) {
  const policy::Topology topology =
      TopologyOf(call.directory, call.tailnet(), call.order.now_ms);
  for (const policy::User& user : topology.users) {
    *out.add_users() = ToMessage(user);
  }
  for (const policy::Node& node : topology.nodes) {
    *out.add_nodes() = ToMessage(node);
  }
  return absl::OkStatus();
}

absl::Status GetPolicyStatus(AdminCall& call, const v1::GetPolicyStatusRequest&,
                             v1::PolicyStatus& out) {
  const TailnetState& tailnet = call.tailnet();
  out.set_version(tailnet.access.policy.version);
  uint64_t online = 0;
  uint64_t in_force = 0;
  for (const auto& [id, node] : tailnet.nodes) {
    if (!node.online()) continue;
    ++online;
    if (node.applied_version >= tailnet.access.policy_netmap) ++in_force;
  }
  out.set_num_online(online);
  out.set_num_in_force(in_force);
  return absl::OkStatus();
}

}  // namespace

void AddPolicyCalls(AdminCalls& calls) {
  calls.Add<v1::GetPolicyRequest, v1::PolicyVersion>("GetPolicy", &GetPolicy);
  calls.Add<v1::SetPolicyRequest, v1::SetPolicyResponse>("SetPolicy",
                                                         &SetPolicy);
  calls.Add<v1::CheckPolicyRequest, v1::CheckPolicyResponse>("CheckPolicy",
                                                             &CheckPolicy);
  calls.Add<v1::ListPolicyVersionsRequest, v1::ListPolicyVersionsResponse>(
      "ListPolicyVersions", &ListPolicyVersions);
  calls.Add<v1::RollbackPolicyRequest, v1::SetPolicyResponse>("RollbackPolicy",
                                                              &RollbackPolicy);
  calls.Add<v1::GetTopologyRequest, v1::Topology>("GetTopology", &GetTopology);
  calls.Add<v1::GetPolicyStatusRequest, v1::PolicyStatus>("GetPolicyStatus",
                                                          &GetPolicyStatus);
}

}  // namespace warren::control
