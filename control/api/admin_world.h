#ifndef WARREN_CONTROL_API_ADMIN_WORLD_H_
#define WARREN_CONTROL_API_ADMIN_WORLD_H_

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "control/api/admin_subjects.h"
#include "control/api/good_requests.h"
#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/session_commands.h"
#include "control/coordinator/user_commands.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {

// Test only: a tailnet with one of everything, and for each method of the
// admin API a request that it takes.
class AdminWorld : public DirectoryFixture {
 protected:
  AdminWorld() : calls_(Facts()) {
    AddAllCalls(calls_);
    OpenToPeople();
    EXPECT_EQ(SetUserRole(*directory_, order(), tailnet(), alice_,
                          policy::Role::kOwner),
              absl::OkStatus());
    bob_ = AddUser("bob");
    laptop_ = MustJoin(1, alice_).id;
    for (const char* method :
         {"SetPolicy", "PutRelay", "PutProvider", "PutWebhook"}) {
      EXPECT_EQ(RunGood(method), absl::OkStatus()) << method;
    }
    names_ = {
        {"$policy", kGoodPolicy},
        {"$auth_key", KeyOf(AddKey()).prefix},
        {"$api_key", MakeId("CreateApiKey")},
        {"$invitation", MakeId("CreateInvitation")},
        {"$session", OpenedSessionId()},
        {"$share", AcceptedShareId()},
        {"$link", ShareOf(MustJoin(2, alice_).id).url},
        {"$folder", Folder()},
    };
  }

  // nullptr, and a failure: there is no row for it.
  std::unique_ptr<google::protobuf::Message> GoodRequest(
      const AdminMethod& method) {
    const auto row = std::ranges::find_if(
        kGoodRequests,
        [&](const auto& known) { return known.method == method.name; });
    if (row == std::end(kGoodRequests)) {
      ADD_FAILURE() << method.name << " needs a row in kGoodRequests";
      return nullptr;
    }
    std::string text = absl::StrReplaceAll(row->text, names_);
    absl::StrReplaceAll({{"$tailnet", tailnet().record.name}}, &text);
    auto request = method.NewRequest();
    EXPECT_TRUE(
        google::protobuf::TextFormat::ParseFromString(text, request.get()))
        << method.name;
    return request;
  }

  Caller Operator() const {
    Caller caller;
    caller.actor = "uid 0";
    caller.source = "socket";
    return caller;
  }
  Caller Owner() {
    Caller caller;
    caller.actor = "alice";
    caller.source = "203.0.113.7";
    caller.tailnet = tailnet().record.id;
    caller.user = alice_;
    caller.role = policy::Role::kOwner;
    return caller;
  }

  // With its slow half, if it has one.
  absl::Status Run(const Caller& caller, const AdminMethod& method,
                   const google::protobuf::Message& request,
                   google::protobuf::Message& response) {
    AdminCalls::Later later;
    const absl::Status status =
        calls_.Run(*directory_, caller, now_, method, request, response, later);
    return status.ok() && later ? later() : status;
  }
  absl::Status RunGood(const char* name) {
    const AdminMethod& method = *FindAdminMethod(name);
    const auto response = method.NewResponse();
    return Run(Operator(), method, *GoodRequest(method), *response);
  }

  AdminCalls calls_;
  UserId bob_;

 private:
  static ServerFacts Facts() {
    ServerFacts facts;
    SeededRng rng(7);
    facts.seal_key = std::make_shared<const SealKey>(
        DeriveSealKey(crypto::MachinePrivateKey::Generate(rng)));
    facts.state_folder = Folder();
    return facts;
  }
  // The id of what the good request of `name` makes.
  std::string MakeId(const char* name) {
    const AdminMethod& method = *FindAdminMethod(name);
    const auto response = method.NewResponse();
    EXPECT_EQ(Run(Operator(), method, *GoodRequest(method), *response),
              absl::OkStatus());
    const auto* made = response->GetDescriptor()->field(0);
    const auto& inner = response->GetReflection()->GetMessage(*response, made);
    const auto* id = inner.GetDescriptor()->FindFieldByName("id");
    return absl::StrCat(inner.GetReflection()->GetInt64(inner, id));
  }
  std::string OpenedSessionId() {
    const auto opened = OpenSession(*directory_, OrderBy(alice_), tailnet(),
                                    {"local", "203.0.113.7", "browser"});
    EXPECT_TRUE(opened.ok()) << opened.status();
    return absl::StrCat(opened->record.id.value());
  }
  CreatedInvitation ShareOf(NodeId node) {
    InvitationParams params;
    params.kind = InvitationKind::kShare;
    params.node = node;
    const auto made =
        CreateInvitation(*directory_, OrderBy(alice_), tailnet(), params);
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }
  std::string AcceptedShareId() {
    const auto guests = CreateTailnet(*directory_, order(), "guests");
    EXPECT_TRUE(guests.ok()) << guests.status();
    const auto guest = CreateUser(*directory_, order(), **guests, "gina", "");
    EXPECT_TRUE(guest.ok()) << guest.status();
    const auto share = AcceptShare(*directory_, OrderBy(guest->id), **guests,
                                   guest->id, ShareOf(laptop_).secret);
    EXPECT_TRUE(share.ok()) << share.status();
    return absl::StrCat(share->id.value());
  }

  NodeId laptop_;
  std::map<std::string, std::string> names_ = {{"$policy", kGoodPolicy}};
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_WORLD_H_
