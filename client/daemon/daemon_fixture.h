#ifndef WARREN_CLIENT_DAEMON_DAEMON_FIXTURE_H_
#define WARREN_CLIENT_DAEMON_DAEMON_FIXTURE_H_

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/daemon/daemon.h"
#include "client/daemon/fake_control.h"
#include "client/io/netlink.h"
#include "client/io/test_network.h"
#include "core/crypto/system_rng.h"
#include "gtest/gtest.h"
#include "io/grpc_test_service.h"
#include "io/noise_frontend.h"

// Test only: a daemon with a real tunnel interface, in a network namespace of
// its own, against a control server in this process.
namespace warren::client {
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

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_DAEMON_FIXTURE_H_
