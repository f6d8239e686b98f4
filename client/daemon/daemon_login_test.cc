// How a daemon waits for a person to sign in.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "client/daemon/daemon.h"
#include "client/daemon/daemon_fixture.h"

namespace warren::client {
namespace {

class DaemonLoginTest : public DaemonTest {
 protected:
  DaemonLoginTest() { control_.asks_person = true; }

  // Begins, and runs until there is a link.
  void Begin(bool force = false) {
    UpParams params;
    params.control_url = kUrl;
    params.force_reauth = force;
    params.show_url = [this](const std::string& url) { links_.push_back(url); };
    const size_t before = links_.size();
    status_.reset();
    daemon_->Up(params, Into(status_));
    ASSERT_TRUE(RunUntil([&] { return links_.size() > before; }));
  }
  absl::Status End() {
    RunUntil([&] { return status_.has_value(); });
    return status_.value_or(absl::InternalError("no answer"));
  }

  std::vector<std::string> links_;
  std::optional<absl::Status> status_;
};

TEST_F(DaemonLoginTest, ComesUpWhenThePersonHasSignedIn) {
  Begin();
  EXPECT_EQ(links_[0], "http://127.0.0.1:8080/login/1");
  EXPECT_EQ(daemon_->device().auth_url, links_[0]);
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
  control_.finished = true;
  ASSERT_EQ(End(), absl::OkStatus());
  EXPECT_EQ(daemon_->state(), DaemonState::kRunning);
  EXPECT_TRUE(HasAddress());
  EXPECT_EQ(daemon_->device().auth_url, "");
}

TEST_F(DaemonLoginTest, ARefusalEndsIt) {
  Begin();
  control_.refuses = control_.finished = true;
  EXPECT_TRUE(absl::IsPermissionDenied(End()));
  EXPECT_TRUE(IsNow(DaemonState::kNeedsLogin));
  EXPECT_EQ(daemon_->device().auth_url, "");
}

TEST_F(DaemonLoginTest, ShowsTheLinkThatTakesTheOldOnesPlace) {
  Begin();
  control_.login = 2;
  ASSERT_TRUE(RunUntil([&] { return links_.size() == 2; }));
  EXPECT_EQ(daemon_->device().auth_url, "http://127.0.0.1:8080/login/2");
  control_.finished = true;
  EXPECT_EQ(End(), absl::OkStatus());
}

TEST_F(DaemonLoginTest, GoesOnWhenTheDaemonOrControlStartsAnew) {
  Begin();
  StartDaemon();
  EXPECT_EQ(daemon_->device().auth_url, links_[0]);
  StopControl();
  StartControl();
  control_.finished = true;
  EXPECT_TRUE(IsNow(DaemonState::kRunning));
}

TEST_F(DaemonLoginTest, StopsWhenNobodyCameAndNobodyWaits) {
  Begin();
  StartDaemon();  // its `warren up` is gone
  control_.login = 2;
  EXPECT_TRUE(RunUntil([&] { return daemon_->device().auth_url.empty(); }));
  EXPECT_EQ(daemon_->state(), DaemonState::kNeedsLogin);
}

TEST_F(DaemonLoginTest, DownAndLogoutEndIt) {
  Begin();
  EXPECT_EQ(daemon_->Down(), absl::OkStatus());
  EXPECT_TRUE(absl::IsCancelled(End()));
  EXPECT_EQ(daemon_->device().auth_url, "");
  Begin();
  EXPECT_EQ(Logout(), absl::OkStatus());
  EXPECT_EQ(daemon_->device().auth_url, "");
  EXPECT_TRUE(absl::IsFailedPrecondition(Logout()));
}

TEST_F(DaemonLoginTest, SigningInAnewDoesNotInterruptTheTunnel) {
  Begin();
  control_.finished = true;
  ASSERT_EQ(End(), absl::OkStatus());
  control_.finished = false;
  control_.login = 2;
  Begin(/*force=*/true);
  EXPECT_EQ(daemon_->state(), DaemonState::kRunning);
  EXPECT_TRUE(HasAddress());
  control_.finished = true;
  EXPECT_EQ(End(), absl::OkStatus());
}

TEST_F(DaemonLoginTest, AKeyTakesThePlaceOfAPerson) {
  Begin();
  EXPECT_EQ(Up("good"), absl::OkStatus());
  EXPECT_EQ(daemon_->device().auth_url, "");
}

}  // namespace
}  // namespace warren::client
