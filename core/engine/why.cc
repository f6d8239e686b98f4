#include "core/engine/why.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace warren::engine {
namespace {

using path::ProbeKind;

constexpr uint8_t kVersion = 1;
constexpr absl::Duration kAgeUnit = absl::Microseconds(100);
constexpr uint32_t kNoAge = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMaxAge = kNoAge - 1;

// ---- Out ----

void PutEndpoint(ByteWriter& w, const net::Endpoint& endpoint) {
  if (!endpoint.IsSet()) {
    w.Zeros(18);
    return;
  }
  w.Append(endpoint.address().Mapped16()).U16(endpoint.port());
}

void PutSpan(ByteWriter& w, absl::Duration span, absl::Duration unit) {
  const int64_t units = span / unit;
  w.U32(static_cast<uint32_t>(std::clamp<int64_t>(units, 0, kMaxAge)));
}

void PutOptional(ByteWriter& w, const std::optional<absl::Duration>& span,
                 absl::Duration unit) {
  if (span) {
    PutSpan(w, *span, unit);
  } else {
    w.U32(kNoAge);
  }
}

// 0: unknown, 1: no, 2: yes.
void PutMaybe(ByteWriter& w, std::optional<bool> value) {
  w.U8(!value ? 0 : *value ? 2 : 1);
}

template <class Enum>
void PutEnum(ByteWriter& w, Enum value) {
  w.U8(static_cast<uint8_t>(value));
}

void PutNat(ByteWriter& w, const net::NatBehavior& nat) {
  PutMaybe(w, nat.translates);
  PutEnum(w, nat.mapping);
  PutEnum(w, nat.filtering);
  PutEnum(w, nat.ports);
  w.U16(static_cast<uint16_t>(nat.port_step));
  PutMaybe(w, nat.hairpins);
}

void PutNetwork(ByteWriter& w, const WhyNetwork& network) {
  PutEnum(w, network.udp);
  PutNat(w, network.nat);
  PutEndpoint(w, network.mapped_v4);
  PutEndpoint(w, network.mapped_v6);
  const size_t count =
      std::min(network.endpoints.size(), WhyReport::kMaxEndpoints);
  w.U8(static_cast<uint8_t>(count));
  for (size_t i = 0; i < count; ++i) {
    PutEndpoint(w, network.endpoints[i].endpoint);
    PutEnum(w, network.endpoints[i].origin);
  }
  w.U16(network.udp_port);
  PutEnum(w, network.port_map);
  PutEndpoint(w, network.port_mapped);
  w.U8(network.captive_portal).U16(network.home_relay.value());
  w.U8(network.relay_connected);
}

void PutWay(ByteWriter& w, const WhyWay& way) {
  PutEnum(w, way.path.kind);
  PutEndpoint(w, way.path.endpoint);
  PutOptional(w, way.rtt, absl::Microseconds(1));
  w.U16(way.relay.value());
  w.U8(way.active).U8(way.has_disco_key).U8(way.has_session);
  w.U16(way.mtu_bytes);
}

void PutCandidates(ByteWriter& w, const std::vector<WhyCandidate>& all) {
  const size_t count = std::min(all.size(), WhyReport::kMaxCandidates);
  w.U8(static_cast<uint8_t>(count));
  for (size_t i = 0; i < count; ++i) {
    PutEndpoint(w, all[i].endpoint);
    w.U8(all[i].sources);
    PutOptional(w, all[i].ping_ago, kAgeUnit);
    PutOptional(w, all[i].pong_ago, kAgeUnit);
    PutOptional(w, all[i].rtt, absl::Microseconds(1));
  }
}

void PutEvents(ByteWriter& w, const std::vector<WhyEvent>& all) {
  const size_t count = std::min(all.size(), WhyReport::kMaxEvents);
  w.U8(static_cast<uint8_t>(count));
  for (size_t i = all.size() - count; i < all.size(); ++i) {
    PutSpan(w, all[i].ago, kAgeUnit);
    PutEnum(w, all[i].kind);
    PutEndpoint(w, all[i].endpoint);
    PutSpan(w, all[i].rtt, absl::Microseconds(1));
    w.U32(all[i].count);
  }
}

// ---- In ----

// Reads fields one after the other. After the first that is not there or out
// of range, ok() is false and the rest are zero.
class Fields {
 public:
  explicit Fields(Bytes bytes) : reader_(bytes) {}
  bool ok() const { return ok_; }

  uint8_t U8() { return Or(reader_.U8()); }
  uint16_t U16() { return Or(reader_.U16()); }
  uint32_t U32() { return Or(reader_.U32()); }
  bool Bool() { return UpTo(1) == 1; }
  uint8_t UpTo(uint8_t max) {
    const uint8_t value = U8();
    ok_ = ok_ && value <= max;
    return ok_ ? value : uint8_t{0};
  }
  // An enum whose values run from 0 to `last`.
  template <class Enum>
  Enum As(Enum last) {
    return static_cast<Enum>(UpTo(static_cast<uint8_t>(last)));
  }
  std::optional<bool> Maybe() {
    const uint8_t value = UpTo(2);
    if (value == 0) return std::nullopt;
    return value == 2;
  }
  absl::Duration Span(absl::Duration unit) {
    return std::min<int64_t>(U32(), kMaxAge) * unit;
  }
  std::optional<absl::Duration> OptionalSpan(absl::Duration unit) {
    const uint32_t units = U32();
    if (units == kNoAge) return std::nullopt;
    return units * unit;
  }
  net::Endpoint Endpoint() {
    const auto address = reader_.Array<16>();
    const uint16_t port = U16();
    if (!address || port == 0) {
      ok_ = ok_ && address.has_value();
      return {};
    }
    return {net::IpAddress::V6(std::span(*address)), port};
  }

