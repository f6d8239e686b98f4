#include "core/wg/device.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hex.h"
#include "core/wg/test_rng.h"
#include "core/wg/test_world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two devices that know each other, and their addresses inside.
constexpr char kA[] = "100.64.0.1";
constexpr char kB[] = "100.64.0.2";

struct TwoDevices : ::testing::Test {
  TwoDevices() { world.Link(a, "100.64.0.1/32", b, "100.64.0.2/32"); }
  void Establish() {
    a.Send(kA, kB, "hello");
    world.Settle();
    b.inbox.clear();
  }
  PeerIndex AsPeer(Node& of, Node& peer) {
    return of.device.FindPeer(peer.key());
  }

  World world;
  Node& a = world.Add(0x00, "192.0.2.1:1000");
  Node& b = world.Add(0x20, "192.0.2.2:2000");
};

TEST_F(TwoDevices, DeliverWhatWasSentBeforeThereWasASession) {
  a.Send(kA, kB, "first");
  a.Send(kA, kB, "second");
  world.Settle();
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "first"),
                                   InnerPacket(kA, kB, "second")));
  EXPECT_EQ(world.CountSent(a, 1), 1u);
  EXPECT_EQ(world.CountSent(b, 2), 1u);
  EXPECT_EQ(a.Count<SessionEstablished>(), 1u);
  EXPECT_EQ(b.Count<SessionEstablished>(), 1u);
}

TEST_F(TwoDevices, ExchangePacketsBothWaysWithTheirPeerNamed) {
  Establish();
  a.Send(kA, kB, "ping");
  world.Settle();
  ASSERT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "ping")));
  EXPECT_EQ(b.inbox_packets.back().peer, AsPeer(b, a));
  EXPECT_EQ(b.inbox_packets.back().endpoint, a.endpoint);
  b.Send(kB, kA, "pong");
  world.Settle();
  EXPECT_THAT(a.inbox, ElementsAre(InnerPacket(kB, kA, "pong")));
}

}  // namespace
}  // namespace warren::wg
