#include "control/stream/stream_hub.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "control/coordinator/directory_fixture.h"
#include "io/rpc.h"
#include "warren/v1/coordination.pb.h"

namespace warren::control {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr absl::Duration kPresence = absl::Milliseconds(50);

// Two devices of one person; the first one listens.
class StreamHubTest : public DirectoryFixture {
 protected:
  StreamHubTest()
      : outbox_(std::make_shared<io::RpcOutbox>([this] {
          absl::MutexLock lock(&mutex_);
          woken_ = true;
        })) {
    StreamHub::Options options;
    options.presence = kPresence;
    options.now = [this] {
      return Instant::FromEpoch(absl::Milliseconds(clock_ms_.load()));
    };
    hub_ = std::make_unique<StreamHub>(options);
    const auto hooks = std::make_shared<NetmapStream::Hooks>();
    hooks->ready = [this](std::shared_ptr<NetmapStream> stream) {
      hub_->Wake(std::move(stream));
    };
    hooks->ended = [](const auto&, const auto&) {};
    hooks->now = options.now;
    hooks->unix_now_ms = [] { return kStart; };
    MustJoin(1);
    peer_ = MustJoin(2).id;
    call_ = std::make_shared<io::RpcCall>(io::ChannelPeer{}, "/WatchNetmap",
                                          io::RpcCall::Place{outbox_, 1, 1});
    const auto stream = NetmapStream::Make(call_, hooks);
    EXPECT_TRUE(stream->Open(*OpenStream(1)));
    Tell();
    hub_->Attach(stream);
  }
  ~StreamHubTest() override {
    outbox_->Close();
    hub_.reset();
    call_->TellEnded();
  }

  // The hub hears what is new.
  void Tell() {
    directory_->Publish();
    for (const Publication& publication : std::exchange(published_, {})) {
      hub_->OnPublication(publication);
    }
  }
  void GoOnline() { ticket_ = *OpenStream(2); }
  void GoOffline() { StreamClosed(*directory_, ticket_, now_); }
  void Move(uint16_t relay) {
    ReportCommand report;
    report.machine = KeyNumber<crypto::MachineKey>(2);
    report.node_key = KeyNumber<crypto::NodeKey>(2);
    report.reach.home_relay = RelayId(relay);
    EXPECT_TRUE(Report(*directory_, report, now_).ok());
  }

  // The next message to the first device.
  v1::NetmapUpdate Hear() {
    v1::NetmapUpdate update;
    {
      absl::MutexLock lock(&mutex_);
      EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&woken_), kPatience));
      woken_ = false;
    }
    const auto items = outbox_->Take();
    EXPECT_EQ(items.size(), 1u);
    if (items.empty()) return update;
    EXPECT_TRUE(update.ParseFromString(items[0].message));
    call_->TellSent();
    return update;
  }
  uint64_t version() { return tailnet().snapshot->version; }

  std::atomic<int64_t> clock_ms_ = 3'600'000;
  absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<io::RpcOutbox> outbox_;
  std::unique_ptr<StreamHub> hub_;
  std::shared_ptr<io::RpcCall> call_;
  NodeId peer_;
  StreamTicket ticket_;
};

TEST_F(StreamHubTest, WhoComesWhenAllIsQuietIsToldOfAtOnce) {
  EXPECT_TRUE(Hear().has_full());
  GoOnline();
  Tell();
  const v1::NetmapUpdate update = Hear();
  ASSERT_EQ(update.diff().upserted_peers_size(), 1);
  EXPECT_TRUE(update.diff().upserted_peers(0).online());
}

TEST_F(StreamHubTest, PresenceWaitsForMoreOfItAndNothingElseDoes) {
  EXPECT_TRUE(Hear().has_full());
  GoOnline();
  Tell();
  const uint64_t first = version();
  EXPECT_EQ(Hear().diff().to_version(), first);
  // Put off; and then told with what is urgent.
  GoOffline();
  Tell();
  Move(7);
  Tell();
  const v1::NetmapUpdate both = Hear();
  EXPECT_EQ(both.diff().from_version(), first);
  EXPECT_EQ(both.diff().to_version(), version());
  ASSERT_EQ(both.diff().upserted_peers_size(), 1);
  EXPECT_FALSE(both.diff().upserted_peers(0).online());
  EXPECT_EQ(both.diff().upserted_peers(0).home_relay(), 7u);
}

TEST_F(StreamHubTest, PresenceThatWasPutOffIsToldInTime) {
  EXPECT_TRUE(Hear().has_full());
  GoOnline();
  Tell();
  const uint64_t first = version();
  EXPECT_EQ(Hear().diff().to_version(), first);
  GoOffline();
  Tell();
  GoOnline();
  Tell();
  GoOffline();
  Tell();
  clock_ms_ += absl::ToInt64Milliseconds(kPresence);
  const v1::NetmapUpdate all = Hear();
  EXPECT_EQ(all.diff().from_version(), first);
  EXPECT_EQ(all.diff().to_version(), version());
  ASSERT_EQ(all.diff().upserted_peers_size(), 1);
  EXPECT_FALSE(all.diff().upserted_peers(0).online());
}

}  // namespace
}  // namespace warren::control
