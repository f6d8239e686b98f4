// Who may call what: every method of admin.proto, by every role, on own things,
// on another's, and from another tailnet. A new method without a row fails.

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/coordinator/api_key_commands.h"
#include "control/coordinator/directory_fixture.h"
#include "gtest/gtest.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;
using policy::Role;

// What a member gets that names another's thing. Everything is decided by the
// role in the options but what is here.
enum class OfAnother {
  kHidden,  // NOT_FOUND, as if it were not there
  kNoRef,   // it names nothing: a list of its own, or of what all may see
};

const std::map<std::string, OfAnother>& MemberMethods() {
  using enum OfAnother;
  static const std::map<std::string, OfAnother> methods = {
      {"WhoAmI", kNoRef},           {"ListTailnets", kNoRef},
      {"GetSettings", kNoRef},      {"SuggestTailnetNames", kNoRef},
      {"GetUser", kHidden},         {"ListSessions", kNoRef},
      {"RevokeSession", kHidden},   {"ListInvitations", kNoRef},
      {"CreateInvitation", kNoRef}, {"DeleteInvitation", kHidden},
      {"ListNodes", kNoRef},        {"GetNode", kHidden},
      {"RenameNode", kHidden},      {"ExpireNode", kHidden},
      {"SetNodeTags", kHidden},     {"DeleteNode", kHidden},
      {"ListShares", kNoRef},       {"DeleteShare", kHidden},
      {"ListAuthKeys", kNoRef},     {"CreateAuthKey", kNoRef},
      {"ExpireAuthKey", kHidden},   {"DeleteAuthKey", kHidden},
      {"ListApiKeys", kNoRef},      {"CreateApiKey", kNoRef},
      {"DeleteApiKey", kHidden},    {"ListRelays", kNoRef},
      {"GetPolicy", kNoRef},        {"CheckPolicy", kNoRef},
      {"AcceptShare", kNoRef},
  };
  return methods;
}

class AdminAccessTest : public DirectoryFixture {
 protected:
  AdminAccessTest() : calls_(ServerFacts()) {
    AddAllCalls(calls_);
    bob_ = AddUser("bob");
    tailnet().users.at(bob_).role = Role::kOwner;
    bobs_node_ = MustJoin(2, bob_).name;
    alices_node_ = MustJoin(1, alice_).name;
    bobs_auth_key_ = KeyOf(AddKey({}, bob_)).prefix;
    ApiKeyParams params;
    params.user = bob_;
    params.scopes = {"all"};
    bobs_api_key_ =
        absl::StrCat(CreateApiKey(*directory_, order(), tailnet(), params)
                         ->record.id.value());
    auto made = CreateTailnet(*directory_, order(), "elsewhere");
    EXPECT_TRUE(made.ok()) << made.status();
    home_ = tailnet().record.id;
  }

  TailnetState& home() { return *directory_->Tailnet(home_); }

  Caller As(Role role) {
    home().users.at(alice_).role = role;
    Caller caller;
    caller.actor = "alice";
    caller.tailnet = home_;
    caller.user = alice_;
    caller.role = role;
    return caller;
  }
  absl::Status Call(const Caller& caller, const AdminMethod& method,
                    const std::string& ref,
                    const std::string& tailnet_ref = "") {
    const auto request = method.NewRequest();
    const auto response = method.NewResponse();
    const auto* field = request->GetDescriptor()->FindFieldByName("ref");
    if (field != nullptr) {
      request->GetReflection()->SetString(request.get(), field, ref);
    }
    if (method.tailnet != nullptr) {
      request->GetReflection()->SetString(request.get(), method.tailnet,
                                          tailnet_ref);
    }
    AdminCalls::Later later;
    return calls_.Run(*directory_, caller, now_, method, *request, *response,
                      later);
  }
  // What the method would be about that is bob's.
  std::string BobsThing(const std::string& method) {
    if (method == "GetUser") return "bob";
    if (method.find("AuthKey") != std::string::npos) return bobs_auth_key_;
    if (method == "DeleteApiKey") return bobs_api_key_;
    if (method.find("Node") != std::string::npos) return bobs_node_;
    return "77";
  }

  AdminCalls calls_;
  TailnetId home_;
  UserId bob_;
  std::string bobs_node_, alices_node_, bobs_auth_key_, bobs_api_key_;
};

struct Standing {
  Role role;
  MinRole stands_as;
};
constexpr Standing kStandings[] = {
    {Role::kMember, MinRole::kMember},
    {Role::kAuditor, MinRole::kAuditor},
    {Role::kNetworkAdmin, MinRole::kNetworkAdmin},
    {Role::kAdmin, MinRole::kAdmin},
    {Role::kOwner, MinRole::kOwner},
    // Known to policies alone: no more than a member.
    {Role::kItAdmin, MinRole::kMember},
    {Role::kBillingAdmin, MinRole::kMember},
};

TEST_F(AdminAccessTest, EveryMethodForMembersHasARow) {
  for (const AdminMethod& method : AdminMethods()) {
    EXPECT_EQ(method.least == MinRole::kMember,
              MemberMethods().contains(method.name))
        << method.name;
  }
}

