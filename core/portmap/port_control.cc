#include "core/portmap/port_control.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::portmap {
namespace {

uint32_t LifetimeSeconds() {
  return static_cast<uint32_t>(absl::ToInt64Seconds(kRequestedLifetime));
}

absl::Status NoAnswer(Protocol protocol) {
  return absl::UnavailableError(
      absl::StrCat("the router does not answer ", NameOf(protocol)));
}

absl::Status Refused(Protocol protocol, int result) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the router refuses ", NameOf(protocol), " with result ", result));
}

}  // namespace

PortControl::PortControl(Rng& rng, const Gateway& gateway, uint16_t local_port)
    : gateway_(gateway), local_port_(local_port) {
  rng.Fill(nonce_);
}

void PortControl::Probe(Instant now) {
  seen_ = Services();
  probe_.Start(now);
  OnTimeout(now);
}

void PortControl::Request(Instant now, Protocol protocol,
                          const net::Endpoint& suggested) {
  protocol_ = protocol;
  suggested_ = suggested;
  pmp_map_.reset();
  request_.Start(now);
  OnTimeout(now);
}

void PortControl::Check(Protocol protocol) {
  Send(protocol == Protocol::kPcp ? BuildPcpAnnounce(gateway_.self)
                                  : BuildPmpAddressRequest());
}

void PortControl::Delete(Protocol protocol) {
  Send(protocol == Protocol::kPcp
           ? BuildPcpMap(PcpRequest(absl::ZeroDuration()))
           : BuildPmpMapRequest(local_port_, 0, 0));
}

void PortControl::Stop() {
  probe_.Stop();
  request_.Stop();
  pmp_map_.reset();
}

bool PortControl::OnDatagram(Instant now, Bytes datagram) {
  if (const auto pmp = ParsePmpReply(datagram); pmp.ok()) {
    return OnPmp(now, *pmp);
  }
  if (const auto pcp = ParsePcpReply(datagram); pcp.ok()) {
    return OnPcp(now, *pcp);
  }
  return false;
}

bool PortControl::OnPcp(Instant now, const PcpReply& reply) {
  if (reply.result == PcpResult::kUnsupportedVersion) {
    // A server of PCP, asked by NAT-PMP, or one of another PCP.
    (reply.version == kPcpVersion ? seen_.nat_pmp : seen_.pcp) = false;
    return true;
  }
  if (reply.map &&
      (reply.map->nonce != nonce_ || reply.map->internal_port != local_port_)) {
    return false;
  }
  const bool reset = epochs_.pcp.Observe(now, reply.epoch_s);
  if (reply.map) {
    OnPcpMap(reply);
  } else {
    seen_.pcp = reply.result == PcpResult::kSuccess;
    if (reset) out_.events.push_back(Lost());
  }
  return true;
}

void PortControl::OnPcpMap(const PcpReply& reply) {
  const absl::Duration lifetime = absl::Seconds(reply.lifetime_s);
  if (reply.result != PcpResult::kSuccess) {
    return Fail(Protocol::kPcp,
                Refused(Protocol::kPcp, static_cast<int>(reply.result)),
                lifetime);
  }
  Grant({Protocol::kPcp, reply.map->external, lifetime});
}

bool PortControl::OnPmp(Instant now, const PmpReply& reply) {
  if (reply.result == PmpResult::kUnsupportedVersion) {
    // It speaks NAT-PMP only, and was asked by PCP.
    seen_.pcp = false;
    return true;
  }
  if (reply.map && reply.map->internal_port != local_port_) return false;
  const bool reset = epochs_.nat_pmp.Observe(now, reply.epoch_s);
  if (reply.to_map_request) {
    OnPmpMap(reply);
    return true;
  }
  seen_.nat_pmp = reply.result == PmpResult::kSuccess;
  if (reset) out_.events.push_back(Lost());
  if (reply.external_address) OnPmpAddress(*reply.external_address);
  return true;
}

void PortControl::OnPmpAddress(const net::IpAddress& address) {
  if (address.IsUnspecified()) return;  // it has none now
  const bool changed = pmp_address_ && *pmp_address_ != address;
  pmp_address_ = address;
  if (changed) out_.events.push_back(Lost());
  GrantPmp();
}

