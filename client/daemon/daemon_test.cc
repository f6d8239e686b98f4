// A daemon with a real tunnel interface, in a network namespace of its own,
// against a control server in this process.
#include "client/daemon/daemon.h"

#include <grpcpp/server_builder.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/io/netlink.h"
#include "client/io/test_network.h"
#include "core/crypto/system_rng.h"
#include "gtest/gtest.h"
#include "io/grpc_test_service.h"
#include "io/noise_frontend.h"
#include "warren/v1/coordination.grpc.pb.h"

namespace warren::client {
namespace {

constexpr char kAddress[] = "100.64.0.7";

// What a control server answers, and what it was told.
class FakeControl final : public v1::Coordination::Service {
 public:
  grpc::Status Register(grpc::ServerContext*,
                        const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override {
    ++num_registered;
    wanted_name_length = request->wanted_name().size();
    const std::string& key = request->auth_key();
    if (key != "good" && !(key.empty() && known)) {
      return {grpc::StatusCode::PERMISSION_DENIED, "that key is used up"};
    }
    known = true;
    response->mutable_node()->set_id(7);
    response->mutable_node()->set_name("me");
    response->mutable_node()->set_node_key(request->node_key());
    response->mutable_node()->set_ephemeral(ephemeral_key ||
                                            request->ephemeral());
    response->set_tailnet("home");
    return grpc::Status::OK;
  }

  grpc::Status WatchNetmap(
      grpc::ServerContext* context, const v1::WatchNetmapRequest* request,
      grpc::ServerWriter<v1::NetmapUpdate>* writer) override {
    if (!known) return {grpc::StatusCode::NOT_FOUND, "no such node"};
    v1::NetmapUpdate update;
    v1::Netmap& netmap = *update.mutable_full();
    netmap.set_version(3);
    netmap.set_tailnet("home");
    netmap.mutable_self()->set_id(7);
    netmap.mutable_self()->set_name("me");
    netmap.mutable_self()->set_node_key(request->node_key());
    netmap.mutable_self()->add_addresses(kAddress);
    v1::Node& peer = *netmap.add_peers();
    peer.set_id(8);
    peer.set_name("you");
    peer.set_node_key(std::string(32, '\x09'));
    peer.add_addresses("100.64.0.8");
    peer.add_allowed_ips("100.64.0.8/32");
    if (sends_netmap) writer->Write(update);
    while (!context->IsCancelled()) {
      if (!known) return {grpc::StatusCode::NOT_FOUND, "removed"};
      absl::SleepFor(absl::Milliseconds(2));
    }
    return grpc::Status::CANCELLED;
  }

  grpc::Status Report(grpc::ServerContext*, const v1::ReportRequest* request,
                      v1::ReportResponse*) override {
    applied_version = request->applied_version();
    return grpc::Status::OK;
  }

  grpc::Status Logout(grpc::ServerContext*, const v1::LogoutRequest*,
                      v1::LogoutResponse*) override {
    ++num_logged_out;
    known = false;
    return grpc::Status::OK;
  }

  std::atomic<bool> known = false;
  std::atomic<bool> sends_netmap = true;
  std::atomic<bool> ephemeral_key = false;
  std::atomic<size_t> wanted_name_length = 0;
  std::atomic<int> num_registered = 0, num_logged_out = 0;
  std::atomic<uint64_t> applied_version = 0;
};

class DaemonTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!EnterPrivateNetwork()) {
      GTEST_SKIP() << "no private network namespace here";
    }
    if (access("/dev/net/tun", R_OK | W_OK) != 0) {
      GTEST_SKIP() << "no /dev/net/tun here";
    }
    auto netlink = Netlink::Open();
    ASSERT_TRUE(netlink.ok()) << netlink.status();
    netlink_ = *std::move(netlink);
    ASSERT_TRUE(netlink_->ChangeLink(1, {.up = true}).ok());
    options_.state_folder = absl::StrCat(testing::TempDir(), "/state.XXXXXX");
    ASSERT_NE(mkdtemp(options_.state_folder.data()), nullptr);
    options_.tunnel.interface = "wt0";
    loop_ = *io::EventLoop::Create();
    WatchTicks();
    StartControl();
    StartDaemon();
  }
  void TearDown() override {
    daemon_.reset();
    StopControl();
  }

