#include "control/coordinator/user_commands.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/tag_rights.h"

namespace warren::control {
namespace {

using absl::StatusCode;
using policy::Role;

#define EXPECT_HAS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

class UserCommandsTest : public DirectoryFixture {
 protected:
  UserCommandsTest() { OpenToPeople(); }

  static ProvenPerson Person(const std::string& subject,
                             const std::string& email = "",
                             bool verified = true) {
    ProvenPerson person;
    person.provider_name = "Example IdP";
    person.identity.issuer = "https://idp.example";
    person.identity.subject = subject;
    person.identity.email = email;
    person.identity.email_verified = verified && !email.empty();
    return person;
  }
  absl::StatusOr<UserRecord> SignIn(const ProvenPerson& person,
                                    const std::string& secret = "") {
    return FindOrCreateUserByIdentity(*directory_, OrderBy({}), tailnet(),
                                      person, secret);
  }
  UserRecord& UserOf(UserId id) { return tailnet().users.at(id); }
  UserId AddWithRole(const std::string& login, Role role) {
    const UserId id = AddUser(login);
    EXPECT_TRUE(SetUserRole(*directory_, order(), tailnet(), id, role).ok());
    return id;
  }
  absl::StatusOr<CreatedInvitation> Invite(const Order& by,
                                           InvitationParams params) {
    return CreateInvitation(*directory_, by, tailnet(), params);
  }
  absl::StatusOr<UserRecord> SignUp(const std::string& login,
                                    const std::string& secret) {
    LocalSignUp sign_up;
    sign_up.login = login;
    sign_up.account.password_hash = "$argon2id$...";
    sign_up.invitation = secret;
    return CreateLocalUser(*directory_, OrderBy({}), tailnet(), sign_up);
  }
  TailnetSettings& settings() { return tailnet().record.settings; }
};

TEST_F(UserCommandsTest, SubjectsAreComparedByteByByte) {
  std::set<UserId> users;
  const std::vector<std::string> subjects = {"..", ".", "/",  "%2e%2e",
                                             "a",  "A", "a ", "' OR 1=1 --"};
  for (const std::string& subject : subjects) {
    const auto user = SignIn(Person(subject, "same@example.com"));
    ASSERT_TRUE(user.ok()) << user.status();
    users.insert(user->id);
  }
  EXPECT_EQ(users.size(), subjects.size());
  EXPECT_EQ(SignIn(Person("", "x@example.com")).status().code(),
            StatusCode::kInvalidArgument);
  ProvenPerson elsewhere = Person("a");
  elsewhere.identity.issuer = "https://idp.example/";
  EXPECT_FALSE(users.contains(SignIn(elsewhere)->id));
  // After a restart too.
  Restart();
  for (const std::string& subject : subjects) {
    EXPECT_TRUE(users.contains(SignIn(Person(subject))->id));
  }
}

TEST_F(UserCommandsTest, AnAddressNeverMakesSomebodySomebodyElse) {
  const UserRecord first = *SignIn(Person("1", "bob@example.com"));
  EXPECT_EQ(first.login, "bob@example.com");
  const UserRecord second = *SignIn(Person("2", "bob@example.com"));
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(second.login, "bob@example-idp");
  const UserRecord third = *SignIn(Person("3", "carol@example.com", false));
  EXPECT_EQ(third.login, "3@example-idp");
  // A name that somebody chose is no address and no local account.
  ProvenPerson named = Person("4");
  named.identity.login = "root@example.com";
  EXPECT_EQ(SignIn(named)->login, "root@example-idp");
  // The address has changed hands: the login stays, and means the first.
  ASSERT_TRUE(SignIn(Person("1", "robert@example.com")).ok());
  EXPECT_EQ(UserOf(first.id).login, "bob@example.com");
  for (const policy::User& user : PolicyUsersOf(tailnet())) {
    const bool is_first = user.id == first.id;
    EXPECT_EQ(user.emails, is_first
                               ? std::vector<std::string>{"robert@example.com"}
                               : std::vector<std::string>())
        << user.login;
  }
}

TEST_F(UserCommandsTest, TheSwitchesDecideWhoMayCome) {
  settings().approve_users = true;
  const UserRecord waiting = *SignIn(Person("1", "bob@example.com"));
  EXPECT_EQ(waiting.status, UserStatus::kWaiting);
  ASSERT_TRUE(ApproveUser(*directory_, order(), tailnet(), waiting.id).ok());
  EXPECT_EQ(SignIn(Person("1"))->status, UserStatus::kActive);
  settings().invited_only = true;
  EXPECT_HAS(SignIn(Person("2")).status().ToString(), "for the invited");
  EXPECT_TRUE(SignIn(Person("1")).ok());
  const auto invitation = Invite(order(), {});
  ASSERT_TRUE(invitation.ok());
  EXPECT_EQ(invitation->url.rfind("https://control.example/invite/", 0), 0u);
  const auto invited = SignIn(Person("2"), invitation->secret);
  ASSERT_TRUE(invited.ok()) << invited.status();
  EXPECT_EQ(invited->status, UserStatus::kActive);
}

TEST_F(UserCommandsTest, AnInvitationIsGoodOnceAndForItsTime) {
  const auto one = Invite(order(), {.role = Role::kAuditor});
  EXPECT_EQ(SignIn(Person("1"), one->secret)->role, Role::kAuditor);
  EXPECT_EQ(SignIn(Person("2"), one->secret).status().code(),
            StatusCode::kFailedPrecondition);
  const auto late = Invite(order(), {});
  now_ += 7 * kDay;
  EXPECT_EQ(SignIn(Person("2"), late->secret).status().code(),
            StatusCode::kNotFound);
  const auto gone = Invite(order(), {});
  ASSERT_TRUE(
      DeleteInvitation(*directory_, order(), tailnet(), gone->record.id).ok());
  EXPECT_EQ(SignIn(Person("2"), gone->secret).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(SignIn(Person("2"), "guessed").status().code(),
            StatusCode::kNotFound);
  const auto for_bob = Invite(order(), {.email = "bob@example.com"});
  EXPECT_HAS(SignIn(Person("3", "bob@example.com", false), for_bob->secret)
                 .status()
                 .ToString(),
             "for bob@example.com");
  EXPECT_FALSE(SignUp("bob", for_bob->secret).ok());
  EXPECT_TRUE(SignIn(Person("3", "Bob@example.com"), for_bob->secret).ok());
  // Used ones stay used over a restart, open ones open.
  const auto open = Invite(order(), {});
  Restart();
  EXPECT_FALSE(SignIn(Person("4"), for_bob->secret).ok());
  EXPECT_TRUE(SignIn(Person("4"), open->secret).ok());
}

TEST_F(UserCommandsTest, LocalAccountsComeByInvitation) {
  const auto one = Invite(order(), {});
  EXPECT_HAS(SignUp("bob@example.com", one->secret).status().ToString(),
             "names with @");
  EXPECT_EQ(SignUp("ALICE", one->secret).status().code(),
            StatusCode::kAlreadyExists);
  const auto bob = SignUp("bob", one->secret);
  ASSERT_TRUE(bob.ok()) << bob.status();
  EXPECT_TRUE(tailnet().accounts.local_accounts.contains(bob->id));
  EXPECT_FALSE(SignUp("carol", one->secret).ok());
  EXPECT_FALSE(SignUp("carol", "").ok());
  settings().local_accounts = false;
  EXPECT_EQ(SignUp("carol", Invite(order(), {})->secret).status().code(),
            StatusCode::kPermissionDenied);
}

TEST_F(UserCommandsTest, TheOwnerLinkIsForTheFirstOwner) {
  const auto early = CreateOwnerLink(*directory_, order(), tailnet());
  const auto link = CreateOwnerLink(*directory_, order(), tailnet());
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_FALSE(SignUp("boss", early->secret).ok());
  const auto boss = SignUp("boss", link->secret);
  ASSERT_TRUE(boss.ok()) << boss.status();
  EXPECT_EQ(boss->role, Role::kOwner);
  EXPECT_EQ(CreateOwnerLink(*directory_, order(), tailnet()).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_FALSE(CreateOwnerLink(*directory_, OrderBy(boss->id), tailnet()).ok());
}

TEST_F(UserCommandsTest, RolesAreChangedFromAboveOnly) {
  const UserId owner = AddWithRole("owner", Role::kOwner);
  const UserId admin = AddWithRole("admin", Role::kAdmin);
  const UserId other_admin = AddWithRole("admin2", Role::kAdmin);
  const UserId network = AddWithRole("network", Role::kNetworkAdmin);
  const UserId member = AddUser("member");
  const struct {
    const char* what;
    UserId by;
    UserId whom;
    Role to;
    bool good;
  } kCases[] = {
      {"a member promotes itself", member, member, Role::kAdmin, false},
      {"a network admin promotes", network, member, Role::kAuditor, false},
      {"an admin makes a network admin", admin, member, Role::kNetworkAdmin,
       true},
      {"an admin makes an admin", admin, member, Role::kAdmin, false},
      {"an admin makes an owner", admin, member, Role::kOwner, false},
      {"an admin makes itself owner", admin, admin, Role::kOwner, false},
      {"an admin lowers an admin", admin, other_admin, Role::kMember, false},
      {"an admin lowers the owner", admin, owner, Role::kMember, false},
      {"an admin lowers a network admin", admin, network, Role::kMember, true},
      {"the owner makes an admin", owner, member, Role::kAdmin, true},
      {"the last owner steps down", owner, owner, Role::kMember, false},
      {"the owner makes an owner", owner, admin, Role::kOwner, true},
      {"an owner lowers an owner", admin, owner, Role::kMember, true},
      {"and was one no more", owner, member, Role::kOwner, false},
      {"nobody", UserId(), member, Role::kOwner, false},
      {"a stranger", UserId(99), member, Role::kOwner, false},
  };
  for (const auto& c : kCases) {
    const absl::Status status =
        SetUserRole(*directory_, OrderBy(c.by), tailnet(), c.whom, c.to);
    EXPECT_EQ(status.ok(), c.good) << c.what << ": " << status;
    if (c.good) {
      EXPECT_EQ(UserOf(c.whom).role, c.to) << c.what;
    }
  }
}

TEST_F(UserCommandsTest, TheLastOwnerStaysWhateverIsTried) {
  const UserId owner = AddWithRole("owner", Role::kOwner);
  const UserId second = AddWithRole("second", Role::kOwner);
  // Each takes the other's role: one of the two orders comes first.
  EXPECT_TRUE(
      SetUserRole(*directory_, OrderBy(owner), tailnet(), second, Role::kMember)
          .ok());
  EXPECT_FALSE(
      SetUserRole(*directory_, OrderBy(second), tailnet(), owner, Role::kMember)
          .ok());
  EXPECT_EQ(SuspendUser(*directory_, order(), tailnet(), owner).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(
      SetUserRole(*directory_, order(), tailnet(), owner, Role::kAdmin).code(),
      StatusCode::kFailedPrecondition);
  EXPECT_EQ(
      DeleteUser(*directory_, order(), tailnet(), UserOf(owner), true).code(),
      StatusCode::kFailedPrecondition);
}

TEST_F(UserCommandsTest, ASuspendedUserGetsNowhere) {
  const UserRecord bob = *SignIn(Person("1", "bob@example.com"));
  const NodeId first = MustJoin(1, bob.id).id;
  const NodeId second = MustJoin(2, bob.id).id;
  EXPECT_EQ(PeersOf(first).size(), 1u);
  const std::string key = AddKey({.reusable = true}, bob.id);
  ASSERT_TRUE(SuspendUser(*directory_, order(), tailnet(), bob.id).ok());
  EXPECT_TRUE(PeersOf(first).empty());
  EXPECT_TRUE(PeersOf(second).empty());
  EXPECT_HAS(SignIn(Person("1")).status().ToString(), "is suspended");
  EXPECT_HAS(Join(Machine(3, key)).status().ToString(), "is suspended");
  EXPECT_EQ(ApproveUser(*directory_, order(), tailnet(), bob.id).code(),
            StatusCode::kFailedPrecondition);
  Restart();
  EXPECT_TRUE(PeersOf(first).empty());
  ASSERT_TRUE(RestoreUser(*directory_, order(), tailnet(), bob.id).ok());
  EXPECT_EQ(PeersOf(first).size(), 1u);
  EXPECT_TRUE(SignIn(Person("1")).ok());
}

TEST_F(UserCommandsTest, InvitationsGiveNoMoreThanTheirMakerHas) {
  const UserId admin = AddWithRole("admin", Role::kAdmin);
  const UserId member = AddUser("member");
  EXPECT_TRUE(Invite(OrderBy(admin), {.role = Role::kNetworkAdmin}).ok());
  EXPECT_FALSE(Invite(OrderBy(admin), {.role = Role::kAdmin}).ok());
  EXPECT_FALSE(Invite(OrderBy(admin), {.role = Role::kOwner}).ok());
  EXPECT_FALSE(Invite(OrderBy(admin), {.kind = InvitationKind::kOwner}).ok());
  EXPECT_FALSE(Invite(OrderBy(member), {}).ok());
  EXPECT_FALSE(Invite(OrderBy(admin), {.lifetime_ms = 31 * kDay}).ok());
  EXPECT_FALSE(Invite(OrderBy(admin), {.email = "no address"}).ok());
}

class SharesTest : public UserCommandsTest {
 protected:
  SharesTest() {
    node_ = MustJoin(1).id;
    other_ = (*CreateTailnet(*directory_, order(), "other"))->record.id;
    guest_ = CreateUser(*directory_, order(), other(), "gina", "")->id;
  }
  TailnetState& other() { return *directory_->Tailnet(other_); }
  std::string ShareLink() {
    InvitationParams params;
    params.kind = InvitationKind::kShare;
    params.node = node_;
    const auto made =
        CreateInvitation(*directory_, OrderBy(alice_), tailnet(), params);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->secret : "";
  }
  absl::StatusOr<ShareRecord> Accept(const std::string& secret) {
    return AcceptShare(*directory_, OrderBy(guest_), other(), guest_, secret);
  }

  TailnetId other_;
  UserId guest_;
  NodeId node_;
};

TEST_F(SharesTest, AGuestAcceptsOnceAndEitherSideEnds) {
  const std::string secret = ShareLink();
  const auto share = Accept(secret);
  ASSERT_TRUE(share.ok()) << share.status();
  EXPECT_TRUE(tailnet().access.shares.contains(share->id));
  EXPECT_TRUE(other().access.shares.contains(share->id));
  EXPECT_EQ(Accept(secret).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_HAS(Accept(ShareLink()).status().ToString(), "have this node already");
  Restart();
  EXPECT_EQ(other().access.shares.at(share->id), *share);
  const UserId stranger =
      CreateUser(*directory_, order(), other(), "eve", "")->id;
  EXPECT_FALSE(
      DeleteShare(*directory_, OrderBy(stranger), other(), share->id).ok());
  EXPECT_TRUE(
      DeleteShare(*directory_, OrderBy(guest_), other(), share->id).ok());
  EXPECT_TRUE(tailnet().access.shares.empty());
  const auto again = Accept(ShareLink());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(
      DeleteShare(*directory_, OrderBy(alice_), tailnet(), again->id).ok());
  EXPECT_TRUE(other().access.shares.empty());
}

TEST_F(SharesTest, EndsWithTheNodeItsOwnerAndTheGuest) {
  ASSERT_TRUE(Accept(ShareLink()).ok());
  const UserId bob = CreateUser(*directory_, order(), tailnet(), "bob", "")->id;
  AuthKeyParams params;
  params.user = bob;
  const std::string key =
      CreateAuthKey(*directory_, order(), tailnet(), params)->secret;
  ASSERT_TRUE(Join(Machine(1, key)).ok());  // bob's from here on
  EXPECT_TRUE(tailnet().access.shares.empty());
  EXPECT_TRUE(other().access.shares.empty());
  EXPECT_EQ(CreateInvitation(*directory_, OrderBy(alice_), tailnet(),
                             {.kind = InvitationKind::kShare, .node = node_})
                .status()
                .code(),
            StatusCode::kPermissionDenied);
}

TEST_F(SharesTest, IsForUsersOfOtherTailnets) {
  const std::string secret = ShareLink();
  EXPECT_EQ(AcceptShare(*directory_, OrderBy(alice_), tailnet(), alice_, secret)
                .status()
                .code(),
            StatusCode::kFailedPrecondition);
  for (const UserId guest : {alice_, guest_}) {
    EXPECT_EQ(AcceptShare(*directory_, OrderBy(alice_), other(), guest, secret)
                  .status()
                  .code(),
              StatusCode::kPermissionDenied);
  }
  const UserId eve = CreateUser(*directory_, order(), other(), "eve", "")->id;
  EXPECT_EQ(AcceptShare(*directory_, OrderBy(eve), other(), guest_, secret)
                .status()
                .code(),
            StatusCode::kPermissionDenied);
  other().users.at(guest_).status = UserStatus::kSuspended;
  EXPECT_HAS(Accept(secret).status().ToString(), "is suspended");
}

}  // namespace
}  // namespace warren::control
