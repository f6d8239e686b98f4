#include "client/daemon/daemon.h"

#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/daemon/daemon_fixture.h"

namespace warren::client {
namespace {

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
