#include "control/api/register_call.h"

#include <string>

#include "proto/convert/netmap.h"
#include "spdlog/spdlog.h"

namespace warren::control {

void RegisterCall::Start() {
  if (command_.follow_url.empty() || !command_.auth_key.empty()) {
    return GoOn();
  }
  // Not the other way round: the call would hold itself.
  call_->Listen({.sent = {}, .ended = [weak = weak_from_this()] {
                   const auto self = weak.lock();
                   if (self != nullptr) self->going_ = true;
                 }});
  const auto self = shared_from_this();
  const absl::Status posted = coordinator_.Post(
      [self](Directory& directory, int64_t now_ms) {
        const bool waits = WaitForLogin(directory, self->command_, now_ms,
                                        [self] { self->GoOn(); });
        if (!waits) self->GoOn();
      },
      [](const absl::Status&) {});
  if (!posted.ok()) call_->Finish(posted);
}

void RegisterCall::GoOn() {
  if (going_.exchange(true)) return;
  const auto self = shared_from_this();
  const auto result = std::make_shared<absl::Status>();
  const absl::Status posted = coordinator_.Post(
      [self, result](Directory& directory, int64_t now_ms) {
        *result = self->Register(directory, now_ms);
      },
      [self, result](const absl::Status& durable) {
        self->Count(durable.ok() ? *result : durable);
        if (!durable.ok()) return self->call_->Finish(durable);
        if (result->ok()) {
          if (self->response_.has_node()) self->call_->Welcome();
          self->call_->Send(self->response_.SerializeAsString());
        }
        self->call_->Finish(*result);
      });
  if (!posted.ok()) call_->Finish(posted);
}

void RegisterCall::Count(const absl::Status& status) {
  if (!status.ok()) {
    ++counters_.refused;
  } else {
    ++(response_.has_node() ? counters_.ok : counters_.waiting);
  }
}

absl::Status RegisterCall::Register(Directory& directory, int64_t now_ms) {
  const absl::StatusOr<Registration> done =
      warren::control::Register(directory, command_, now_ms);
  if (!done.ok()) {
    spdlog::info("registration refused code={}",
                 absl::StatusCodeToString(done.status().code()));
    spdlog::debug("refused machine={} reason=\"{}\"",
                  command_.machine.ShortString(),
                  std::string(done.status().message()));
    return done.status();
  }
  // The link lets its holder answer for the device: not into the log.
  response_.set_auth_url(done->auth_url);
  if (!done->auth_url.empty()) {
    spdlog::info("registration waits for a person machine={}",
                 command_.machine.ShortString());
    return absl::OkStatus();
  }
  spdlog::info("registered node={}", done->node.id.value());
  *response_.mutable_node() = convert::ToProto(done->node);
  response_.set_tailnet(done->tailnet);
  response_.set_user_login(done->user_login);
  response_.set_waits_for_approval(done->waits_for_approval);
  return absl::OkStatus();
}

}  // namespace warren::control
