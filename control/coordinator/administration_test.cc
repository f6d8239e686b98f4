#include "control/coordinator/administration.h"

#include <fstream>
#include <string>
#include <vector>

#include "control/coordinator/directory_fixture.h"

namespace warren::control {
namespace {

class AdministrationTest : public DirectoryFixture {};

derp::RelayRegion Region(uint16_t id, const std::string& code) {
  derp::RelayRegion region{RelayId(id), code, "Somewhere", false, {}};
  region.nodes.resize(1);
  region.nodes[0].name = code + "a";
  region.nodes[0].hostname = "relay.example";
  return region;
}

TEST_F(AdministrationTest, TheFirstStartMakesATailnetAndLaterOnesKeepIt) {
  const std::string name = tailnet().record.name;
  EXPECT_NE(name.find('-'), std::string::npos);
  Restart();
  EXPECT_EQ(directory_->tailnets().size(), 1u);
  EXPECT_EQ(tailnet().record.name, name);
}

TEST_F(AdministrationTest, NotFoundSaysWhatExistsInstead) {
  AddUser("bob");
  const auto found = FindUser(tailnet(), "carol");
  EXPECT_EQ(found.status().message(),
            "no user \"carol\"; there are: alice, bob");
  EXPECT_EQ(FindNode(tailnet(), "x").status().message(),
            "no node \"x\"; there is no node yet");
}

TEST_F(AdministrationTest, ThingsAreFoundByNameIdAndAddress) {
  const netmap::Node node = MustJoin(1);
  for (const std::string& ref :
       {std::string("laptop"), std::string("LapTop"),
        std::to_string(node.id.value()), node.addresses[0].ToString(),
        node.addresses[1].ToString()}) {
    const auto found = FindNode(tailnet(), ref);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ((*found)->record.id, node.id);
  }
}

TEST_F(AdministrationTest, AKeyPastedWholeDoesNotComeBackInAMessage) {
  const std::string text = AddKey();
  ASSERT_TRUE(DeleteAuthKey(*directory_, order(), tailnet(), KeyOf(text)).ok());
  const auto found = FindAuthKey(tailnet(), text);
  EXPECT_EQ(std::string(found.status().message()).find(text.substr(17)),
            std::string::npos);
}

TEST_F(AdministrationTest, TheStoreHoldsNoKeyInFull) {
  const std::string text = AddKey();
  const std::string secret = text.substr(text.rfind('-') + 1);
  Restart();
  for (const auto& file : std::filesystem::directory_iterator(Folder())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_EQ(bytes.find(secret), std::string::npos) << file;
  }
}

TEST_F(AdministrationTest, DeletingAUserNeedsForceWhileThereAreNodes) {
  const NodeId id = MustJoin(1).id;
  UserRecord& alice = **FindUser(tailnet(), "alice");
  EXPECT_EQ(DeleteUser(*directory_, order(), tailnet(), alice, false).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(DeleteUser(*directory_, order(), tailnet(), alice, true).ok());
  EXPECT_FALSE(tailnet().nodes.contains(id));
  EXPECT_TRUE(tailnet().auth_keys.empty());
  Restart();
  EXPECT_TRUE(tailnet().nodes.empty());
}

TEST_F(AdministrationTest, NamesAreUniqueAndChecked) {
  MustJoin(1);
  const NodeId second = MustJoin(2).id;
  const auto rename = [&](const std::string& name) {
    return RenameNode(*directory_, order(), tailnet(), StateOf(second), name)
        .code();
  };
  EXPECT_EQ(rename("laptop"), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(rename("a b"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(rename("Desk"), absl::StatusCode::kOk);
  EXPECT_EQ(StateOf(second).record.naming.name, "desk");
  EXPECT_FALSE(CreateUser(*directory_, order(), tailnet(), "alice", "").ok());
  EXPECT_FALSE(CreateTailnet(*directory_, order(), tailnet().record.name).ok());
}

TEST_F(AdministrationTest, RenamingAUserShowsOnItsNodes) {
  const NodeId id = MustJoin(1).id;
  ASSERT_TRUE(RenameUser(*directory_, order(), tailnet(),
                         **FindUser(tailnet(), "alice"), "alicia")
                  .ok());
  EXPECT_EQ(NetmapOf(id).self.user_login, "alicia");
}

TEST_F(AdministrationTest, RelaysAreInEveryNetmapInOrder) {
  const NodeId id = MustJoin(1).id;
  const auto put = [this](const derp::RelayRegion& region) {
    return PutRelay(*directory_, order(), tailnet(), region);
  };
  ASSERT_TRUE(put(Region(901, "fra")).ok());
  ASSERT_TRUE(put(Region(900, "ams")).ok());
  EXPECT_EQ(put(Region(902, "fra")).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(put(Region(0, "x")).code(), absl::StatusCode::kInvalidArgument);
  Restart();
  const derp::RelayMap relays = NetmapOf(id).relay_map;
  ASSERT_EQ(relays.regions.size(), 2u);
  EXPECT_EQ(relays.regions[0].code, "ams");
  ASSERT_TRUE(DeleteRelay(*directory_, order(), tailnet(),
                          **FindRelay(tailnet(), "fra"))
                  .ok());
  EXPECT_EQ(NetmapOf(id).relay_map.regions.size(), 1u);
}

TEST_F(AdministrationTest, EveryChangeIsAudited) {
  const NodeId id = MustJoin(1).id;
  ASSERT_TRUE(
      RenameNode(*directory_, order(), tailnet(), StateOf(id), "den").ok());
  ASSERT_TRUE(DeleteNode(*directory_, order(), tailnet(), StateOf(id)).ok());
  const auto rows =
      directory_->store().audit_log().Read({tailnet().record.id, 100});
  std::vector<std::string> actions;
  for (const AuditRecord& row : *rows) actions.push_back(row.action);
  EXPECT_EQ(actions, (std::vector<std::string>{
                         "node.delete", "node.rename", "node.register",
                         "key.create", "user.create", "tailnet.create"}));
  EXPECT_EQ((*rows)[1].before, "laptop");
  EXPECT_EQ((*rows)[1].after, "den");
  EXPECT_EQ((*rows)[1].actor, "uid 0");
}

TEST_F(AdministrationTest, SeveralTailnetsHaveToBeNamedAndShareNothing) {
  const NodeId here = MustJoin(1).id;
  const auto other = CreateTailnet(*directory_, order(), "second");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(FindTailnet(*directory_, "").status().code(),
            absl::StatusCode::kInvalidArgument);
  const UserId twin =
      CreateUser(*directory_, order(), **other, "alice", "")->id;
  AuthKeyParams params;
  params.user = twin;
  const auto key = CreateAuthKey(*directory_, order(), **other, params);
  const auto joined = Join(Machine(2, key->secret));
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_EQ(joined->node.name, "laptop");  // free in this tailnet
  directory_->Publish();
  for (const auto& [id, tailnet] : directory_->tailnets()) {
    for (const auto& [node_id, node] : tailnet.nodes) {
      EXPECT_TRUE(netmap::Compile(*tailnet.snapshot, node_id)->peers.empty());
    }
  }
  ASSERT_TRUE(DeleteTailnet(*directory_, order(), **other, true).ok());
  Restart();
  EXPECT_EQ(directory_->tailnets().size(), 1u);
  EXPECT_TRUE(tailnet().nodes.contains(here));
}

}  // namespace
}  // namespace warren::control
