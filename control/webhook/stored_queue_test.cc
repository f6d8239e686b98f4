#include "control/webhook/stored_queue.h"

#include <gtest/gtest.h>

#include <atomic>

#include "control/coordinator/administration.h"
#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/webhook_commands.h"
#include "control/webhook/event.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

constexpr int64_t kSecondMs = 1000;

class StoredQueueTest : public DirectoryFixture {
 protected:
  StoredQueueTest() : seal_key_(crypto::SymmetricKey()) {
    WebhookRecord webhook;
    webhook.id = WebhookId(7);
    webhook.tailnet = tailnet().record.id;
    webhook.name = "chat";
    webhook.url = "https://hooks.example/T0K3N?x=1";
    webhook.events = {"user.", "webhook."};
    webhook.secret =
        Seal(seal_key_, WebhookSecretPlace(webhook.id), "secret", rng_);
    Order by_operator = order();
    by_operator.is_operator = true;
    EXPECT_EQ(PutWebhook(*directory_, by_operator, tailnet(), webhook, false),
              absl::OkStatus());
  }
  void StartCoordinator() {
    clock_ = now_;
    coordinator_ = std::make_unique<Coordinator>(
        std::move(directory_), [this] { return clock_.load(); });
    queue_ = std::make_unique<StoredQueue>(*coordinator_, seal_key_);
  }
  std::vector<WebhookJob> Due() {
    const auto due = queue_->FetchDue();
    EXPECT_TRUE(due.ok()) << due.status();
    return due.ok() ? due->jobs : std::vector<WebhookJob>();
  }
  std::vector<AuditRecord> Audit(const std::string& action) {
    return *coordinator_->Call<std::vector<AuditRecord>>(
        [&](Directory& directory, int64_t) {
          AuditFilter filter;
          filter.tailnet = directory.tailnets().begin()->first;
          filter.action = action;
          return directory.store().audit_log().Read(filter);
        });
  }

  SealKey seal_key_;
  std::atomic<int64_t> clock_ = 0;  // in place of now_, for two threads
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<StoredQueue> queue_;
};

TEST_F(StoredQueueTest, AChangeWaitsForItsWebhookAlsoOverARestart) {
  AddUser("bob");
  Restart();
  StartCoordinator();
  const auto jobs = Due();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].url, "https://hooks.example/T0K3N?x=1");
  EXPECT_EQ(jobs[0].secret, "secret");
  const auto body = nlohmann::json::parse(jobs[0].body);
  EXPECT_EQ(body["event"], "user.create");
  queue_->Delivered(jobs[0]);
  EXPECT_TRUE(Due().empty());
}

TEST_F(StoredQueueTest, WhatWasNotAskedForIsNotSent) {
  AddKey();
  StartCoordinator();
  EXPECT_TRUE(Due().empty());
}

TEST_F(StoredQueueTest, AFailedOneIsDueLaterAndGivenUpOnRecord) {
  AddUser("bob");
  StartCoordinator();
  for (int64_t attempt = 1; attempt < kMaxAttempts; ++attempt) {
    const auto jobs = Due();
    ASSERT_EQ(jobs.size(), 1u) << attempt;
    EXPECT_EQ(jobs[0].num_attempts, attempt - 1);
    queue_->Failed(jobs[0], "no answer");
    EXPECT_TRUE(Due().empty());
    clock_ += absl::ToInt64Milliseconds(*RetryAfter(attempt)) + kSecondMs;
  }
  queue_->Failed(Due().at(0), "no answer");
  EXPECT_TRUE(Due().empty());
  const auto given_up = Audit("webhook.give_up");
  ASSERT_EQ(given_up.size(), 1u);
  EXPECT_EQ(given_up[0].target, "webhook chat");
}

TEST_F(StoredQueueTest, AWebhookIsNotToldOfItsOwnEnd) {
  AddUser("bob");  // waits for it
  Order by_operator = order();
  by_operator.is_operator = true;
  const WebhookRecord webhook = tailnet().access.webhooks.begin()->second;
  EXPECT_EQ(DeleteWebhook(*directory_, by_operator, tailnet(), webhook.id),
            absl::OkStatus());
  StartCoordinator();
  EXPECT_TRUE(Due().empty());
  EXPECT_EQ(Audit("webhook.delete").size(), 1u);
}

TEST_F(StoredQueueTest, ATailnetGoesWithItsWebhooks) {
  Order by_operator = order();
  by_operator.is_operator = true;
  WebhookRecord webhook = tailnet().access.webhooks.begin()->second;
  webhook.events = {"*"};
  EXPECT_EQ(PutWebhook(*directory_, by_operator, tailnet(), webhook, false),
            absl::OkStatus());
  EXPECT_EQ(DeleteTailnet(*directory_, by_operator, tailnet(), true),
            absl::OkStatus());
  EXPECT_EQ(*directory_->store().audit_log().CountAllDeliveries(), 0);
}

TEST_F(StoredQueueTest, TheAuditLogHoldsNoSecretOfAUrl) {
  StartCoordinator();
  const auto created = Audit("webhook.create");
  ASSERT_EQ(created.size(), 1u);
  EXPECT_EQ(created[0].after, "https://hooks.example user.,webhook.");
}

}  // namespace
}  // namespace warren::control
