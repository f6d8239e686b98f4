#ifndef WARREN_CONTROL_COORDINATOR_API_KEY_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_API_KEY_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// Keys for programs, see control/identity/api_key.h. As in administration.h
// each function checks, stores with its audit row, and then applies. That
// nobody gives away more than it has is checked by who calls these.
namespace warren::control {

inline constexpr size_t kMaxApiKeys = 10'000;   // of one tailnet, all kinds
inline constexpr size_t kMaxAccessTokens = 50;  // of one client, alive
inline constexpr size_t kMaxKeyScopes = 64;
inline constexpr size_t kMaxKeyTags = 64;

struct ApiKeyParams {
  UserId user;  // whose rights bound its own
  ApiKeyKind kind = ApiKeyKind::kApiKey;
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  std::string description;
  int64_t lifetime_ms = 0;  // 0: of a key 90 days, of a client for ever
};
struct CreatedApiKey {
  ApiKeyRecord record;
  std::string secret;  // the text to give away; kept nowhere
};
// INVALID_ARGUMENT names the field; RESOURCE_EXHAUSTED: kMaxApiKeys.
absl::StatusOr<CreatedApiKey> CreateApiKey(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet,
                                           const ApiKeyParams& params);

// An access token of `client` with these scopes, an hour long.
// RESOURCE_EXHAUSTED: the client has kMaxAccessTokens.
absl::StatusOr<CreatedApiKey> CreateAccessToken(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const ApiKeyRecord& client, const std::vector<std::string>& scopes);

// With the access tokens of a client.
absl::Status DeleteApiKey(Directory& directory, const Order& order,
                          TailnetState& tailnet, const ApiKeyRecord& key);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_API_KEY_COMMANDS_H_