  void StartControl() {
    calls_ = std::make_unique<io::GrpcTestService>(control_);
    io::NoiseFrontendOptions options;
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 8080);
    auto started = io::NoiseFrontend::Start(
        std::move(options), control_key_.Clone(), *calls_, rng_);
    ASSERT_TRUE(started.ok()) << started.status();
    frontend_ = *std::move(started);
  }
  void StopControl() {
    frontend_.reset();
    calls_.reset();
  }
  void StartDaemon() {
    daemon_.reset();
    auto daemon = Daemon::Create(*loop_, rng_, options_);
    ASSERT_TRUE(daemon.ok()) << daemon.status();
    daemon_ = *std::move(daemon);
  }

  // Looks every 2 ms, because some of it happens on control's threads.
  bool RunUntil(std::function<bool()> done) {
    const Instant end = loop_->Now() + absl::Seconds(20);
    bool held = false, over = false;
    tick_ = [&] {
      if (over) return;
      held = done();
      over = held || loop_->Now() > end;
      if (over) loop_->Stop();
    };
    loop_->Run();
    tick_ = nullptr;
    return held;
  }
  Daemon::Done Into(std::optional<absl::Status>& status) {
    return [&status](absl::Status s) { status = std::move(s); };
  }
  absl::Status Up(const std::string& auth_key) {
    std::optional<absl::Status> status;
    daemon_->Up({.control_url = kUrl,
                 .auth_key = auth_key,
                 .wanted_name = "",
                 .control_key = "",
                 .ephemeral = ephemeral_},
                Into(status));
    RunUntil([&] { return status.has_value(); });
    return status.value_or(absl::InternalError("no answer"));
  }
  absl::Status Logout() {
    std::optional<absl::Status> status;
    daemon_->Logout(Into(status));
    RunUntil([&] { return status.has_value(); });
    return status.value_or(absl::InternalError("no answer"));
  }
  bool HasAddress() {
    const auto all = netlink_->Addresses();
    for (const LinkAddress& address : *all) {
      if (address.address.ToString() == kAddress) return true;
    }
    return false;
  }
  bool IsNow(DaemonState state) {
    return RunUntil([&] { return daemon_->state() == state; });
  }

  static constexpr char kUrl[] = "http://127.0.0.1:8080";
  bool ephemeral_ = false;
  DaemonOptions options_;
  crypto::SystemRng rng_;
  const crypto::MachinePrivateKey control_key_ =
      crypto::MachinePrivateKey::Generate(rng_);
  FakeControl control_;
  std::unique_ptr<io::GrpcTestService> calls_;
  std::unique_ptr<io::NoiseFrontend> frontend_;
  std::unique_ptr<Netlink> netlink_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<Daemon> daemon_;

 private:
  void WatchTicks() {
    timer_.Reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec each = {{0, 2'000'000}, {0, 2'000'000}};
    ASSERT_EQ(timerfd_settime(timer_.get(), 0, &each, nullptr), 0);
    const absl::Status watched =
        loop_->Watch(timer_.get(), EPOLLIN, [this](uint32_t) {
          uint64_t count;
          [[maybe_unused]] const ssize_t n =
              read(timer_.get(), &count, sizeof count);
          if (tick_) tick_();
        });
    ASSERT_TRUE(watched.ok()) << watched;
  }
  io::Fd timer_;
  std::function<void()> tick_;
};

TEST_F(DaemonTest, LogsInComesUpAndReports) {
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
  ASSERT_EQ(Up("good"), absl::OkStatus());
  EXPECT_EQ(daemon_->state(), DaemonState::kRunning);
  EXPECT_TRUE(HasAddress());
  EXPECT_EQ(daemon_->device().control_key, control_key_.public_key());
  EXPECT_TRUE(RunUntil([&] { return control_.applied_version == 3; }));
}

TEST_F(DaemonTest, SaysWhatIsMissing) {
  std::optional<absl::Status> status;
  daemon_->Up({}, Into(status));
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(absl::StrContains(status->message(), "--login-server"));
  const absl::Status no_key = Up("");
  EXPECT_TRUE(absl::StrContains(no_key.message(), "--auth-key")) << no_key;
  EXPECT_EQ(control_.num_registered, 0);
}

TEST_F(DaemonTest, TellsWhyItWasRefusedAndMayTryAgain) {
  const absl::Status refused = Up("bad");
  EXPECT_TRUE(absl::StrContains(refused.message(), "used up")) << refused;
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
  EXPECT_EQ(Up("good"), absl::OkStatus());
}

TEST_F(DaemonTest, TellsThatControlCannotBeReached) {
  StopControl();
  const absl::Status status = Up("good");
  EXPECT_TRUE(absl::StrContains(status.message(), "127.0.0.1:8080")) << status;
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
}

TEST_F(DaemonTest, GoesDownAndComesUpWithoutAnotherLogin) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  EXPECT_EQ(daemon_->Down(), absl::OkStatus());
  EXPECT_EQ(daemon_->state(), DaemonState::kStopped);
  EXPECT_FALSE(HasAddress());
  EXPECT_EQ(Up(""), absl::OkStatus());
  EXPECT_TRUE(HasAddress());
  EXPECT_EQ(control_.num_registered, 1);
}

