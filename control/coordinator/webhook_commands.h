#ifndef WARREN_CONTROL_COORDINATOR_WEBHOOK_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_WEBHOOK_COMMANDS_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// Who is told of changes. As in administration.h each function checks, stores
// with its audit row, and then applies. All need an admin.
namespace warren::control {

inline constexpr size_t kMaxWebhooks = 50;  // of one tailnet

// By name or decimal id. NOT_FOUND says what there is.
absl::StatusOr<WebhookRecord> FindWebhook(const TailnetState& tailnet,
                                          absl::string_view ref);

// Creates or replaces, by id; the caller gives a new one its id and seals its
// secret. INVALID_ARGUMENT as CheckWebhook(); ALREADY_EXISTS: the name is
// another's; RESOURCE_EXHAUSTED.
absl::Status PutWebhook(Directory& directory, const Order& order,
                        TailnetState& tailnet, const WebhookRecord& webhook,
                        bool allow_plain);
// With what waits for it.
absl::Status DeleteWebhook(Directory& directory, const Order& order,
                           TailnetState& tailnet, WebhookId id);

// An event "webhook.test" for it alone.
absl::Status QueueTestEvent(Directory& directory, const Order& order,
                            const TailnetState& tailnet,
                            const WebhookRecord& webhook);

// Where its secret is sealed.
std::string WebhookSecretPlace(WebhookId id);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_WEBHOOK_COMMANDS_H_
