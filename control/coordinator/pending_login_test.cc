#include "control/coordinator/pending_login.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "control/coordinator/directory_fixture.h"

namespace warren::control {
namespace {

#define EXPECT_HAS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr char kUrl[] = "https://control.example/login/";

class PendingLoginTest : public DirectoryFixture {
 protected:
  PendingLoginTest() { OpenToPeople(); }

  // Machine n asks to come in; the id of its login.
  std::string Ask(const RegisterCommand& command) {
    const auto asked = Join(command);
    EXPECT_TRUE(asked.ok()) << asked.status();
    if (!asked.ok() || asked->auth_url.rfind(kUrl, 0) != 0) return "";
    return asked->auth_url.substr(sizeof kUrl - 1);
  }
  std::string Ask(int n) { return Ask(Machine(n)); }
  absl::StatusOr<Registration> Follow(RegisterCommand command,
                                      const std::string& id) {
    command.follow_url = kUrl + id;
    return Join(command);
  }
  absl::StatusOr<Registration> Confirm(const std::string& id, UserId user) {
    return ConfirmLogin(*directory_, OrderBy(user), id, tailnet());
  }
  // What a device with these wishes becomes when alice lets it in.
  netmap::Node MustSignIn(const RegisterCommand& command, UserId user) {
    const auto in = Confirm(Ask(command), user);
    EXPECT_TRUE(in.ok()) << in.status();
    return in.ok() ? in->node : netmap::Node();
  }
  UserRecord& UserOf(UserId id) { return tailnet().users.at(id); }
};

TEST_F(PendingLoginTest, APersonLetsADeviceIn) {
  RegisterCommand command = Machine(1);
  command.host = {"Laptop", "linux", "6.1", "0.4.0"};
  command.source = "198.51.100.9";
  const std::string id = Ask(command);
  EXPECT_EQ(id.size(), 32u);
  EXPECT_TRUE(tailnet().nodes.empty());
  const auto view = DescribeLogin(*directory_, id, now_);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->host.client_version, "0.4.0");
  EXPECT_EQ(view->wanted_name, "laptop");
  EXPECT_EQ(view->source, "198.51.100.9");
  EXPECT_EQ(view->fingerprint.size(), 19u);
  EXPECT_EQ(view->expires_ms, now_ + 15 * kMinute);
  const auto in = Confirm(id, alice_);
  ASSERT_TRUE(in.ok()) << in.status();
  EXPECT_EQ(in->user_login, "alice");
  EXPECT_EQ(Follow(command, id)->node.id, in->node.id);
  // The answer may have been lost; and the button pressed twice.
  EXPECT_EQ(Follow(command, id)->node.id, in->node.id);
  EXPECT_EQ(Confirm(id, alice_)->node.id, in->node.id);
  const NodeSignIn& sign_in = StateOf(in->node.id).record.standing.sign_in;
  EXPECT_EQ(sign_in.by, "alice");
  EXPECT_EQ(sign_in.at_ms, now_);
  EXPECT_EQ(sign_in.from, "198.51.100.9");
}

TEST_F(PendingLoginTest, AnIdIsForItsMachineAlone) {
  const std::string id = Ask(1);
  ASSERT_TRUE(Confirm(id, alice_).ok());
  // Another machine that follows it learns nothing, and gets its own.
  const auto other = Follow(Machine(2), id);
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->auth_url.empty());
  EXPECT_NE(other->auth_url, kUrl + id);
  EXPECT_EQ(tailnet().nodes.size(), 1u);
}