TEST_F(DaemonTest, ARefusedKeyDoesNotBringAStoppedOneHalfUp) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  ASSERT_EQ(daemon_->Down(), absl::OkStatus());
  EXPECT_FALSE(Up("bad").ok());
  EXPECT_TRUE(IsNow(DaemonState::kStopped));
}

TEST_F(DaemonTest, ComesUpByItselfWhenItWasUpBefore) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  StartDaemon();
  EXPECT_TRUE(IsNow(DaemonState::kRunning));
  EXPECT_TRUE(HasAddress());
  ASSERT_EQ(daemon_->Down(), absl::OkStatus());
  StartDaemon();
  EXPECT_EQ(daemon_->state(), DaemonState::kStopped);
  EXPECT_EQ(control_.num_registered, 1);
}

TEST_F(DaemonTest, KeepsItsTunnelWhileControlIsAway) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  StopControl();
  EXPECT_TRUE(RunUntil([&] { return !daemon_->Health().empty(); }));
  EXPECT_EQ(daemon_->state(), DaemonState::kRunning);
  EXPECT_TRUE(HasAddress());
  StartControl();
  EXPECT_TRUE(RunUntil([&] {
    for (const std::string& problem : daemon_->Health()) {
      if (absl::StrContains(problem, "control")) return false;
    }
    return true;
  }));
}

TEST_F(DaemonTest, LogsOutWithAnotherKeyForTheNextLogin) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  const crypto::NodeKey old_key = daemon_->device().node_key.public_key();
  EXPECT_EQ(Logout(), absl::OkStatus());
  EXPECT_EQ(control_.num_logged_out, 1);
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
  EXPECT_FALSE(HasAddress());
  EXPECT_NE(daemon_->device().node_key.public_key(), old_key);
  EXPECT_TRUE(absl::IsFailedPrecondition(Logout()));
  EXPECT_EQ(Up("good"), absl::OkStatus());
}

TEST_F(DaemonTest, ForgetsItsLoginWhenControlCannotBeTold) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  StopControl();
  const absl::Status status = Logout();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
}

TEST_F(DaemonTest, TriesAgainAtOnceAfterARefusal) {
  UpParams params;
  params.control_url = kUrl;
  params.auth_key = "bad";
  std::optional<absl::Status> second;
  daemon_->Up(params, [&](const absl::Status& first) {
    EXPECT_FALSE(first.ok());
    params.auth_key = "good";
    daemon_->Up(params, Into(second));
  });
  EXPECT_TRUE(RunUntil([&] { return second.has_value(); }));
  EXPECT_EQ(second, absl::OkStatus());
}

TEST_F(DaemonTest, EndsItsTunnelWhenItIsRemoved) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  control_.known = false;
  EXPECT_TRUE(IsNow(DaemonState::kNeedsLogin));
  EXPECT_TRUE(RunUntil([&] { return !HasAddress(); }));
  EXPECT_EQ(Up("good"), absl::OkStatus());
}

TEST_F(DaemonTest, AnEphemeralOneLogsOutAtItsEnd) {
  ephemeral_ = true;
  ASSERT_EQ(Up("good"), absl::OkStatus());
  bool done = false;
  daemon_->Shutdown([&] { done = true; });
  EXPECT_TRUE(RunUntil([&] { return done; }));
  EXPECT_EQ(control_.num_logged_out, 1);
}

TEST_F(DaemonTest, OneWithAnEphemeralKeyLogsOutAtItsEndToo) {
  control_.ephemeral_key = true;
  ASSERT_EQ(Up("good"), absl::OkStatus());
  bool done = false;
  daemon_->Shutdown([&] { done = true; });
  EXPECT_TRUE(RunUntil([&] { return done; }));
  EXPECT_EQ(control_.num_logged_out, 1);
}

TEST_F(DaemonTest, AsksForAnotherNameWithoutAnotherKey) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  std::optional<absl::Status> status;
  daemon_->Up({.control_url = "",
               .auth_key = "",
               .wanted_name = "twelve-bytes",
               .control_key = "",
               .ephemeral = false},
              Into(status));
  ASSERT_TRUE(RunUntil([&] { return status.has_value(); }));
  EXPECT_EQ(*status, absl::OkStatus());
  EXPECT_EQ(control_.num_registered, 2);
  EXPECT_EQ(control_.wanted_name_length, 12u);
}

TEST_F(DaemonTest, ASecondUpTakesOver) {
  control_.sends_netmap = false;
  std::optional<absl::Status> first;
  daemon_->Up({.control_url = kUrl,
               .auth_key = "good",
               .wanted_name = "",
               .control_key = "",
               .ephemeral = false},
              Into(first));
  ASSERT_TRUE(IsNow(DaemonState::kConnecting));
  control_.sends_netmap = true;
  EXPECT_EQ(Up(""), absl::OkStatus());
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(absl::IsAborted(*first)) << *first;
}

