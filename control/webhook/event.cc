#include "control/webhook/event.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "core/base/base64url.h"
#include "core/base/bytes.h"
#include "core/base/status_macros.h"
#include "core/crypto/digest.h"
#include "io/http_url.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::Duration kFirstRetry = absl::Seconds(10);
constexpr absl::Duration kLastRetry = absl::Hours(6);

Bytes BytesOf(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Whatever came in with a name leaves as valid UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool IsEventName(absl::string_view event) {
  if (event == "*") return true;
  if (event.empty() || event.size() > 64 || event.front() == '.') return false;
  return std::all_of(event.begin(), event.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

absl::Status CheckWebhook(const WebhookRecord& webhook, bool allow_plain) {
  WARREN_RETURN_IF_ERROR(CheckLabel("webhook name", webhook.name));
  if (webhook.url.size() > kMaxWebhookUrl) {
    return absl::InvalidArgumentError(
        absl::StrCat("the URL of webhook ", webhook.name, " has ",
                     webhook.url.size(), " bytes, at most ", kMaxWebhookUrl));
  }
  WARREN_ASSIGN_OR_RETURN(const io::HttpUrl url,
                          io::HttpUrl::Parse(webhook.url));
  if (!url.origin.https && !allow_plain) {
    return absl::InvalidArgumentError(absl::StrCat(
        "webhook ", webhook.name, ": its URL must begin with https://"));
  }
  if (webhook.events.empty() || webhook.events.size() > kMaxWebhookEvents) {
    return absl::InvalidArgumentError(
        absl::StrCat("webhook ", webhook.name, " names ", webhook.events.size(),
                     " events, 1 to ", kMaxWebhookEvents, "; \"*\" is all"));
  }
  for (const std::string& event : webhook.events) {
    if (!IsEventName(event)) {
      return absl::InvalidArgumentError(
          absl::StrCat("event \"", absl::CHexEscape(event.substr(0, 64)),
                       "\": write one such as node.rename, a prefix such as "
                       "node. or *"));
    }
  }
  return absl::OkStatus();
}

bool Wants(const std::vector<std::string>& events, absl::string_view action) {
  for (const std::string& event : events) {
    if (event == "*" || action == event) return true;
    if (event.back() == '.' && action.substr(0, event.size()) == event) {
      return true;
    }
  }
  return false;
}

std::string EventBody(const AuditRecord& audit, absl::string_view tailnet) {
  return Dump(Json{{"id", audit.id},
                   {"time_ms", audit.time_ms},
                   {"tailnet", std::string(tailnet)},
                   {"event", audit.action},
                   {"actor", audit.actor},
                   {"source", audit.source},
                   {"target", audit.target},
                   {"before", audit.before},
                   {"after", audit.after}});
}

std::string TestBody(absl::string_view tailnet, absl::string_view actor,
                     int64_t now_ms) {
  AuditRecord audit;
  audit.time_ms = now_ms;
  audit.action = "webhook.test";
  audit.actor = std::string(actor);
  return EventBody(audit, tailnet);
}

std::string NewWebhookSecret(Rng& rng) {
  std::array<uint8_t, 32> bits{};
  rng.Fill(bits);
  return absl::StrCat("whsec_", ToBase64Url(bits));
}

std::string WebhookSignature(absl::string_view secret, absl::string_view body,
                             int64_t now_ms) {
  const int64_t seconds = now_ms / 1000;
  const std::string signed_text = absl::StrCat(seconds, ".", body);
  const auto mac = crypto::Hmac(crypto::Hash::kSha256, BytesOf(secret),
                                BytesOf(signed_text));
  const absl::string_view bytes(reinterpret_cast<const char*>(mac.data()),
                                mac.size());
  return absl::StrCat("t=", seconds, ",v1=", absl::BytesToHexString(bytes));
}

std::optional<absl::Duration> RetryAfter(int64_t num_attempts) {
  if (num_attempts >= kMaxAttempts) return std::nullopt;
  absl::Duration wait = kFirstRetry;
  for (int64_t i = 1; i < num_attempts && wait < kLastRetry; ++i) wait *= 3;
  return std::min(wait, kLastRetry);
}

}  // namespace warren::control
