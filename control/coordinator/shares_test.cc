// What both tailnets of a share are told, whatever happens at either side.

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/node_commands.h"
#include "control/coordinator/tailnet_commands.h"
#include "control/coordinator/user_commands.h"
#include "core/policy/policy_text.h"

namespace warren::control {
namespace {

using netmap::Netmap;

// alice, of the first tailnet, has machines 1 and 2 and shares 1 and 2; gina
// and hugo, of "guests", have 3 to 6 (3 and 4 gina's).
class SharesTest : public DirectoryFixture {
 protected:
  SharesTest() {
    guests_ = (*CreateTailnet(*directory_, order(), "guests"))->record.id;
    gina_ = CreateUser(*directory_, order(), guests(), "gina", "")->id;
    hugo_ = CreateUser(*directory_, order(), guests(), "hugo", "")->id;
    for (int n = 1; n <= 2; ++n) MustJoin(n);
    for (int n = 3; n <= 6; ++n) JoinGuest(n, n <= 4 ? gina_ : hugo_);
  }
  TailnetState& guests() { return *directory_->Tailnet(guests_); }

  // gina has machine 1, and everybody knows.
  void ShareTheFirst() {
    Share(1, gina_);
    directory_->Publish();
  }
  void JoinGuest(int n, UserId user, AuthKeyGrant grant = {}) {
    AuthKeyParams params;
    params.user = user;
    params.grant = std::move(grant);
    const auto key = CreateAuthKey(*directory_, order(), guests(), params);
    if (key.ok()) Join(Machine(n, key->secret)).IgnoreError();
  }
  // Null when it is not there.
  std::pair<TailnetState*, NodeState*> Of(int n) {
    return directory_->NodeByKey(KeyNumber<crypto::NodeKey>(n));
  }
  NodeId Id(int n) { return Of(n).second->record.id; }
  void Share(int n, UserId guest) {
    InvitationParams params;
    params.kind = InvitationKind::kShare;
    params.node = Id(n);
    const auto link = CreateInvitation(*directory_, order(), tailnet(), params);
    ASSERT_TRUE(link.ok()) << link.status();
    AcceptShare(*directory_, order(), guests(), guest, link->secret)
        .IgnoreError();
  }
  // What every node of both is told, without versions.
  std::map<NodeId, Netmap> Told() {
    std::map<NodeId, Netmap> all;
    for (const auto& [tailnet_id, tailnet] : directory_->tailnets()) {
      for (const auto& [id, node] : tailnet.nodes) {
        Netmap& told = all[id] = *netmap::Compile(*tailnet.snapshot, id);
        told.version = 0;
      }
    }
    return all;
  }
  // The machines that machine n is told of.
  std::string PeersOfMachine(int n) {
    directory_->Publish();
    const Netmap told =
        *netmap::Compile(*Of(n).first->snapshot, Of(n).second->record.id);
    std::string peers;
    for (int other = 1; other <= 9; ++other) {
      for (const auto& [id, peer] : told.peers) {
        if (peer.node_key == KeyNumber<crypto::NodeKey>(other)) {
          absl::StrAppend(&peers, other);
        }
      }
    }
    return peers;
  }

  using Snapshots =
      std::map<TailnetId, std::shared_ptr<const netmap::Snapshot>>;
  Snapshots Now() {
    Snapshots all;
    for (const auto& [id, tailnet] : directory_->tailnets()) {
      all[id] = tailnet.snapshot;
    }
    return all;
  }
  // The short way to a difference is as good as the long one.
  static void ExpectSameDiffs(const Snapshots& from, const Snapshots& to) {
    for (const auto& [tailnet, before] : from) {
      const netmap::Snapshot& after = *to.at(tailnet);
      for (const auto& node : before->own.nodes) {
        const NodeId id = node->node.id;
        const auto old_map = netmap::Compile(*before, id);
        const auto new_map = netmap::Compile(after, id);
        if (!old_map || !new_map) continue;
        netmap::Bearing bearing;
        ASSERT_EQ(netmap::CompileDiff(*before, after, id, bearing),
                  netmap::Diff(*old_map, *new_map));
      }
    }
  }
  // Whether a publication since the last clear() says that the node may see
  // something else.
  bool IsNamed(NodeId id) {
    return std::ranges::any_of(published_, [id](const Publication& one) {
      return one.everyone ? one.snapshot != nullptr &&
                                one.snapshot->own.nodes.contains(id)
                          : std::ranges::binary_search(one.affected, id);
    });
  }

