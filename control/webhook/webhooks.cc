#include "control/webhook/webhooks.h"

#include <utility>

#include "core/base/status_macros.h"

namespace warren::control {

absl::StatusOr<std::unique_ptr<Webhooks>> Webhooks::Start(
    Coordinator& coordinator, const SealKey& seal_key, Options options) {
  std::unique_ptr<Webhooks> webhooks(new Webhooks(coordinator, seal_key));
  io::HttpClientOptions client;
  client.allow_private_addresses = options.allow_private;
  WARREN_ASSIGN_OR_RETURN(webhooks->caller_,
                          io::HttpClient::Make(client, webhooks->cancel_));
  webhooks->sender_ = std::make_unique<WebhookSender>(
      webhooks->queue_, *webhooks->caller_, std::move(options.unix_now_ms));
  return webhooks;
}

Webhooks::~Webhooks() { cancel_.Now(); }

}  // namespace warren::control
