#include "client/wg/uapi.h"

#include <errno.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace warren::client {
namespace {

void AppendPeer(const wg::Device& device, wg::PeerIndex index,
                std::string& out) {
  const auto info = device.Info(index);
  if (!info) return;
  absl::StrAppend(&out, "public_key=", info->key.ToHex(), "\n");
  const crypto::PresharedKey* psk = device.preshared_key(index);
  if (psk != nullptr) {
    absl::StrAppend(&out, "preshared_key=", ToHex(psk->Expose()), "\n");
  }
  absl::StrAppend(&out, "protocol_version=1\n");
  if (info->endpoint.IsSet()) {
    absl::StrAppend(&out, "endpoint=", info->endpoint.ToString(), "\n");
  }
  timespec handshake = {};
  if (info->last_handshake) {
    handshake = absl::ToTimespec(*info->last_handshake);
  }
  absl::StrAppend(&out, "last_handshake_time_sec=", handshake.tv_sec, "\n",
                  "last_handshake_time_nsec=", handshake.tv_nsec, "\n",
                  "tx_bytes=", info->tx_bytes, "\n",
                  "rx_bytes=", info->rx_bytes, "\n",
                  "persistent_keepalive_interval=",
                  absl::ToInt64Seconds(info->persistent_keepalive), "\n");
  for (const net::IpPrefix& prefix : info->allowed_ips) {
    absl::StrAppend(&out, "allowed_ip=", prefix.ToString(), "\n");
  }
}

absl::Status AddPeer(Instant now, const PeerChange& change, wg::Device& device,
                     wg::PeerIndex& index) {
  wg::PeerConfig config;
  config.key = change.key;
  auto added = device.AddPeer(now, std::move(config));
  // Its own key: wg-quick sends one configuration to all hosts of a network.
  if (absl::IsInvalidArgument(added.status())) return absl::OkStatus();
  if (!added.ok()) return added.status();
  index = *added;
  return absl::OkStatus();
}

absl::Status ApplyAllowedIps(const PeerChange& change, wg::PeerIndex index,
                             wg::Device& device) {
  absl::Status first;
  if (change.replace_allowed_ips) {
    first.Update(device.SetAllowedIps(index, {}));
  }
  for (const AllowedIpChange& ip : change.allowed_ips) {
    if (ip.remove) {
      device.RemoveAllowedIp(index, ip.prefix);
    } else {
      first.Update(device.AddAllowedIp(index, ip.prefix));
    }
  }
  return first;
}

absl::Status ApplyPeer(Instant now, PeerChange& change, wg::Device& device) {
  wg::PeerIndex index = device.FindPeer(change.key);
  if (change.remove) {
    device.RemovePeer(index);
    return absl::OkStatus();
  }
  if (index == net::kNoPeer) {
    if (change.update_only) return absl::OkStatus();
    const absl::Status status = AddPeer(now, change, device, index);
    if (!status.ok() || index == net::kNoPeer) return status;
  }
  if (change.psk) device.SetPresharedKey(index, *std::move(change.psk));
  if (change.endpoint) device.SetEndpoint(index, *change.endpoint);
  const absl::Status status = ApplyAllowedIps(change, index, device);
  // Last: turned on, it wants to send at once.
  if (change.persistent_keepalive) {
    device.SetPersistentKeepalive(now, index, *change.persistent_keepalive);
  }
  return status;
}

}  // namespace

std::string FormatGet(const wg::Device& device, const UapiState& state) {
  std::string out;
  if (const crypto::NodePrivateKey* key = device.private_key()) {
    absl::StrAppend(&out, "private_key=", ToHex(key->Expose()), "\n");
  }
  if (state.listen_port != 0) {
    absl::StrAppend(&out, "listen_port=", state.listen_port, "\n");
  }
  if (state.fwmark != 0) {
    absl::StrAppend(&out, "fwmark=", state.fwmark, "\n");
  }
  for (const wg::PeerIndex peer : device.Peers()) {
    AppendPeer(device, peer, out);
  }
  return out;
}

absl::Status ApplySet(Instant now, SetRequest request, wg::Device& device) {
  if (request.private_key) {
    device.SetPrivateKey(now, *std::move(request.private_key));
  }
  if (request.replace_peers) {
    for (const wg::PeerIndex peer : device.Peers()) device.RemovePeer(peer);
  }
  absl::Status first;
  for (PeerChange& change : request.peers) {
    first.Update(ApplyPeer(now, change, device));
  }
  return first;
}

int ErrnoOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
      return EINVAL;
    case absl::StatusCode::kUnimplemented:
      return EPROTO;
    case absl::StatusCode::kAlreadyExists:
      return EADDRINUSE;
    case absl::StatusCode::kPermissionDenied:
      return EPERM;
    case absl::StatusCode::kResourceExhausted:
      return ENOSPC;
    default:
      return EIO;
  }
}

}  // namespace warren::client
