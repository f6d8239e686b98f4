#ifndef WARREN_CONTROL_STORE_ACCESS_RECORDS_H_
#define WARREN_CONTROL_STORE_ACCESS_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "control/store/account_records.h"
#include "core/base/strong_id.h"

// What machines may do, and what the tailnet lets pass: rows of the store, as
// values. Times are milliseconds since 1970-01-01 UTC, 0 = not set.
namespace warren::control {

using ApiKeyId = StrongId<struct ApiKeyIdTag, int64_t>;
using ShareId = StrongId<struct ShareIdTag, int64_t>;
using WebhookId = StrongId<struct WebhookIdTag, int64_t>;

// Every version that ever was in force is kept.
struct PolicyRecord {
  TailnetId tailnet;
  uint64_t version = 0;  // from 1, without gaps
  std::string text;
  std::string author;
  int64_t created_ms = 0;
  std::string note;
  uint64_t rolled_back_to = 0;
  friend bool operator==(const PolicyRecord&, const PolicyRecord&) = default;
};

enum class ApiKeyKind : uint8_t {
  kApiKey = 0,
  kOauthClient = 1,
  kAccessToken = 2,  // of an OAuth client, an hour
};
struct ApiKeyRecord {
  ApiKeyId id;
  TailnetId tailnet;
  UserId user;  // whose rights bound its own
  ApiKeyKind kind = ApiKeyKind::kApiKey;
  ApiKeyId client;     // of an access token
  std::string prefix;  // the public part, unique on the server
  SecretHash hash{};
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  std::string description;
  int64_t created_ms = 0;
  int64_t expires_ms = 0;
  int64_t revoked_ms = 0;
  int64_t last_used_ms = 0;  // to the minute
  friend bool operator==(const ApiKeyRecord&, const ApiKeyRecord&) = default;
};

// A node that a user of another tailnet may reach.
struct ShareRecord {
  ShareId id;
  TailnetId owner_tailnet;
  NodeId node;
  TailnetId guest_tailnet;
  UserId guest;
  int64_t created_ms = 0;
  std::string created_by;
  friend bool operator==(const ShareRecord&, const ShareRecord&) = default;
};

struct WebhookRecord {
  WebhookId id;
  TailnetId tailnet;
  std::string name;
  std::string url;
  Sealed secret;
  std::vector<std::string> events;
  bool enabled = true;
  int64_t created_ms = 0;
  friend bool operator==(const WebhookRecord&, const WebhookRecord&) = default;
};

// An event on its way: kept until delivered or given up, also over restarts.
struct DeliveryRecord {
  int64_t id = 0;  // rises; given by the store
  WebhookId webhook;
  std::string body;  // JSON
  int64_t created_ms = 0;
  int64_t next_ms = 0;
  int64_t num_attempts = 0;
  std::string last_error;
  friend bool operator==(const DeliveryRecord&,
                         const DeliveryRecord&) = default;
};

struct AccessContents {
  std::vector<PolicyRecord> policies;  // the newest of each tailnet
  std::vector<ApiKeyRecord> api_keys;
  std::vector<ShareRecord> shares;
  std::vector<WebhookRecord> webhooks;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_ACCESS_RECORDS_H_
