#include "control/webhook/event.h"

#include <gtest/gtest.h>

#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

WebhookRecord Good() {
  WebhookRecord webhook;
  webhook.name = "chat";
  webhook.url = "https://hooks.example/x?y=1";
  webhook.events = {"node.", "policy.set"};
  return webhook;
}

TEST(CheckWebhook, TakesWhatItShould) {
  EXPECT_EQ(CheckWebhook(Good(), false), absl::OkStatus());
  WebhookRecord lab = Good();
  lab.url = "http://127.0.0.1:9/";
  EXPECT_EQ(CheckWebhook(lab, true), absl::OkStatus());
}

TEST(CheckWebhook, SaysWhatIsWrong) {
  struct Case {
    const char* name;
    std::string url;
    std::vector<std::string> events;
    const char* message;
  };
  const Case cases[] = {
      {"chat", "http://hooks.example/", {"*"}, "https://"},
      {"chat", "ftp://hooks.example/", {"*"}, ""},
      {"chat", "https://user:pw@hooks.example/", {"*"}, ""},
      {"chat", "https://h.example/" + std::string(3000, 'a'), {"*"}, "2048"},
      {"chat", "https://h.example/", {}, "1 to 64"},
      {"chat", "https://h.example/", {"Node.Rename"}, "node.rename"},
      {"chat", "https://h.example/", {"'; DROP TABLE audit"}, "event"},
      {"chat", "https://h.example/", {""}, "event"},
      {"a b<script>", "https://h.example/", {"*"}, "webhook name"},
  };
  for (const Case& wrong : cases) {
    WebhookRecord webhook = Good();
    webhook.name = wrong.name;
    webhook.url = wrong.url;
    webhook.events = wrong.events;
    const absl::Status status = CheckWebhook(webhook, false);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << wrong.url << status;
    EXPECT_NE(std::string(status.message()).find(wrong.message),
              std::string::npos)
        << status;
  }
}

TEST(Wants, NamesPrefixesAndAll) {
  EXPECT_TRUE(Wants({"node.rename"}, "node.rename"));
  EXPECT_TRUE(Wants({"policy.set", "node."}, "node.rename"));
  EXPECT_TRUE(Wants({"*"}, "anything"));
  EXPECT_FALSE(Wants({"node.rename"}, "node.rename.twice"));
  EXPECT_FALSE(Wants({"node."}, "nodes.rename"));
  EXPECT_FALSE(Wants({}, "node.rename"));
}

TEST(EventBody, IsJsonWhateverTheNamesHold) {
  AuditRecord audit;
  audit.id = 7;
  audit.time_ms = 1234;
  audit.action = "node.rename";
  audit.actor = "alice\"\n";
  audit.before = "\xff\xfe";
  const auto body = nlohmann::json::parse(EventBody(audit, "calm-otter"));
  EXPECT_EQ(body["id"], 7);
  EXPECT_EQ(body["event"], "node.rename");
  EXPECT_EQ(body["tailnet"], "calm-otter");
  EXPECT_EQ(body["actor"], "alice\"\n");
}

// printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
TEST(WebhookSignature, IsTheMacOfTimeAndBody) {
  EXPECT_EQ(WebhookSignature("secret", "{}", 1'700'000'000'999),
            "t=1700000000,v1="
            "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163");
}

TEST(RetryAfter, GrowsAndEnds) {
  EXPECT_EQ(RetryAfter(1), absl::Seconds(10));
  EXPECT_EQ(RetryAfter(2), absl::Seconds(30));
  EXPECT_EQ(RetryAfter(8), absl::Hours(6));
  EXPECT_EQ(RetryAfter(11), absl::Hours(6));
  EXPECT_EQ(RetryAfter(kMaxAttempts), std::nullopt);
  absl::Duration total;
  for (int64_t i = 1; i < kMaxAttempts; ++i) total += *RetryAfter(i);
  EXPECT_GT(total, absl::Hours(24));
}

}  // namespace
}  // namespace warren::control