  void Edit(SeededRng& rng);
  void EditPolicy(SeededRng& rng, TailnetState& tailnet);
  void EditNode(SeededRng& rng, int n, TailnetState& tailnet, NodeState& node);
  void EditUser(SeededRng& rng, UserId user);

  TailnetId guests_;
  UserId gina_, hugo_;
  std::string last_;
};

TEST_F(SharesTest, TheGuestsDevicesKnowTheSharedOneAndItKnowsThem) {
  ShareTheFirst();
  EXPECT_EQ(PeersOfMachine(1), "234");
  EXPECT_EQ(PeersOfMachine(2), "1");
  EXPECT_EQ(PeersOfMachine(3), "14");
  EXPECT_EQ(PeersOfMachine(5), "6");
  const Netmap at_guest = *netmap::Compile(*guests().snapshot, Id(3));
  EXPECT_EQ(at_guest.peers.at(Id(1)).domain, tailnet().record.name);
  ASSERT_FALSE(at_guest.filter.empty());
  for (const filter::Rule& rule : at_guest.filter) {
    for (const net::IpPrefix& source : rule.sources) {
      for (const net::IpAddress& of_shared :
           {StateOf(Id(1)).record.ipv4, StateOf(Id(1)).record.ipv6}) {
        EXPECT_FALSE(source.Contains(of_shared));
      }
    }
  }
}

TEST_F(SharesTest, WhatEndsADeviceOfAGuestEndsItAtTheSharedOne) {
  ShareTheFirst();
  const auto device = [this]() -> NodeState& { return *Of(4).second; };
  const Order by = order();
  ASSERT_TRUE(DeleteNode(*directory_, by, guests(), *Of(3).second).ok());
  EXPECT_EQ(PeersOfMachine(1), "24");
  ASSERT_TRUE(SetNodeOwner(*directory_, by, guests(), device(), hugo_).ok());
  EXPECT_EQ(PeersOfMachine(1), "2");
  ASSERT_TRUE(SetNodeOwner(*directory_, by, guests(), device(), gina_).ok());
  EXPECT_EQ(PeersOfMachine(1), "24");
  ASSERT_TRUE(SetNodeTags(*directory_, by, guests(), device(), {"tag:x"}).ok());
  EXPECT_EQ(PeersOfMachine(1), "2");
  ASSERT_TRUE(SetNodeTags(*directory_, by, guests(), device(), {}).ok());
  EXPECT_EQ(PeersOfMachine(1), "24");
  ASSERT_TRUE(
      SetNodeExpiry(*directory_, by, guests(), device(), now_ - 1).ok());
  EXPECT_EQ(PeersOfMachine(1), "2");
  ASSERT_TRUE(
      SetNodeExpiry(*directory_, by, guests(), device(), now_ + kDay).ok());
  EXPECT_EQ(PeersOfMachine(1), "24");
  Pass(2 * kDay);  // over with its time
  EXPECT_EQ(PeersOfMachine(1), "2");
}

TEST_F(SharesTest, WhatEndsAGuestEndsItAtTheSharedOne) {
  ShareTheFirst();
  const Order by = order();
  JoinGuest(7, gina_);
  EXPECT_EQ(PeersOfMachine(1), "2347");
  ASSERT_TRUE(SuspendUser(*directory_, by, guests(), gina_).ok());
  EXPECT_EQ(PeersOfMachine(1), "2");
  ASSERT_TRUE(RestoreUser(*directory_, by, guests(), gina_).ok());
  EXPECT_EQ(PeersOfMachine(1), "2347");
  const UserRecord gina = guests().users.at(gina_);
  ASSERT_TRUE(DeleteUser(*directory_, by, guests(), gina, true).ok());
  EXPECT_EQ(PeersOfMachine(1), "2");
  Share(1, hugo_);
  EXPECT_EQ(PeersOfMachine(1), "256");
  ASSERT_TRUE(DeleteTailnet(*directory_, by, guests(), true).ok());
  EXPECT_EQ(PeersOfMachine(1), "2");
}

TEST_F(SharesTest, NewNamesAreSeenAtTheOtherSide) {
  ShareTheFirst();
  ASSERT_TRUE(
      RenameNode(*directory_, order(), tailnet(), StateOf(Id(1)), "nas").ok());
  ASSERT_TRUE(RenameTailnet(*directory_, order(), tailnet(), "home").ok());
  ASSERT_TRUE(RenameTailnet(*directory_, order(), guests(), "away").ok());
  ASSERT_TRUE(RenameUser(*directory_, order(), guests(),
                         guests().users.at(gina_), "georgina")
                  .ok());
  directory_->Publish();
  const auto& shared =
      netmap::Compile(*guests().snapshot, Id(3))->peers.at(Id(1));
  EXPECT_EQ(shared.name, "nas");
  EXPECT_EQ(shared.domain, "home");
  const auto guest =
      netmap::Compile(*tailnet().snapshot, Id(1))->peers.at(Id(3));
  EXPECT_EQ(guest.domain, "away");
  EXPECT_EQ(guest.user_login, "georgina");
}

void SharesTest::EditPolicy(SeededRng& rng, TailnetState& where) {
  static constexpr const char* kTexts[] = {
      R"({"grants": []})",
      R"({"grants": [{"src": ["autogroup:shared"], "dst": ["*"],
                      "ip": ["tcp:22"]}]})",
      R"({"grants": [{"src": ["*"], "dst": ["*"], "ip": ["*"]}]})",
      R"({"acls": [{"action": "accept", "src": ["autogroup:member"],
                    "dst": ["autogroup:self:*"]},
                   {"action": "accept", "src": ["autogroup:shared"],
                    "dst": ["*:80"]}],
          "nodeAttrs": [{"target": ["*"], "attr": ["disable-ipv4"]}]})",
  };
  PolicyRecord record;
  record.version = where.access.policy.version + 1;
  const auto parsed = policy::ParsePolicy(kTexts[rng.Below(4)]);
  ASSERT_TRUE(parsed.ok());
  directory_->SetParsedPolicy(where, record,
                              std::make_shared<policy::Policy>(parsed.policy));
}

