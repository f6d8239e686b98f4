#include "client/relay/resolver.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "client/relay/test_loop.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

const net::IpAddress kOld = net::IpAddress::V4(0xc0000201);
const net::IpAddress kNew = net::IpAddress::V4(0xc0000202);

// DNS servers of which the first one asked is silent until it is let go.
class Servers {
 public:
  ~Servers() { LetGo(); }
  std::vector<net::IpAddress> LookUp(const std::string&) {
    {
      const absl::MutexLock lock(&mutex_);
      if (++num_asked_ > num_silent_) return {kNew};
    }
    let_go_.WaitForNotification();
    return {kOld};
  }
  void LetGo() {
    if (!let_go_.HasBeenNotified()) let_go_.Notify();
  }
  int num_asked() {
    const absl::MutexLock lock(&mutex_);
    return num_asked_;
  }
  void AwaitAsked(int n) {
    const absl::MutexLock lock(&mutex_);
    const auto asked = [&] { return num_asked_ >= n; };
    mutex_.Await(absl::Condition(&asked));
  }
  void SetNumSilent(int n) { num_silent_ = n; }

 private:
  absl::Mutex mutex_;
  int num_asked_ = 0;
  int num_silent_ = 1;
  absl::Notification let_go_;
};

class ResolverTest : public testing::Test {
 protected:
  void Ask(const std::string& name) {
    resolver_.Resolve(name, [this](std::vector<net::IpAddress> addresses) {
      answers_.push_back(addresses);
    });
  }

  TestLoop loop_;
  // Threads of the resolver may outlive it.
  std::shared_ptr<Servers> servers_ = std::make_shared<Servers>();
  Resolver resolver_{*loop_, [servers = servers_](const std::string& name) {
                       return servers->LookUp(name);
                     }};
  std::vector<std::vector<net::IpAddress>> answers_;
};

TEST_F(ResolverTest, AsksAnewWhenTheNetworkHasChanged) {
  Ask("a.example");
  Ask("b.example");
  servers_->AwaitAsked(1);
  resolver_.Renew();
  ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() == 2; }));
  EXPECT_EQ(answers_[0], (std::vector<net::IpAddress>{kNew}));
  // The first one's late answer is nobody's.
  servers_->LetGo();
  Ask("c.example");
  ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() == 3; }));
  loop_.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(answers_.size(), 3u);
}

TEST_F(ResolverTest, RenewsNothingWhenNothingIsAsked) {
  resolver_.Renew();
  servers_->LetGo();
  Ask("a.example");
  ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() == 1; }));
  EXPECT_EQ(servers_->num_asked(), 1);
}

TEST_F(ResolverTest, DoesNotPileUpThreads) {
  servers_->SetNumSilent(1000);
  Ask("a.example");
  for (int i = 1; i <= 4; ++i) {
    servers_->AwaitAsked(i);
    resolver_.Renew();
  }
  resolver_.Renew();
  servers_->LetGo();
  ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() == 1; }));
  EXPECT_EQ(servers_->num_asked(), 4);
}

TEST_F(ResolverTest, AnAddressIsItsOwnAnswer) {
  Ask("192.0.2.2");
  ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() == 1; }));
  EXPECT_EQ(answers_[0], (std::vector<net::IpAddress>{kNew}));
  EXPECT_EQ(servers_->num_asked(), 0);
}

}  // namespace
}  // namespace warren::client
