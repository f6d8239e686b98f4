#include "client/daemon/daemon.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/daemon/peer_lookup.h"
#include "core/base/status_macros.h"
#include "spdlog/spdlog.h"

namespace warren::client {
namespace {

// A clock that is set back after a crash costs at most what is lost of the
// stamps, so they are kept this often.
constexpr absl::Duration kStampInterval = absl::Minutes(1);

// Of a peer that the netmap has and the engine leaves out.
absl::Status KeyExpired(const engine::Engine& engine, NodeId id) {
  return absl::FailedPreconditionError(
      absl::StrCat("the key of ", engine.netmap()->peers.at(id).name,
                   " has expired, or this device's has: nothing passes until "
                   "`warren up` was run there again"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(
    io::EventLoop& loop, Rng& rng, const DaemonOptions& options) {
  WARREN_ASSIGN_OR_RETURN(StateFolder folder,
                          StateFolder::Open(options.state_folder));
  WARREN_ASSIGN_OR_RETURN(std::optional<DeviceState> device, folder.Load());
  if (!device) {
    device = DeviceState::Fresh(rng);
    WARREN_RETURN_IF_ERROR(folder.Save(*device));
  }
  auto daemon = std::unique_ptr<Daemon>(
      new Daemon(loop, rng, std::move(folder), *std::move(device)));
  TunnelCallbacks callbacks;
  callbacks.report = [self = daemon.get()] { self->Report(); };
  callbacks.event = [self = daemon.get()](const engine::EngineEvent& event) {
    self->OnEvent(event);
  };
  callbacks.lost = [&loop] {
    spdlog::error("the tunnel interface was deleted; ending");
    loop.Stop();
  };
  WARREN_ASSIGN_OR_RETURN(
      daemon->tunnel_,
      Tunnel::Create(loop, rng, options.tunnel, std::move(callbacks)));
  loop.SetDeadline(
      [self = daemon.get()] { return self->Next(); },
      [self = daemon.get()](Instant now) { self->OnDeadline(now); });
  loop.SetTurnEnd([self = daemon.get()] { self->tunnel_->OnTurnEnd(); });
  if (daemon->device_.logged_in && daemon->device_.wants_up) {
    WARREN_RETURN_IF_ERROR(daemon->Connect());
    daemon->control_->Watch(daemon->device_.node_key.public_key());
  }
  if (!daemon->device_.auth_url.empty()) {
    if (!daemon->control_) WARREN_RETURN_IF_ERROR(daemon->Connect());
    RegisterParams params = daemon->ParamsFor({});
    params.follow_url = daemon->device_.auth_url;
    daemon->FollowLogin(std::move(params));
  }
  return daemon;
}

Daemon::Daemon(io::EventLoop& loop, Rng& rng, StateFolder folder,
               DeviceState device)
    : loop_(loop),
      rng_(rng),
      folder_(std::move(folder)),
      device_(std::move(device)) {}

Daemon::~Daemon() {
  // Who waits for these is gone, or the program is ending.
  pings_.clear();
  whys_.clear();
  up_.done = logout_done_ = nullptr;
  Disconnect();
  loop_.SetDeadline(nullptr, nullptr);
  loop_.SetTurnEnd(nullptr);
}

void Daemon::Up(const UpParams& params, Done done) {
  if (up_.done) {
    // Its caller has given up most likely, and corrects what was wrong.
    FinishUp(absl::AbortedError("another `warren up` took over"));
    if (state() != DaemonState::kRunning) Disconnect();
  }
  login_.reset();  // Control says again where it was, if it is to go on.
  const absl::Status applied = ApplyParams(params);
  if (!applied.ok()) return done(applied);
  const bool was_up = control_ != nullptr;
  if (!was_up) {
    const absl::Status connecting = Connect();
    if (!connecting.ok()) return done(connecting);
  }
  up_.done = std::move(done);
  up_.show_url = params.show_url;
  if (!device_.logged_in || !params.auth_key.empty() ||
      !params.wanted_name.empty() || !params.wanted_tags.empty() ||
      !params.tailnet.empty() || params.force_reauth ||
      state() == DaemonState::kExpired) {
    return Register(params);
  }
  device_.auth_url.clear();
  device_.wants_up = true;
  Save();
  if (state() == DaemonState::kRunning) return FinishUp(absl::OkStatus());
  up_.deadline = loop_.Now() + kUpDeadline;
  if (!was_up) control_->Watch(device_.node_key.public_key());
}

absl::Status Daemon::ApplyParams(const UpParams& params) {
  std::string url = device_.control_url;
  if (!params.control_url.empty()) {
    WARREN_ASSIGN_OR_RETURN(const io::ControlUrl parsed,
                            io::ControlUrl::Parse(params.control_url));
    url = parsed.ToString();
  }
  if (url.empty()) {
    return absl::InvalidArgumentError(
        "which control server? Say it with --login-server URL");
  }
  std::optional<crypto::MachineKey> key;
  if (!params.control_key.empty()) {
    WARREN_ASSIGN_OR_RETURN(key, crypto::MachineKey::Parse(params.control_key));
  }
  if (device_.logged_in && url != device_.control_url) {
    return absl::FailedPreconditionError(
        absl::StrCat("this device is logged in to ", device_.control_url,
                     "; `warren logout` first"));
  }
  if (url != device_.control_url) device_.control_key.reset();
  device_.control_url = url;
  if (key) device_.control_key = key;
  if (!params.wanted_name.empty()) device_.wanted_name = params.wanted_name;
  if (!device_.logged_in) device_.ephemeral = params.ephemeral;
  if (control_ && (key || !device_.logged_in)) Disconnect();
  return absl::OkStatus();
}

absl::Status Daemon::Connect() {
  WARREN_ASSIGN_OR_RETURN(io::ControlUrl url,
                          io::ControlUrl::Parse(device_.control_url));
  ControlCallbacks callbacks;
  callbacks.server_key = [this](const crypto::MachineKey& key) {
    device_.control_key = key;
    Save();
  };
  callbacks.connection = [this](const absl::Status& s) { OnConnection(s); };
  callbacks.server_time = [this](absl::Duration unix_now) {
    tunnel_->OnServerTime(unix_now);
  };
  callbacks.netmap = [this](netmap::Netmap n) { OnNetmap(std::move(n)); };
  callbacks.diff = [this](const netmap::NetmapDiff& d) { OnDiff(d); };
  connection_ = absl::UnavailableError("not connected to control yet");
  tunnel_->Start(device_.node_key, device_.latest_wg_stamp);
  save_at_ = loop_.Now() + kStampInterval;
  control_ = std::make_shared<ControlClient>(
      loop_, rng_, OptionsFor(std::move(url)), std::move(callbacks));
  return absl::OkStatus();
}

ControlOptions Daemon::OptionsFor(io::ControlUrl url) const {
  return ControlOptions{.url = std::move(url),
                        .machine_key = device_.machine_key.Clone(),
                        .server_key = device_.control_key,
                        .tls = {}};
}

void Daemon::Disconnect() {
  control_.reset();
  if (tunnel_ && tunnel_->engine()) {
    device_.latest_wg_stamp =
        std::max(device_.latest_wg_stamp, tunnel_->engine()->latest_wg_stamp());
    Save();
    tunnel_->Stop();
  }
  save_at_ = Instant::Never();
  for (auto& [id, done] : std::exchange(pings_, {})) {
    done({.ping_id = id, .peer = {}, .path = {}, .rtt = std::nullopt});
  }
  for (auto& [id, done] : std::exchange(whys_, {})) {
    done({.ask_id = id, .peer = {}, .ends = nullptr, .joined = {}});
  }
  if (logout_done_) {
    std::exchange(logout_done_, nullptr)(
        absl::CancelledError("`warren down` came in between"));
  }
}

void Daemon::DisconnectSoon() {
  loop_.Post([this, which = std::weak_ptr<ControlClient>(control_)] {
    if (which.lock() == control_) Disconnect();
  });
}

void Daemon::OnNetmap(netmap::Netmap netmap) {
  const absl::Status applied = tunnel_->OnNetmap(std::move(netmap));
  if (!applied.ok()) {
    spdlog::error("netmap refused: {}", std::string(applied.message()));
    return;
  }
  Report();
  if (state() == DaemonState::kRunning) FinishUp(absl::OkStatus());
}

void Daemon::OnDiff(const netmap::NetmapDiff& diff) {
  const absl::Status applied = tunnel_->OnNetmapDiff(diff);
  if (!applied.ok()) {
    spdlog::warn("netmap diff does not fit, asking for all: {}",
                 std::string(applied.message()));
    return control_->Resync();
  }
  Report();
  if (state() == DaemonState::kRunning) FinishUp(absl::OkStatus());
}

void Daemon::OnConnection(const absl::Status& status) {
  if (status.ok() != connection_.ok()) {
    spdlog::info("control {} {}", status.ok() ? "connected" : "lost",
                 std::string(status.message()));
  }
  connection_ = status;
  if (status.ok()) return Report();
  if (absl::IsNotFound(status)) {
    // Removed by an administrator, or ephemeral and away for too long. The
    // key stays ours; what it was allowed is gone.
    device_.logged_in = false;
    Save();
    DisconnectSoon();
    FinishUp(status);
  } else if (absl::IsFailedPrecondition(status)) {
    FinishUp(status);
  }
}

void Daemon::OnEvent(const engine::EngineEvent& event) {
  if (const auto* ping = std::get_if<engine::PingResult>(&event)) {
    const auto it = pings_.find(ping->ping_id);
    if (it == pings_.end()) return;
    const PingDone done = std::move(it->second);
    pings_.erase(it);
    done(*ping);
  } else if (const auto* ready = std::get_if<engine::WhyReady>(&event)) {
    const auto node = whys_.extract(ready->ask_id);
    if (!node.empty()) node.mapped()(*ready);
  } else if (const auto* health = std::get_if<engine::HealthChanged>(&event)) {
    for (const engine::Warning warning : health->warnings) {
      spdlog::warn("health: {}", engine::TextOf(warning));
    }
  }
}

void Daemon::Report() {
  if (!control_ || !device_.logged_in || !tunnel_->engine()) return;
  const engine::Engine& engine = *tunnel_->engine();
  control_->Report(
      {.node_key = engine.node_key(),
       .disco_key = engine.disco_key(),
       .endpoints = engine.endpoints(),
       .home_relay = engine.home_relay(),
       .applied_version = engine.netmap() ? engine.netmap()->version : 0});
}

void Daemon::FinishUp(absl::Status status) {
  up_.deadline = Instant::Never();
  if (!up_.done) return;
  up_.show_url = nullptr;
  std::exchange(up_.done, nullptr)(std::move(status));
}

absl::Status Daemon::Down() {
  FinishUp(absl::CancelledError("`warren down` came in between"));
  DropLogin();
  Disconnect();
  device_.wants_up = false;
  return folder_.Save(device_);
}

void Daemon::Logout(Done done) {
  FinishUp(absl::CancelledError("`warren logout` came in between"));
  if (logout_done_) {
    return done(absl::AlreadyExistsError(
        "another `warren logout` is under way; wait for it"));
  }
  const bool was_logging_in = !device_.auth_url.empty();
  DropLogin();
  if (!device_.logged_in) {
    Disconnect();
    return done(was_logging_in ? absl::OkStatus()
                               : absl::FailedPreconditionError(
                                     "this device is not logged in"));
  }
  if (!control_) {
    const absl::Status connecting = Connect();
    if (!connecting.ok()) return done(connecting);
  }
  logout_done_ = std::move(done);
  control_->Logout(device_.node_key.public_key(),
                   [this](const absl::Status& told) {
                     // Deferred: the client must not be destroyed inside its
                     // own callback.
                     loop_.Post([this, told] { OnLoggedOut(told); });
                   });
}

void Daemon::OnLoggedOut(const absl::Status& told) {
  if (!logout_done_) return;  // `warren down` came in between
  const Done done = std::exchange(logout_done_, nullptr);
  Disconnect();
  device_.node_key = crypto::NodePrivateKey::Generate(rng_);
  device_.logged_in = device_.wants_up = false;
  const absl::Status saved = folder_.Save(device_);
  if (!saved.ok()) return done(saved);
  if (told.ok() || absl::IsNotFound(told)) return done(absl::OkStatus());
  done(absl::UnavailableError(absl::StrCat(
      "logged out here, but control could not be told (", told.message(),
      "): it lists this node until an administrator removes it")));
}

void Daemon::Shutdown(std::function<void()> done) {
  const auto finish = [this, done = std::move(done)] {
    Disconnect();
    tunnel_->WhenQuiet(done);
  };
  if (!device_.ephemeral || !device_.logged_in || !control_) return finish();
  Logout([this, finish](const absl::Status&) { loop_.Post(finish); });
}

absl::Status Daemon::Ping(absl::string_view peer, PingDone done) {
  WARREN_ASSIGN_OR_RETURN(const NodeId id, FindPeer(tunnel_->engine(), peer));
  return tunnel_->Command([&](engine::Engine& e, Instant now) {
    const absl::StatusOr<uint64_t> ping = e.PingPath(now, id);
    if (ping.ok()) pings_[*ping] = std::move(done);
    // Not our state, but the peer's: it may be another one soon.
    return absl::IsFailedPrecondition(ping.status())
               ? absl::UnavailableError(ping.status().message())
               : ping.status();
  });
}

absl::Status Daemon::Why(absl::string_view peer, WhyDone done) {
  WARREN_ASSIGN_OR_RETURN(const NodeId id, FindPeer(tunnel_->engine(), peer));
  return tunnel_->Command([&](engine::Engine& e, Instant now) {
    const absl::StatusOr<uint64_t> ask = e.AskWhy(now, id);
    if (ask.ok()) whys_[*ask] = std::move(done);
    return absl::IsNotFound(ask.status()) ? KeyExpired(e, id) : ask.status();
  });
}

DaemonState Daemon::state() const {
  if (!device_.logged_in) return DaemonState::kNeedsLogin;
  if (!control_) return DaemonState::kStopped;
  const engine::Engine& engine = *tunnel_->engine();
  if (engine.netmap() == nullptr) return DaemonState::kConnecting;
  const std::vector<engine::Warning> health = engine.health();
  const bool expired = std::find(health.begin(), health.end(),
                                 engine::Warning::kKeyExpired) != health.end();
  return expired ? DaemonState::kExpired : DaemonState::kRunning;
}

std::vector<std::string> Daemon::Health() const {
  std::vector<std::string> out;
  if (!control_) return out;
  // While a person signs in there is nothing to be connected for.
  if (!connection_.ok() && (device_.logged_in || login_ == nullptr)) {
    out.push_back(
        absl::StrCat("no connection to control: ", connection_.message()));
  }
  if (tunnel_->engine()) {
    for (const engine::Warning warning : tunnel_->engine()->health()) {
      out.push_back(engine::TextOf(warning));
    }
  }
  return out;
}

void Daemon::Save() {
  const absl::Status saved = folder_.Save(device_);
  if (!saved.ok()) {
    spdlog::error("state not saved: {}", std::string(saved.message()));
  }
}

Instant Daemon::Next() const {
  const Instant login = login_ ? login_->Next() : Instant::Never();
  return std::min({tunnel_->Next(), up_.deadline, save_at_, login});
}

void Daemon::OnDeadline(Instant now) {
  tunnel_->OnTimeout(now);
  if (login_) login_->OnDeadline(now);
  if (now >= up_.deadline) {
    FinishUp(absl::UnavailableError(absl::StrCat(
        "no netmap within ", absl::FormatDuration(kUpDeadline), " (",
        connection_.message(), "); the daemon goes on trying")));
  }
  if (now >= save_at_) {
    save_at_ = now + kStampInterval;
    const absl::Duration stamp = tunnel_->engine()->latest_wg_stamp();
    if (stamp > device_.latest_wg_stamp) {
      device_.latest_wg_stamp = stamp;
      Save();
    }
  }
}

}  // namespace warren::client
