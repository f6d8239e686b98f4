#include "control/coordinator/coordinator.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "control/coordinator/directory_fixture.h"

namespace warren::control {
namespace {

class CoordinatorTest : public DirectoryFixture {
 protected:
  // Hands the directory over. The clock may be moved from now on only here.
  std::unique_ptr<Coordinator> Start() {
    clock_ = now_;
    return std::make_unique<Coordinator>(std::move(directory_),
                                         [this] { return clock_.load(); });
  }
  std::atomic<int64_t> clock_ = 0;
};

TEST_F(CoordinatorTest, OfManyThreadsWithAOneOffKeyOneGetsIn) {
  const std::string key = AddKey();
  const auto coordinator = Start();
  std::atomic<int> num_in = 0;
  std::vector<std::thread> threads;
  for (int n = 1; n <= 200; ++n) {
    threads.emplace_back([&, n] {
      const auto joined = coordinator->Call<Registration>(
          [&](Directory& directory, int64_t now_ms) {
            return Register(directory, Machine(n, key), now_ms);
          });
      num_in += joined.ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_in, 1);
}

TEST_F(CoordinatorTest, AnswersAfterTheChangeIsPublished) {
  const std::string key = AddKey();
  published_.clear();
  const auto coordinator = Start();
  size_t num_at_answer = 0;
  absl::Notification answered;
  ASSERT_TRUE(coordinator
                  ->Post(
                      [&](Directory& directory, int64_t now_ms) {
                        EXPECT_TRUE(
                            Register(directory, Machine(1, key), now_ms).ok());
                        EXPECT_TRUE(published_.empty());
                      },
                      [&](const absl::Status&) {
                        num_at_answer = published_.size();
                        answered.Notify();
                      })
                  .ok());
  answered.WaitForNotification();
  EXPECT_EQ(num_at_answer, 1u);
}

TEST_F(CoordinatorTest, DoesWhatTimeMakesDueByItself) {
  const NodeId id = MustJoin(1, alice_, {.ephemeral = true}).id;
  const auto coordinator = Start();
  clock_ += 2 * kMinute;
  // Within a second of the wall clock's step, with no command to wake it.
  const auto gone = [&] {
    return *coordinator->Call<bool>([&](Directory& directory, int64_t) {
      return absl::StatusOr<bool>(
          !directory.tailnets().begin()->second.nodes.contains(id));
    });
  };
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (!gone() && absl::Now() < limit) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_TRUE(gone());
}

TEST_F(CoordinatorTest, RunsWhatWaitsAndRefusesWhatComesAfterStop) {
  const auto coordinator = Start();
  absl::Notification begun, go_on;
  std::atomic<int> num_run = 0;
  const auto count = [&](Directory&, int64_t) { ++num_run; };
  ASSERT_TRUE(coordinator
                  ->Post(
                      [&](Directory&, int64_t) {
                        begun.Notify();
                        go_on.WaitForNotification();
                      },
                      [](const absl::Status&) {})
                  .ok());
  begun.WaitForNotification();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        coordinator->Post(count, [&](const absl::Status&) { ++num_run; }).ok());
  }
  coordinator->Stop();
  EXPECT_EQ(coordinator->Post(count, [](const absl::Status&) {}).code(),
            absl::StatusCode::kUnavailable);
  go_on.Notify();
  while (num_run < 200) std::this_thread::yield();
}

TEST_F(CoordinatorTest, RefusesWhatDoesNotFitInTheQueue) {
  const auto coordinator = Start();
  absl::Notification go_on;
  const auto wait = [&](Directory&, int64_t) { go_on.WaitForNotification(); };
  absl::Status last;
  size_t num_taken = 0;
  while (last.ok() && num_taken <= Coordinator::kMaxQueue + 1000) {
    last = coordinator->Post(wait, [](const absl::Status&) {});
    ++num_taken;
  }
  EXPECT_EQ(last.code(), absl::StatusCode::kResourceExhausted);
  go_on.Notify();
}

}  // namespace
}  // namespace warren::control