TEST_F(PendingLoginTest, ARefusalIsTold) {
  const std::string id = Ask(1);
  ASSERT_TRUE(RefuseLogin(*directory_, OrderBy(alice_), id, tailnet()).ok());
  const auto told = Follow(Machine(1), id);
  EXPECT_EQ(told.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_HAS(std::string(told.status().message()), "refused by alice");
  EXPECT_EQ(Confirm(id, alice_).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(tailnet().nodes.empty());
}

TEST_F(PendingLoginTest, OldLinksAreReplaced) {
  const std::string id = Ask(1);
  Pass(15 * kMinute);
  EXPECT_EQ(DescribeLogin(*directory_, id, now_).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Confirm(id, alice_).status().code(), absl::StatusCode::kNotFound);
  const auto again = Follow(Machine(1), id);
  ASSERT_TRUE(again.ok());
  EXPECT_NE(again->auth_url, kUrl + id);
  EXPECT_FALSE(again->auth_url.empty());
}

TEST_F(PendingLoginTest, TheSameQuestionKeepsItsLinkAnotherGetsANewOne) {
  const std::string id = Ask(1);
  EXPECT_EQ(Ask(1), id);
  RegisterCommand command = Machine(1);
  command.wishes.tags = {"tag:server"};
  // What a person has been shown must not change behind the page.
  EXPECT_NE(Ask(command), id);
  EXPECT_FALSE(DescribeLogin(*directory_, id, now_).ok());
}

TEST_F(PendingLoginTest, WaitersAreWokenByTheAnswerOrInAMinute) {
  RegisterCommand command = Machine(1);
  const std::string id = Ask(command);
  command.follow_url = kUrl + id;
  int num_woken = 0;
  const auto wake = [&num_woken] { ++num_woken; };
  ASSERT_TRUE(WaitForLogin(*directory_, command, now_, wake));
  EXPECT_EQ(directory_->NextDeadlineMs(), now_ + kMinute);
  Pass(kMinute - 1);
  EXPECT_EQ(num_woken, 0);
  Pass(1);
  EXPECT_EQ(num_woken, 1);
  ASSERT_TRUE(WaitForLogin(*directory_, command, now_, wake));
  ASSERT_TRUE(WaitForLogin(*directory_, command, now_, wake));
  EXPECT_EQ(num_woken, 2);  // one waits for one login
  ASSERT_TRUE(Confirm(id, alice_).ok());
  EXPECT_EQ(num_woken, 3);
  EXPECT_FALSE(WaitForLogin(*directory_, command, now_, wake));
}

TEST_F(PendingLoginTest, AFloodPushesOutOnlyItself) {
  RegisterCommand honest = Machine(1);
  honest.source = "192.0.2.1";
  const std::string id = Ask(honest);
  std::set<std::string> ids;
  for (int n = 2; n < 2 + static_cast<int>(kMaxPendingLogins) + 50; ++n) {
    RegisterCommand flood = Machine(n);
    flood.source = "203.0.113.66";
    ids.insert(Ask(flood));
  }
  EXPECT_EQ(ids.size(), kMaxPendingLogins + 50);
  EXPECT_EQ(directory_->logins().size(), kMaxPendingLogins);
  EXPECT_TRUE(DescribeLogin(*directory_, id, now_).ok());
}

TEST_F(PendingLoginTest, WhoMayNotIsRefusedAndTheLoginStaysOpen) {
  const UserId bob = AddUser("bob");
  const std::string id = Ask(1);
  UserOf(bob).status = UserStatus::kSuspended;
  EXPECT_HAS(Confirm(id, bob).status().ToString(), "bob is suspended");
  UserOf(bob).status = UserStatus::kWaiting;
  EXPECT_HAS(Confirm(id, bob).status().ToString(), "waits for the approval");
  EXPECT_HAS(Confirm(id, UserId(77)).status().ToString(), "only users of");
  // The operator is nobody's device's owner.
  EXPECT_FALSE(ConfirmLogin(*directory_, order(), id, tailnet()).ok());
  EXPECT_TRUE(Confirm(id, alice_).ok());
}

TEST_F(PendingLoginTest, ADeviceThatWantsAnotherTailnetIsNotTaken) {
  auto other = CreateTailnet(*directory_, order(), "other");
  ASSERT_TRUE(other.ok());
  RegisterCommand command = Machine(1);
  command.wishes.tailnet = "other";
  EXPECT_HAS(Confirm(Ask(command), alice_).status().ToString(),
             "wants to join other");
  command.wishes.tailnet = "nowhere";
  EXPECT_EQ(Join(command).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PendingLoginTest, TagsAreForTheirOwners) {
  auto policy = std::make_shared<policy::Policy>();
  policy->tag_owners = {{{"tag:mine", {}}, {{"alice@", {}}}}};
  tailnet().access.parsed_policy = policy;
  RegisterCommand command = Machine(1);
  command.wishes.tags = {"tag:other"};
  EXPECT_HAS(Confirm(Ask(command), alice_).status().ToString(),
             "alice does not own tag:other");
  command.wishes.tags = {"tag:mine"};
  const netmap::Node node = MustSignIn(command, alice_);
  EXPECT_EQ(node.tags, command.wishes.tags);
  EXPECT_EQ(node.user, UserId());
  EXPECT_EQ(node.key_expiry, absl::ZeroDuration());
  // A machine that is in gets no tag without a person.
  const netmap::Node plain = MustSignIn(Machine(2), alice_);
  command = Machine(2);
  command.wishes.tags = {"tag:mine"};
  EXPECT_FALSE(Ask(command).empty());
  EXPECT_TRUE(StateOf(plain.id).record.grant.tags.empty());
}

TEST_F(PendingLoginTest, ExpiredAndForcedDevicesSignInAgainAndStayThemselves) {
  const netmap::Node before = MustSignIn(Machine(1), alice_);
  RegisterCommand again = Machine(1);
  EXPECT_EQ(Join(again)->node.id, before.id);  // good: nobody is asked
  again.wishes.force_sign_in = true;
  const std::string id = Ask(again);
  ASSERT_FALSE(id.empty());
  // The old registration holds until the new one is there.
  EXPECT_TRUE(OpenStream(1).ok());
  now_ += 10 * kMinute;
  const auto forced = Confirm(id, alice_);
  ASSERT_TRUE(forced.ok());
  EXPECT_EQ(forced->node.id, before.id);
  EXPECT_GT(forced->node.key_expiry, before.key_expiry);
  now_ += 181 * kDay;
  again.wishes.force_sign_in = false;
  const auto back = Confirm(Ask(again), alice_);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->node.id, before.id);
  EXPECT_EQ(back->node.addresses, before.addresses);
  EXPECT_EQ(back->node.name, before.name);
}

TEST_F(PendingLoginTest, AnotherPersonTakesTheDeviceWithoutItsRights) {
  const UserId bob = AddUser("bob");
  const netmap::Node node = MustSignIn(Machine(1), alice_);
  NodeRecord record = StateOf(node.id).record;
  record.standing.routes.approved = {*net::IpPrefix::Parse("192.0.2.0/24")};
  record.grant.tags = {"tag:server"};
  directory_->PutNode(tailnet(), record, now_);
  tailnet().record.settings.approve_devices = true;
  RegisterCommand command = Machine(1);
  command.wishes.force_sign_in = true;
  const auto taken = Confirm(Ask(command), bob);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->node.id, node.id);
  EXPECT_EQ(taken->node.user, bob);
  EXPECT_TRUE(taken->node.tags.empty());
  EXPECT_TRUE(taken->waits_for_approval);
  EXPECT_TRUE(StateOf(node.id).record.standing.routes.approved.empty());
}

TEST_F(PendingLoginTest, ApprovalIsAskedForByTheSwitch) {
  const UserId bob = AddUser("bob");
  const netmap::Node first = MustSignIn(Machine(1), bob);
  tailnet().record.settings.approve_devices = true;
  const auto second = Confirm(Ask(2), bob);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->waits_for_approval);
  EXPECT_TRUE(PeersOf(second->node.id).empty());
  EXPECT_TRUE(PeersOf(first.id).empty());
  // Those from before stay in, and who may approve needs nobody.
  EXPECT_FALSE(Join(Machine(1))->waits_for_approval);
  UserOf(alice_).role = policy::Role::kNetworkAdmin;
  EXPECT_FALSE(Confirm(Ask(3), alice_)->waits_for_approval);
  // Keys may be trusted beforehand.
  EXPECT_TRUE(Join(Machine(4, AddKey({}, bob)))->waits_for_approval);
  EXPECT_FALSE(
      Join(Machine(5, AddKey({.preapproved = true}, bob)))->waits_for_approval);
}

TEST_F(PendingLoginTest, ARestartForgetsLoginsButNoNode) {
  const std::string open = Ask(1);
  const std::string done = Ask(2);
  const NodeId id = Confirm(done, alice_)->node.id;
  Restart();
  EXPECT_EQ(Follow(Machine(2), done)->node.id, id);
  const auto again = Follow(Machine(1), open);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->auth_url.empty());
}

TEST_F(PendingLoginTest, ANodeKeyThatIsAnothersMachinesIsNotConfirmed) {
  const std::string id = Ask(1);
  // Meanwhile another machine has registered with this key.
  RegisterCommand thief = Machine(2, AddKey());
  thief.node_key = KeyNumber<crypto::NodeKey>(1);
  ASSERT_TRUE(Join(thief).ok());
  EXPECT_HAS(Confirm(id, alice_).status().ToString(),
             "belongs to another machine");
}

}  // namespace
}  // namespace warren::control