void SharesTest::EditNode(SeededRng& rng, int n, TailnetState& where,
                          NodeState& node) {
  absl::Status done;
  ReportCommand report;
  switch (rng.Below(7)) {
    case 0:
      done = DeleteNode(*directory_, order(), where, node);
      break;
    case 1:
      done = SetNodeOwner(*directory_, order(), where, node,
                          n > 2 ? (rng.Below(2) ? gina_ : hugo_) : alice_);
      break;
    case 2:
      done = SetNodeTags(*directory_, order(), where, node,
                         rng.Below(2) ? std::vector<std::string>{"tag:x"}
                                      : std::vector<std::string>{});
      break;
    case 3:
      done = SetNodeExpiry(*directory_, order(), where, node,
                           rng.Below(2) ? now_ - 1 : now_ + kDay);
      break;
    case 4:
      done = RenameNode(*directory_, order(), where, node,
                        absl::StrCat("n", rng.Below(5)));
      break;
    case 5:
      report.machine = KeyNumber<crypto::MachineKey>(n);
      report.node_key = KeyNumber<crypto::NodeKey>(n);
      report.reach.home_relay = RelayId(static_cast<uint16_t>(rng.Below(3)));
      done = Report(*directory_, report, now_);
      break;
    default:
      if (node.stream == 0) {
        done = OpenStream(n).status();
      } else {
        StreamClosed(*directory_,
                     {where.record.id, node.record.id, node.stream}, now_);
      }
  }
  done.IgnoreError();
}

