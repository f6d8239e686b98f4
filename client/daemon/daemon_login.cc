#include <memory>
#include <string>
#include <utility>

#include "client/daemon/daemon.h"
#include "spdlog/spdlog.h"

// The part of Daemon that logs in.
namespace warren::client {

RegisterParams Daemon::ParamsFor(const UpParams& params) const {
  return {.node_key = device_.node_key.public_key(),
          .old_node_key = std::nullopt,
          .disco_key = tunnel_->engine()->disco_key(),
          .auth_key = params.auth_key,
          .wanted_name = device_.wanted_name,
          .ephemeral = device_.ephemeral,
          .wanted_tags = params.wanted_tags,
          .tailnet = params.tailnet,
          .force_sign_in = params.force_reauth,
          .follow_url = ""};
}

void Daemon::Register(const UpParams& params) {
  RegisterParams wanted = ParamsFor(params);
  control_->Register(wanted,
                     [this, wanted, key_given = !params.control_key.empty()](
                         const absl::StatusOr<Registration>& registered) {
                       if (key_given) DistrustRefusedKey(registered.status());
                       if (!registered.ok() || registered->auth_url.empty()) {
                         device_.auth_url.clear();
                         return OnRegistered(registered);
                       }
                       RegisterParams follow = wanted;
                       follow.follow_url = registered->auth_url;
                       FollowLogin(std::move(follow));
                     });
}

void Daemon::FollowLogin(RegisterParams params) {
  auto url = io::ControlUrl::Parse(device_.control_url);
  if (!url.ok()) return OnLoginDone(url.status());
  spdlog::info("waiting for a person to sign in");
  device_.auth_url = params.follow_url;
  Save();
  if (up_.show_url) up_.show_url(device_.auth_url);
  login_ = std::make_unique<LoginFollower>(
      loop_, rng_, OptionsFor(*std::move(url)), std::move(params),
      LoginFollower::Events{
          .done =
              [this](const absl::StatusOr<Registration>& registered) {
                OnLoginDone(registered);
              },
          .moved = [this](const std::string& to) { OnLoginMoved(to); }});
}

void Daemon::OnLoginDone(const absl::StatusOr<Registration>& registered) {
  DropLogin();
  if (registered.ok() && !control_) {
    const absl::Status connecting = Connect();
    if (!connecting.ok()) return FinishUp(connecting);
  }
  OnRegistered(registered);
}

void Daemon::OnLoginMoved(const std::string& auth_url) {
  if (up_.done) {
    device_.auth_url = auth_url;
    Save();
    if (up_.show_url) up_.show_url(auth_url);
    return;
  }
  // Nobody has come in a quarter of an hour, and nobody waits.
  spdlog::info("nobody has signed in; `warren up` asks again");
  DropLogin();
  if (!device_.logged_in || !device_.wants_up) Disconnect();
}

void Daemon::DropLogin() {
  login_.reset();
  if (device_.auth_url.empty()) return;
  device_.auth_url.clear();
  Save();
}

void Daemon::DistrustRefusedKey(const absl::Status& status) {
  // A typing error must not be in the way of the next try.
  if (!device_.logged_in && absl::IsFailedPrecondition(status)) {
    device_.control_key.reset();
  }
}

void Daemon::OnRegistered(const absl::StatusOr<Registration>& registered) {
  if (!registered.ok()) {
    if (!device_.logged_in || !device_.wants_up) DisconnectSoon();
    return FinishUp(registered.status());
  }
  spdlog::info("logged in node={} tailnet={}", registered->node.name,
               registered->tailnet);
  device_.logged_in = true;
  device_.wants_up = true;
  device_.ephemeral = registered->node.ephemeral;  // the auth key may say so
  Save();
  up_.deadline = loop_.Now() + kUpDeadline;
  control_->Watch(device_.node_key.public_key());
  if (state() == DaemonState::kRunning) FinishUp(absl::OkStatus());
}

}  // namespace warren::client