void PortControl::OnPmpMap(const PmpReply& reply) {
  if (reply.result != PmpResult::kSuccess) {
    return Fail(Protocol::kNatPmp,
                Refused(Protocol::kNatPmp, static_cast<int>(reply.result)),
                absl::ZeroDuration());
  }
  pmp_map_ = reply.map;
  GrantPmp();
}

void PortControl::GrantPmp() {
  if (!pmp_map_ || !pmp_address_) return;
  const PmpReply::Map map = *std::exchange(pmp_map_, std::nullopt);
  Grant({Protocol::kNatPmp,
         {*pmp_address_, map.external_port},
         absl::Seconds(map.lifetime_s)});
}

void PortControl::Grant(const Granted& granted) {
  if (!granted.external.IsSet() || granted.external.address().IsUnspecified() ||
      granted.lifetime < kMinLifetime) {
    return Fail(granted.protocol,
                absl::FailedPreconditionError(absl::StrCat(
                    "the router grants by ", NameOf(granted.protocol), " ",
                    granted.external.ToString(), " for ",
                    absl::FormatDuration(granted.lifetime),
                    ": too short, or no address")),
                absl::ZeroDuration());
  }
  if (protocol_ == granted.protocol) request_.Stop();
  out_.events.push_back(granted);
}

void PortControl::Fail(Protocol protocol, absl::Status why,
                       absl::Duration retry_after) {
  // A refusal that comes twice, since we asked twice, fails but one request.
  if (!request_.running() || protocol_ != protocol) return;
  request_.Stop();
  out_.events.push_back(Failed{protocol, std::move(why), retry_after});
}

void PortControl::OnTimeout(Instant now) {
  const bool answered = seen_.pcp && seen_.nat_pmp;
  if (answered) probe_.Stop();
  if (probe_.Take(now) == Retransmission::Due::kSend) SendProbe();
  switch (request_.Take(now)) {
    case Retransmission::Due::kNothing:
      break;
    case Retransmission::Due::kSend:
      SendRequest();
      break;
    case Retransmission::Due::kGiveUp:
      out_.events.push_back(
          Failed{protocol_, NoAnswer(protocol_), absl::ZeroDuration()});
  }
}

Instant PortControl::Next() const {
  return std::min(probe_.Next(), request_.Next());
}

std::optional<Datagram> PortControl::PollDatagram() {
  if (out_.datagrams.empty()) return std::nullopt;
  Datagram datagram = std::move(out_.datagrams.front());
  out_.datagrams.pop_front();
  return datagram;
}

std::optional<ClientEvent> PortControl::PollEvent() {
  if (out_.events.empty()) return std::nullopt;
  ClientEvent event = std::move(out_.events.front());
  out_.events.pop_front();
  return event;
}

void PortControl::SendProbe() {
  if (!seen_.pcp) Send(BuildPcpAnnounce(gateway_.self));
  if (!seen_.nat_pmp) Send(BuildPmpAddressRequest());
}

void PortControl::SendRequest() {
  if (protocol_ == Protocol::kPcp) {
    return Send(BuildPcpMap(PcpRequest(kRequestedLifetime)));
  }
  // For a renewal it may have changed.
  const bool had = !suggested_.address().IsUnspecified();
  if (!pmp_address_ || had) Send(BuildPmpAddressRequest());
  Send(BuildPmpMapRequest(local_port_, suggested_.port(), LifetimeSeconds()));
}

void PortControl::Send(std::vector<uint8_t> bytes) {
  out_.datagrams.push_back(
      {{gateway_.router, kPortControlPort}, std::move(bytes)});
}

PcpMapRequest PortControl::PcpRequest(absl::Duration lifetime) const {
  PcpMapRequest request;
  request.self = gateway_.self;
  request.nonce = nonce_;
  request.internal_port = local_port_;
  if (lifetime > absl::ZeroDuration()) {
    request.suggested = suggested_;
    request.lifetime_s = LifetimeSeconds();
  }
  return request;
}

}  // namespace warren::portmap