void SharesTest::EditUser(SeededRng& rng, UserId user) {
  const absl::Status done =
      rng.Below(2) ? SuspendUser(*directory_, order(), guests(), user)
                   : RestoreUser(*directory_, order(), guests(), user);
  done.IgnoreError();
}

void SharesTest::Edit(SeededRng& rng) {
  const int n = static_cast<int>(1 + rng.Below(6));
  const auto [where, node] = Of(n);
  if (node == nullptr) {
    n <= 2 ? (void)MustJoin(n) : JoinGuest(n, rng.Below(2) ? gina_ : hugo_);
    return;
  }
  switch (rng.Below(8)) {
    case 0:
      return EditPolicy(rng, rng.Below(3) ? tailnet() : guests());
    case 1:
    case 2:
      if (n <= 2) Share(n, rng.Below(2) ? gina_ : hugo_);
      return;
    case 3:
      if (!tailnet().access.shares.empty()) {
        const ShareId id = tailnet().access.shares.begin()->first;
        EXPECT_TRUE(DeleteShare(*directory_, order(), guests(), id).ok());
      }
      return;
    case 4:
      return EditUser(rng, rng.Below(2) ? gina_ : hugo_);
    case 5:
      RenameTailnet(*directory_, order(), rng.Below(2) ? tailnet() : guests(),
                    absl::StrCat("t", rng.Below(9)))
          .IgnoreError();
      return;
    default:
      EditNode(rng, n, *where, *node);
  }
}

// Small steps lead where one large one does, and whoever sees something else
// is named in a publication.
TEST_F(SharesTest, BothSidesAreToldAllAndAtOnce) {
  SeededRng rng(11);
  directory_->Publish();
  auto before = Told();
  int shared = 0;
  for (int step = 0; step < 1500; ++step) {
    SCOPED_TRACE(step);
    published_.clear();
    const Snapshots old = Now();
    Edit(rng);
    directory_->Publish();
    ExpectSameDiffs(old, Now());
    const auto after = Told();
    for (const auto& [id, told] : after) {
      const auto known = before.find(id);
      if (known == before.end() || known->second == told) continue;
      EXPECT_TRUE(IsNamed(id)) << "node " << id.value();
      if (!IsNamed(id)) {
        const auto d = netmap::Diff(known->second, told);
        std::cerr << "DIFF self=" << d.self.has_value()
                  << " removed=" << d.removed_peers.size()
                  << " ups=" << d.upserted_peers.size()
                  << " filter=" << d.filter.has_value()
                  << " cap=" << d.cap_map.has_value()
                  << " dom=" << d.domain.has_value()
                  << " tn=" << d.tailnet.has_value()
                  << " pv=" << d.policy_version.has_value()
                  << " wait=" << d.waits_for_approval.has_value()
                  << " last edit " << last_ << " shared_in="
                  << (d.upserted_peers.empty()
                          ? -1
                          : (int)d.upserted_peers[0].shared_in())
                  << "\n";
        for (auto& pub : published_)
          std::cerr << " pub tn=" << pub.tailnet.value()
                    << " every=" << pub.everyone << " n=" << pub.affected.size()
                    << " rem=" << pub.removed.size() << " shelves="
                    << (pub.snapshot ? pub.snapshot->shared.size() : 99)
                    << "\n";
      }
    }
    for (auto& [tailnet_id, tailnet] : directory_->tailnets()) {
      directory_->TouchTailnet(tailnet);
    }
    directory_->Publish();
    ASSERT_TRUE(Told() == after);
    before = after;
    shared += !tailnet().access.shares.empty();
  }
  EXPECT_GT(shared, 300);
}

}  // namespace
}  // namespace warren::control