TEST_F(AdminAccessTest, ARoleThatIsTooLowIsRefusedWhateverIsNamed) {
  for (const AdminMethod& method : AdminMethods()) {
    for (const Standing& standing : kStandings) {
      SCOPED_TRACE(
          absl::StrCat(method.name, " role ", static_cast<int>(standing.role)));
      if (standing.stands_as >= method.least) continue;
      for (const char* tailnet_ref : {"", "elsewhere", "nowhere"}) {
        EXPECT_EQ(Call(As(standing.role), method, "77", tailnet_ref).code(),
                  absl::StatusCode::kPermissionDenied);
      }
    }
  }
}

TEST_F(AdminAccessTest, AnothersTailnetAnswersAsOneThatIsNotThere) {
  for (const AdminMethod& method : AdminMethods()) {
    if (method.tailnet == nullptr || method.least == MinRole::kOperator) {
      continue;
    }
    SCOPED_TRACE(method.name);
    const Caller owner = As(Role::kOwner);
    const absl::Status theirs = Call(owner, method, "77", "elsewhere");
    const absl::Status unknown = Call(owner, method, "77", "elsewhero");
    EXPECT_EQ(theirs.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
    std::string message(theirs.message());
    message[message.find("elsewhere") + 8] = 'o';
    EXPECT_EQ(message, unknown.message());
  }
}

TEST_F(AdminAccessTest, AMemberDoesNotLearnThatAnothersThingIsThere) {
  for (const auto& [name, other] : MemberMethods()) {
    if (other != OfAnother::kHidden) continue;
    SCOPED_TRACE(name);
    const std::string thing = BobsThing(name);
    const std::string nothing(thing.size(), '8');
    const AdminMethod& method = *FindAdminMethod(name);
    const absl::Status theirs = Call(As(Role::kMember), method, thing);
    const absl::Status unknown = Call(As(Role::kMember), method, nothing);
    EXPECT_EQ(theirs.code(), absl::StatusCode::kNotFound) << theirs;
    std::string message(theirs.message());
    const size_t at = message.find(thing);
    ASSERT_NE(at, std::string::npos) << message;
    message.replace(at, thing.size(), nothing);
    EXPECT_EQ(message, unknown.message());
  }
}

TEST_F(AdminAccessTest, AKeyNeedsTheScope) {
  for (const AdminMethod& method : AdminMethods()) {
    if (method.least == MinRole::kOperator || method.scope.empty()) continue;
    SCOPED_TRACE(method.name);
    Caller key = As(Role::kOwner);
    key.scopes = std::vector<std::string>{"nothing:read"};
    EXPECT_EQ(Call(key, method, "77").code(),
              absl::StatusCode::kPermissionDenied);
    for (const std::string& scope : {method.scope, std::string("all")}) {
      key.scopes = std::vector<std::string>{scope};
      EXPECT_TRUE(MayCall(key, method.least, method.scope).ok()) << scope;
    }
  }
}

TEST_F(AdminAccessTest, AuditorsSeeWhatIsAnothersAndDoNotTouchIt) {
  EXPECT_TRUE(
      Call(As(Role::kAuditor), *FindAdminMethod("GetNode"), bobs_node_).ok());
  for (const char* name : {"DeleteNode", "ExpireNode", "RenameNode"}) {
    EXPECT_EQ(
        Call(As(Role::kAuditor), *FindAdminMethod(name), bobs_node_).code(),
        absl::StatusCode::kPermissionDenied)
        << name;
  }
  EXPECT_EQ(Call(As(Role::kAuditor), *FindAdminMethod("DeleteAuthKey"),
                 bobs_auth_key_)
                .code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(AdminAccessTest, MembersDeleteTheirOwn) {
  EXPECT_TRUE(
      Call(As(Role::kMember), *FindAdminMethod("DeleteNode"), alices_node_)
          .ok());
}

TEST_F(AdminAccessTest, AdminsDoNotReachAboveThemselves) {
  for (const char* name : {"DeleteUser", "SuspendUser"}) {
    EXPECT_EQ(Call(As(Role::kAdmin), *FindAdminMethod(name), "bob").code(),
              absl::StatusCode::kPermissionDenied)
        << name;
  }
  v1::SetUserRoleRequest request;
  request.set_ref("alice");
  request.set_role("owner");
  v1::User response;
  AdminCalls::Later later;
  EXPECT_EQ(calls_
                .Run(*directory_, As(Role::kAdmin), now_,
                     *FindAdminMethod("SetUserRole"), request, response, later)
                .code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(home().users.at(alice_).role, Role::kAdmin);
}

TEST_F(AdminAccessTest, AKeyGivesAwayNoMoreThanItHas) {
  Caller key = As(Role::kOwner);
  key.scopes = std::vector<std::string>{"devices:write", "api_keys:write"};
  v1::CreateApiKeyRequest request;
  request.add_scopes("devices:read");
  v1::CreateApiKeyResponse response;
  AdminCalls::Later later;
  const AdminMethod& method = *FindAdminMethod("CreateApiKey");
  EXPECT_TRUE(
      calls_.Run(*directory_, key, now_, method, request, response, later)
          .ok());
  for (const char* more : {"all", "policy:write", "all:read"}) {
    request.set_scopes(0, more);
    EXPECT_EQ(
        calls_.Run(*directory_, key, now_, method, request, response, later)
            .code(),
        absl::StatusCode::kPermissionDenied)
        << more;
  }
}

}  // namespace
}  // namespace warren::control