 private:
  template <class T>
  T Or(std::optional<T> value) {
    ok_ = ok_ && value.has_value();
    return ok_ ? *value : T{0};
  }

  ByteReader reader_;
  bool ok_ = true;
};

net::NatBehavior TakeNat(Fields& in) {
  net::NatBehavior nat;
  nat.translates = in.Maybe();
  nat.mapping = in.As(net::Dependence::kAddressAndPortDependent);
  nat.filtering = in.As(net::Dependence::kAddressAndPortDependent);
  nat.ports = in.As(net::PortAllocation::kRandom);
  nat.port_step = static_cast<int16_t>(in.U16());
  nat.hairpins = in.Maybe();
  return nat;
}

WhyNetwork TakeNetwork(Fields& in) {
  WhyNetwork network;
  network.udp = in.As(UdpState::kBlocked);
  network.nat = TakeNat(in);
  network.mapped_v4 = in.Endpoint();
  network.mapped_v6 = in.Endpoint();
  const uint8_t count = in.UpTo(WhyReport::kMaxEndpoints);
  for (uint8_t i = 0; i < count && in.ok(); ++i) {
    OwnEndpoint own;
    own.endpoint = in.Endpoint();
    own.origin = in.As(EndpointOrigin::kGuessed);
    if (own.origin < EndpointOrigin::kInterface) {
      own.origin = EndpointOrigin::kInterface;
    }
    network.endpoints.push_back(own);
  }
  network.udp_port = in.U16();
  network.port_map = in.As(PortMapState::kMapped);
  network.port_mapped = in.Endpoint();
  network.captive_portal = in.Bool();
  network.home_relay = RelayId(in.U16());
  network.relay_connected = in.Bool();
  return network;
}

WhyWay TakeWay(Fields& in) {
  WhyWay way;
  way.path.kind = in.As(path::PathKind::kDirect);
  way.path.endpoint = in.Endpoint();
  way.rtt = in.OptionalSpan(absl::Microseconds(1));
  way.relay = RelayId(in.U16());
  way.active = in.Bool();
  way.has_disco_key = in.Bool();
  way.has_session = in.Bool();
  way.mtu_bytes = in.U16();
  return way;
}

void TakeCandidates(Fields& in, std::vector<WhyCandidate>& out) {
  const uint8_t count = in.UpTo(WhyReport::kMaxCandidates);
  for (uint8_t i = 0; i < count && in.ok(); ++i) {
    WhyCandidate& candidate = out.emplace_back();
    candidate.endpoint = in.Endpoint();
    candidate.sources = in.U8();
    candidate.ping_ago = in.OptionalSpan(kAgeUnit);
    candidate.pong_ago = in.OptionalSpan(kAgeUnit);
    candidate.rtt = in.OptionalSpan(absl::Microseconds(1));
  }
}

void TakeEvents(Fields& in, std::vector<WhyEvent>& out) {
  const uint8_t count = in.UpTo(WhyReport::kMaxEvents);
  for (uint8_t i = 0; i < count && in.ok(); ++i) {
    WhyEvent event;
    event.ago = in.Span(kAgeUnit);
    const uint8_t kind = in.U8();
    event.kind = static_cast<ProbeKind>(kind);
    event.endpoint = in.Endpoint();
    event.rtt = in.Span(absl::Microseconds(1));
    event.count = in.U32();
    const bool known = kind >= static_cast<uint8_t>(ProbeKind::kPingSent) &&
                       kind <= static_cast<uint8_t>(ProbeKind::kProbesRefused);
    if (known) out.push_back(event);
  }
}

}  // namespace

Joined JoinClocks(absl::Duration since_request, absl::Duration since_answer) {
  return {.ago = (since_request + since_answer) / 2,
          .error = (since_request - since_answer) / 2};
}

std::vector<std::vector<uint8_t>> EncodeWhy(const WhyReport& report) {
  ByteWriter w;
  w.U8(kVersion);
  PutNetwork(w, report.network);
  PutWay(w, report.way);
  PutCandidates(w, report.candidates);
  PutEvents(w, report.events);
  std::vector<std::vector<uint8_t>> pieces;
  for (Bytes rest = w.bytes(); !rest.empty();) {
    const Bytes piece = rest.first(std::min(rest.size(), kWhyPieceSize));
    pieces.emplace_back(piece.begin(), piece.end());
    rest = rest.subspan(piece.size());
  }
  return pieces;
}

std::optional<WhyReport> ParseWhy(Bytes bytes) {
  Fields in(bytes);
  if (in.U8() != kVersion) return std::nullopt;
  WhyReport report;
  report.network = TakeNetwork(in);
  report.way = TakeWay(in);
  TakeCandidates(in, report.candidates);
  TakeEvents(in, report.events);
  if (!in.ok()) return std::nullopt;
  return report;
}

}  // namespace warren::engine
