#ifndef WARREN_CONTROL_WEBHOOK_EVENT_H_
#define WARREN_CONTROL_WEBHOOK_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "control/store/records.h"
#include "core/base/rng.h"

// What a webhook is told, how the receiver knows that it comes from us, and
// how long we try. docs/webhooks.md tells it to receivers.
namespace warren::control {

inline constexpr size_t kMaxWebhookUrl = 2048;  // bytes
inline constexpr size_t kMaxWebhookEvents = 64;
// Attempts of one delivery; it is given up after the last, 27 hours after the
// first.
inline constexpr int64_t kMaxAttempts = 12;

// INVALID_ARGUMENT names what is wrong: a name that is not a label, a URL that
// is not https (http only with `allow_plain`), an event of another form than
// "node.rename", "node." or "*".
absl::Status CheckWebhook(const WebhookRecord& webhook, bool allow_plain);

// Whether one of `events` names `action` ("node.rename"): itself, a prefix that
// ends in a dot, or "*".
bool Wants(const std::vector<std::string>& events, absl::string_view action);

// What the webhook gets for a row of the audit log: JSON, one object.
std::string EventBody(const AuditRecord& audit, absl::string_view tailnet);
// The same for "webhook.test", which is no row.
std::string TestBody(absl::string_view tailnet, absl::string_view actor,
                     int64_t now_ms);

// For HMAC, as text: 256 random bits.
std::string NewWebhookSecret(Rng& rng);

// The value of the header Warren-Webhook-Signature: "t=SECONDS,v1=HEX", HEX
// being HMAC-SHA256 under `secret` of "SECONDS.BODY". A receiver that compares
// the time refuses repeated requests.
std::string WebhookSignature(absl::string_view secret, absl::string_view body,
                             int64_t now_ms);

// How long after the `num_attempts`th failure to try again: 10 s, then three
// times as long each time, up to 6 h; nullopt: not any more.
std::optional<absl::Duration> RetryAfter(int64_t num_attempts);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEBHOOK_EVENT_H_
