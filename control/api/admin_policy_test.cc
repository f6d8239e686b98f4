// The methods of policies, through the gate that all calls pass.

#include <string>

#include "control/api/admin_subjects.h"
#include "control/coordinator/directory_fixture.h"
#include "gtest/gtest.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

constexpr char kOpen[] = R"({"acls": [
  {"action": "accept", "src": ["*"], "dst": ["*:*"]}]})";

class AdminPolicyTest : public DirectoryFixture {
 protected:
  AdminPolicyTest() : calls_(ServerFacts()) { AddPolicyCalls(calls_); }

  // Calls `method` as alice.
  template <class Response, class Request>
  absl::StatusOr<Response> Call(const char* method, const Request& request) {
    Caller caller;
    caller.actor = "alice";
    caller.source = "203.0.113.7";
    caller.tailnet = tailnet().record.id;
    caller.user = alice_;
    caller.role = tailnet().users.at(alice_).role;
    Response response;
    AdminCalls::Later later;
    const absl::Status status =
        calls_.Run(*directory_, caller, now_, *FindAdminMethod(method), request,
                   response, later);
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<v1::SetPolicyResponse> Set(const char* text) {
    v1::SetPolicyRequest request;
    request.set_text(text);
    request.set_any_base(true);
    request.set_note("why");
    return Call<v1::SetPolicyResponse>("SetPolicy", request);
  }
  void SetRole(policy::Role role) { tailnet().users.at(alice_).role = role; }

  AdminCalls calls_;
};

TEST_F(AdminPolicyTest, SetsGetsListsAndRollsBack) {
  SetRole(policy::Role::kNetworkAdmin);
  const auto set = Set(kOpen);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->version().version(), 1u);
  EXPECT_EQ(set->version().text(), "");
  const auto got = Call<v1::PolicyVersion>("GetPolicy", v1::GetPolicyRequest());
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->text(), kOpen);
  EXPECT_EQ(got->author(), "alice");
  EXPECT_EQ(got->note(), "why");
  v1::RollbackPolicyRequest rollback;
  ASSERT_TRUE(Call<v1::SetPolicyResponse>("RollbackPolicy", rollback).ok());
  const auto list = Call<v1::ListPolicyVersionsResponse>(
      "ListPolicyVersions", v1::ListPolicyVersionsRequest());
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->versions_size(), 2);
  EXPECT_EQ(list->versions(0).version(), 2u);
}

TEST_F(AdminPolicyTest, MembersReadAndCheckButDoNotSet) {
  SetRole(policy::Role::kMember);
  EXPECT_TRUE(absl::IsPermissionDenied(Set(kOpen).status()));
  EXPECT_TRUE(
      Call<v1::PolicyVersion>("GetPolicy", v1::GetPolicyRequest()).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(
      Call<v1::Topology>("GetTopology", v1::GetTopologyRequest()).status()));
  v1::CheckPolicyRequest check;
  check.set_text("{\n\"alcs\": []}");
  const auto answer = Call<v1::CheckPolicyResponse>("CheckPolicy", check);
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->problems_size(), 1);
  EXPECT_EQ(answer->problems(0).line(), 2u);
  EXPECT_EQ(answer->problems(0).message(), "unknown field \"alcs\"");
  EXPECT_EQ(answer->problems(0).hint(), "did you mean \"acls\"?");
}

TEST_F(AdminPolicyTest, TellsTheTopologyAndWhoHasThePolicy) {
  SetRole(policy::Role::kAuditor);
  const netmap::Node node = MustJoin(1, {}, {.tags = {"tag:web"}});
  const auto topology =
      Call<v1::Topology>("GetTopology", v1::GetTopologyRequest());
  ASSERT_TRUE(topology.ok());
  ASSERT_EQ(topology->nodes_size(), 1);
  EXPECT_EQ(topology->nodes(0).id(), node.id.value());
  EXPECT_EQ(topology->nodes(0).tags(0), "tag:web");
  EXPECT_EQ(topology->nodes(0).ipv4(), node.addresses[0].ToString());
  ASSERT_EQ(topology->users_size(), 1);
  EXPECT_EQ(topology->users(0).role(), "auditor");
  ASSERT_TRUE(OpenStream(1).ok());
  const auto status =
      Call<v1::PolicyStatus>("GetPolicyStatus", v1::GetPolicyStatusRequest());
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->num_online(), 1u);
}

}  // namespace
}  // namespace warren::control
