#include <atomic>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "control/coordinator/coordinator.h"
#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/directory_memory.h"
#include "control/store/store_test_people.h"
#include "control/store/test_disk.h"

namespace warren::control {
namespace {

// A coordinator on a disk that fails when it is told to.
class DurabilityTest : public DirectoryFixture {
 protected:
  DurabilityTest() {
    test_disk::Install();
    Restart();
    key_ = AddKey({.reusable = true});
    first_ = MustJoin(1).id;
    EXPECT_TRUE(OpenStream(1).ok());
    directory_->Publish();
    coordinator_ = std::make_unique<Coordinator>(std::move(directory_),
                                                 [this] { return now_; });
  }
  ~DurabilityTest() override { test_disk::Heal(); }

  template <class T>
  absl::StatusOr<T> Call(
      const std::function<absl::StatusOr<T>(Directory&, int64_t)>& work) {
    return coordinator_->Call<T>(work);
  }
  absl::Status JoinAs(int n) {
    return Call<Registration>([&](Directory& directory, int64_t now_ms) {
             return Register(directory, Machine(n, key_), now_ms);
           })
        .status();
  }
  // Of a directory that agrees with its store.
  size_t NumNodes() {
    const auto num = Call<size_t>([](Directory& directory,
                                     int64_t) -> absl::StatusOr<size_t> {
      EXPECT_TRUE(SameContents(MemoryOf(directory), *directory.store().Load()));
      return directory.tailnets().begin()->second.nodes.size();
    });
    EXPECT_TRUE(num.ok()) << num.status();
    return num.value_or(0);
  }
  // Holds the coordinator until all of `num` commands wait, then runs them as
  // one batch with a disk that fails from the start. How many were answered OK.
  int RunTogether(int num, bool fails) {
    absl::Notification begun, go_on;
    EXPECT_TRUE(coordinator_
                    ->Post(
                        [&](Directory&, int64_t) {
                          begun.Notify();
                          go_on.WaitForNotification();
                        },
                        [](const absl::Status&) {})
                    .ok());
    begun.WaitForNotification();
    std::atomic<int> num_ok = 0;
    absl::BlockingCounter answered(num);
    std::vector<absl::Status> results(static_cast<size_t>(num));
    for (int i = 0; i < num; ++i) {
      absl::Status& result = results[static_cast<size_t>(i)];
      EXPECT_TRUE(coordinator_
                      ->Post(
                          [&, i](Directory& directory, int64_t now_ms) {
                            // The last one has another's node key.
                            RegisterCommand command = Machine(100 + i, key_);
                            if (i == num - 1) {
                              command.node_key = KeyNumber<crypto::NodeKey>(1);
                            }
                            result =
                                Register(directory, command, now_ms).status();
                          },
                          [&](const absl::Status& durable) {
                            if (durable.ok() && result.ok()) ++num_ok;
                            answered.DecrementCount();
                          })
                      .ok());
    }
    if (fails) test_disk::FailFrom(0, test_disk::Fault::kFull);
    go_on.Notify();
    answered.Wait();
    test_disk::Heal();
    return num_ok;
  }