TEST_F(DaemonTest, DownEndsAnUpThatWaits) {
  control_.sends_netmap = false;
  std::optional<absl::Status> up;
  daemon_->Up({.control_url = kUrl,
               .auth_key = "good",
               .wanted_name = "",
               .control_key = "",
               .ephemeral = false},
              Into(up));
  ASSERT_TRUE(IsNow(DaemonState::kConnecting));
  EXPECT_FALSE(up.has_value());
  EXPECT_EQ(daemon_->Down(), absl::OkStatus());
  ASSERT_TRUE(up.has_value());
  EXPECT_TRUE(absl::IsCancelled(*up)) << *up;
}

TEST_F(DaemonTest, NamesThePeersThereAre) {
  const auto ignore = [](const engine::PingResult&) {};
  EXPECT_TRUE(absl::IsFailedPrecondition(daemon_->Ping("you", ignore)));
  ASSERT_EQ(Up("good"), absl::OkStatus());
  const absl::Status unknown = daemon_->Ping("nobody", ignore);
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_TRUE(absl::StrContains(unknown.message(), "you")) << unknown;
  EXPECT_TRUE(absl::IsInvalidArgument(daemon_->Ping("me", ignore)));
  EXPECT_TRUE(absl::IsInvalidArgument(daemon_->Ping(kAddress, ignore)));
}

TEST_F(DaemonTest, SaysWhyAPeerCannotBeReached) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  std::shared_ptr<const engine::WhyEnds> ends;
  const auto take = [&](const engine::WhyReady& ready) { ends = ready.ends; };
  EXPECT_TRUE(absl::IsNotFound(daemon_->Why("nobody", take)));
  ASSERT_EQ(daemon_->Why("you", take), absl::OkStatus());
  // Nobody answers: after 3 s, our half.
  ASSERT_TRUE(RunUntil([&] { return ends != nullptr; }));
  EXPECT_FALSE(ends->remote.answered);
  EXPECT_EQ(ends->remote.name, "you");
  EXPECT_EQ(Diagnose(ends->local, ends->remote).cause.cause,
            engine::Cause::kPeerOffline);
}

TEST_F(DaemonTest, AnswersAWhyWhenTheTunnelGoesDown) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  bool answered = false;
  ASSERT_EQ(daemon_->Why("you",
                         [&](const engine::WhyReady& ready) {
                           answered = ready.ends == nullptr;
                         }),
            absl::OkStatus());
  EXPECT_EQ(daemon_->Down(), absl::OkStatus());
  EXPECT_TRUE(answered);
}

TEST_F(DaemonTest, ForgetsAGivenControlKeyThatIsNotTheServers) {
  const std::string wrong =
      crypto::MachinePrivateKey::Generate(rng_).public_key().ToString();
  std::optional<absl::Status> status;
  daemon_->Up({.control_url = kUrl,
               .auth_key = "good",
               .wanted_name = "",
               .control_key = wrong,
               .ephemeral = false},
              Into(status));
  ASSERT_TRUE(RunUntil([&] { return status.has_value(); }));
  EXPECT_TRUE(absl::StrContains(status->message(), wrong)) << *status;
  EXPECT_EQ(Up("good"), absl::OkStatus());
}

TEST_F(DaemonTest, RefusesAnotherKeyOfTheSameServer) {
  ASSERT_EQ(Up("good"), absl::OkStatus());
  ASSERT_EQ(daemon_->Down(), absl::OkStatus());
  std::optional<absl::Status> status;
  daemon_->Up(
      {.control_url = "",
       .auth_key = "",
       .wanted_name = "",
       .control_key =
           crypto::MachinePrivateKey::Generate(rng_).public_key().ToString(),
       .ephemeral = false},
      Into(status));
  ASSERT_TRUE(RunUntil([&] { return status.has_value(); }));
  EXPECT_FALSE(status->ok());
}

TEST_F(DaemonTest, SharesItsStateWithNobody) {
  options_.tunnel.interface = "wt1";
  const auto second = Daemon::Create(*loop_, rng_, options_);
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
}

TEST_F(DaemonTest, RefusesADamagedStateFileAndLeavesItAlone) {
  daemon_.reset();
  const std::string path = options_.state_folder + "/state.json";
  std::ofstream(path) << "{\"format\": 1, \"machine_key\"";
  const auto daemon = Daemon::Create(*loop_, rng_, options_);
  EXPECT_TRUE(absl::StrContains(daemon.status().message(), path))
      << daemon.status();
  std::string text;
  std::getline(std::ifstream(path), text);
  EXPECT_EQ(text, "{\"format\": 1, \"machine_key\"");
}

}  // namespace
}  // namespace warren::client
