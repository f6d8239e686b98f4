#include "control/webhook/webhook_sender.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"

namespace warren::control {
namespace {

// Jobs in memory; a failed one is due again at once.
class FakeQueue : public WebhookQueue {
 public:
  void Add(int64_t delivery, int64_t webhook) {
    absl::MutexLock lock(&mutex_);
    WebhookJob job;
    job.delivery = delivery;
    job.webhook = WebhookId(webhook);
    job.url = absl::StrCat("https://", webhook, ".example/");
    job.body = "{}";
    job.secret = "secret";
    jobs_[delivery] = job;
  }
  absl::StatusOr<Due> FetchDue() override {
    absl::MutexLock lock(&mutex_);
    Due due;
    for (const auto& [id, job] : jobs_) due.jobs.push_back(job);
    return due;
  }
  void Delivered(const WebhookJob& job) override {
    absl::MutexLock lock(&mutex_);
    jobs_.erase(job.delivery);
  }
  void Failed(const WebhookJob& job, const std::string& error) override {
    absl::MutexLock lock(&mutex_);
    ++jobs_[job.delivery].num_attempts;
    last_error_ = error;
  }
  bool AwaitEmpty() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(
        absl::Condition(
            +[](FakeQueue* self) { return self->jobs_.empty(); }, this),
        absl::Seconds(20));
  }
  std::string last_error() {
    absl::MutexLock lock(&mutex_);
    return last_error_;
  }

 private:
  absl::Mutex mutex_;
  std::map<int64_t, WebhookJob> jobs_;
  std::string last_error_;
};

// Answers 500 to the first `num_failures` calls.
class FakeCaller : public io::HttpCaller {
 public:
  absl::StatusOr<io::HttpAnswer> Call(const io::HttpCall& call) override {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
    if (++now_calling_[call.url] > 1) overlapped_ = true;
    const bool fails = num_failures_ > 0;
    if (fails) --num_failures_;
    // Let others in while this receiver thinks.
    mutex_.AwaitWithTimeout(absl::Condition(&never_), absl::Milliseconds(2));
    --now_calling_[call.url];
    io::HttpAnswer answer;
    answer.status = fails ? 500 : 204;
    return answer;
  }
  std::vector<io::HttpCall> calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  bool overlapped() {
    absl::MutexLock lock(&mutex_);
    return overlapped_;
  }
  void FailFirst(int n) {
    absl::MutexLock lock(&mutex_);
    num_failures_ = n;
  }

 private:
  absl::Mutex mutex_;
  bool never_ = false;
  bool overlapped_ = false;
  int num_failures_ = 0;
  std::map<std::string, int> now_calling_;
  std::vector<io::HttpCall> calls_;
};

int64_t Noon() { return 1'700'000'000'000; }

TEST(WebhookSender, SendsEachEventOnceAndOneAtATimeToEachReceiver) {
  FakeQueue queue;
  FakeCaller caller;
  for (int64_t i = 0; i < 60; ++i) queue.Add(i, i % 3);
  WebhookSender sender(queue, caller, Noon);
  ASSERT_TRUE(queue.AwaitEmpty());
  EXPECT_EQ(caller.calls().size(), 60u);
  EXPECT_FALSE(caller.overlapped());
}

TEST(WebhookSender, SignsWhatItSends) {
  FakeQueue queue;
  FakeCaller caller;
  queue.Add(5, 1);
  WebhookSender sender(queue, caller, Noon);
  ASSERT_TRUE(queue.AwaitEmpty());
  const io::HttpCall call = caller.calls().at(0);
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(io::FindHeader(call.headers, "Warren-Webhook-Id"), "5");
  EXPECT_EQ(
      io::FindHeader(call.headers, "Warren-Webhook-Signature").substr(0, 16),
      "t=1700000000,v1=");
}

TEST(WebhookSender, TriesAgainAndNamesTheAnswer) {
  FakeQueue queue;
  FakeCaller caller;
  caller.FailFirst(3);
  queue.Add(5, 1);
  WebhookSender sender(queue, caller, Noon);
  ASSERT_TRUE(queue.AwaitEmpty());
  EXPECT_EQ(caller.calls().size(), 4u);
  EXPECT_EQ(queue.last_error(), "the receiver answered 500, not 2xx");
}

TEST(WebhookSender, WakesForWhatComesLater) {
  FakeQueue queue;
  FakeCaller caller;
  WebhookSender sender(queue, caller, Noon);
  queue.Add(5, 1);
  sender.Wake();
  EXPECT_TRUE(queue.AwaitEmpty());
}

}  // namespace
}  // namespace warren::control