  std::string key_;
  NodeId first_;
  std::unique_ptr<Coordinator> coordinator_;
};

TEST_F(DurabilityTest, CommandsThatWaitTogetherShareOneTransaction) {
  const int64_t before = test_disk::NumCalls();
  EXPECT_EQ(RunTogether(50, false), 49);
  const int64_t together = test_disk::NumCalls() - before;
  EXPECT_EQ(NumNodes(), 50u);
  const int64_t middle = test_disk::NumCalls();
  for (int n = 2; n <= 11; ++n) EXPECT_TRUE(JoinAs(n).ok());
  EXPECT_GT(test_disk::NumCalls() - middle, together / 2);
  EXPECT_EQ(NumNodes(), 60u);
}

TEST_F(DurabilityTest, WhenTheDiskIsFullNobodyIsToldDone) {
  EXPECT_EQ(RunTogether(50, true), 0);
  EXPECT_EQ(NumNodes(), 1u);
  // And goes on when there is room again.
  EXPECT_TRUE(JoinAs(2).ok());
  EXPECT_EQ(NumNodes(), 2u);
  EXPECT_EQ(RunTogether(10, false), 9);
}

TEST_F(DurabilityTest, AFullDiskDoesNotKeepAnybodyFromReading) {
  test_disk::FailFrom(0, test_disk::Fault::kFull);
  EXPECT_EQ(JoinAs(2).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(NumNodes(), 1u);
  EXPECT_EQ(JoinAs(2).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(NumNodes(), 1u);
  test_disk::Heal();
  EXPECT_TRUE(JoinAs(2).ok());
}

TEST_F(DurabilityTest, WhoIsConnectedStaysSoWhenAChangeIsTakenBack) {
  test_disk::FailFrom(0, test_disk::Fault::kIoError);
  const auto deleted =
      Call<bool>([&](Directory& directory, int64_t) -> absl::StatusOr<bool> {
        TailnetState& tailnet = directory.tailnets().begin()->second;
        const absl::Status status =
            DeleteNode(directory, order(), tailnet, tailnet.nodes.at(first_));
        EXPECT_FALSE(tailnet.nodes.contains(first_));
        if (!status.ok()) return status;
        return true;
      });
  EXPECT_FALSE(deleted.ok());
  test_disk::Heal();
  const auto online =
      Call<bool>([&](Directory& directory, int64_t) -> absl::StatusOr<bool> {
        return directory.tailnets().begin()->second.nodes.at(first_).online();
      });
  EXPECT_TRUE(*online);
  EXPECT_EQ(NumNodes(), 1u);
}

TEST_F(DurabilityTest, MemoryIsWhatIsStoredWhicheverWriteFails) {
  int num_failed = 0;
  for (int n = 0; n < 60; ++n) {
    SCOPED_TRACE(n);
    const size_t had = NumNodes();
    test_disk::FailFrom(n / 2, n % 2 == 0 ? test_disk::Fault::kFull
                                          : test_disk::Fault::kIoError);
    const bool ok = JoinAs(10 + n).ok();
    test_disk::Heal();
    num_failed += ok ? 0 : 1;
    EXPECT_EQ(NumNodes(), had + (ok ? 1 : 0));
  }
  EXPECT_GT(num_failed, 4);
  EXPECT_LT(num_failed, 60);
}

TEST_F(DurabilityTest, WhatHasExpiredIsForgottenByItself) {
  const auto made = Call<bool>([&](Directory& directory,
                                   int64_t) -> absl::StatusOr<bool> {
    TailnetState& tailnet = directory.tailnets().begin()->second;
    for (const int64_t ms : {int64_t{1}, int64_t{0}, now_ + 2}) {
      SessionRecord session;
      session.id = SessionId(directory.NewId());
      session.tailnet = tailnet.record.id;
      session.user = alice_;
      session.hash = TestHash(static_cast<uint8_t>(ms));
      session.expires_ms = ms;
      EXPECT_TRUE(
          directory.store().accounts().PutSession(session, SomeAudit()).ok());
      directory.PutSession(tailnet, session);
    }
    return true;
  });
  ASSERT_TRUE(made.ok());
  // Runs when it starts, as after a restart, and every hour.
  coordinator_.reset();
  Restart();
  coordinator_ = std::make_unique<Coordinator>(std::move(directory_),
                                               [this] { return now_; });
  const auto left =
      Call<size_t>([](Directory& directory, int64_t) -> absl::StatusOr<size_t> {
        EXPECT_EQ(directory.store().Load()->accounts.sessions.size(), 2u);
        return directory.tailnets().begin()->second.accounts.sessions.size();
      });
  EXPECT_EQ(*left, 2u);
}

// A registration is a row of a node, of its key and of the audit log.
TEST_F(DurabilityTest, TenThousandRegistrationsTakeSeconds) {
  constexpr int kNum = 10'000;
  std::vector<RegisterCommand> commands;
  for (int n = 0; n < kNum; ++n) {
    commands.push_back(Machine(1000 + n, key_, absl::StrCat("host", n)));
  }
  std::atomic<int> num_ok = 0;
  absl::BlockingCounter answered(kNum);
  const absl::Time start = absl::Now();
  for (const RegisterCommand& command : commands) {
    const auto result = std::make_shared<absl::Status>();
    const auto post = [&] {
      return coordinator_->Post(
          [&command, result](Directory& directory, int64_t now_ms) {
            *result = Register(directory, command, now_ms).status();
          },
          [&num_ok, &answered, result](const absl::Status& durable) {
            if (durable.ok() && result->ok()) ++num_ok;
            answered.DecrementCount();
          });
    };
    while (!post().ok()) absl::SleepFor(absl::Milliseconds(1));
  }
  answered.Wait();
  const absl::Duration took = absl::Now() - start;
  std::printf("10,000 registrations, durable: %s\n",
              absl::FormatDuration(took).c_str());
  EXPECT_EQ(num_ok, kNum);
  EXPECT_LT(took, absl::Seconds(60));
  coordinator_.reset();
  Restart();
  EXPECT_EQ(tailnet().nodes.size(), 1u + kNum);
}

}  // namespace
}  // namespace warren::control
