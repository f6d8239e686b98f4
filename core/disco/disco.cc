#include "core/disco/disco.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/overloaded.h"

namespace warren::disco {
namespace {

enum Type : uint8_t {
  kPing = 0x01,
  kPong = 0x02,
  kCallMeMaybe = 0x03,
  kBind = 0x04,
  kBindChallenge = 0x05,
  kBindAnswer = 0x06,
  kCallMeMaybeVia = 0x07,
  kAllocateRequest = 0x08,
  kAllocateResponse = 0x09,
};

constexpr uint8_t kVersion = 0;
constexpr size_t kAddressSize = 18;

void Put(ByteWriter& w, const net::Endpoint& endpoint) {
  w.Append(endpoint.address().Mapped16()).U16(endpoint.port());
}
void Put(ByteWriter& w, const std::vector<net::Endpoint>& endpoints) {
  for (const net::Endpoint& endpoint : endpoints) Put(w, endpoint);
}
void Put(ByteWriter& w, const RelayBinding& b) {
  w.U32(b.vni).U32(b.generation).Append(b.remote.bytes()).Append(b.challenge);
}
void Put(ByteWriter& w, const std::optional<RelayEndpoint>& endpoint) {
  if (!endpoint) return;
  w.Append(endpoint->server.bytes());
  for (const auto& client : endpoint->clients) w.Append(client.bytes());
  w.U64(endpoint->lamport_id).U32(endpoint->vni);
  w.U64(
      static_cast<uint64_t>(absl::ToInt64Nanoseconds(endpoint->bind_lifetime)));
  w.U64(static_cast<uint64_t>(
      absl::ToInt64Nanoseconds(endpoint->steady_state_lifetime)));
  Put(w, endpoint->addresses);
}

std::optional<net::Endpoint> TakeEndpoint(ByteReader& r) {
  if (r.remaining() < kAddressSize) return std::nullopt;
  const auto address = net::IpAddress::V6(*r.Array<16>());
  return net::Endpoint(address, *r.U16());
}

// All that is left, as addresses. Empty unless a whole number of them.
std::vector<net::Endpoint> TakeEndpoints(ByteReader& r) {
  std::vector<net::Endpoint> out;
  if (r.remaining() % kAddressSize != 0) return out;
  while (out.size() < kMaxEndpoints) {
    const auto endpoint = TakeEndpoint(r);
    if (!endpoint) break;
    out.push_back(*endpoint);
  }
  return out;
}

std::optional<crypto::DiscoKey> TakeKey(ByteReader& r) {
  const auto bytes = r.Array<crypto::kKeySize>();
  if (!bytes) return std::nullopt;
  return crypto::DiscoKey::FromBytes(*bytes);
}

// A count of nanoseconds; what does not fit in 63 bits is as long as can be.
absl::Duration TakeDuration(ByteReader& r) {
  const uint64_t ns = *r.U64();
  return absl::Nanoseconds(
      static_cast<int64_t>(std::min<uint64_t>(ns, INT64_MAX)));
}

absl::Status TooShort(const char* what, Bytes plaintext) {
  return absl::InvalidArgumentError(absl::StrCat(
      "disco: ", what, " of ", plaintext.size(), " bytes is too short"));
}

absl::StatusOr<Message> ParsePing(Bytes plaintext, ByteReader r) {
  const auto txid = r.Array<12>();
  if (!txid) return TooShort("ping", plaintext);
  Ping ping;
  ping.txid = *txid;
  if (const auto key = r.Array<crypto::kKeySize>()) {
    ping.node_key = crypto::NodeKey::FromBytes(*key);
  }
  ping.padding = static_cast<uint32_t>(r.remaining());
  return ping;
}

absl::StatusOr<Message> ParsePong(Bytes plaintext, ByteReader r) {
  const auto txid = r.Array<12>();
  const auto seen = txid ? TakeEndpoint(r) : std::nullopt;
  if (!seen) return TooShort("pong", plaintext);
  return Pong{*txid, *seen};
}

template <class T>
absl::StatusOr<Message> ParseBinding(Bytes plaintext, ByteReader r) {
  T binding;
  const auto vni = r.U32();
  const auto generation = r.U32();
  const auto remote = TakeKey(r);
  const auto challenge = r.Array<32>();
  if (!challenge) return TooShort("peer relay binding", plaintext);
  binding.vni = *vni;
  binding.generation = *generation;
  binding.remote = *remote;
  binding.challenge = *challenge;
  return binding;
}

absl::StatusOr<RelayEndpoint> ParseRelayEndpoint(Bytes plaintext,
                                                 ByteReader r) {
  constexpr size_t kFixedSize = 124;
  if (r.remaining() < kFixedSize + kAddressSize) {
    return TooShort("peer relay endpoint", plaintext);
  }
  RelayEndpoint out;
  out.server = *TakeKey(r);
  for (auto& client : out.clients) client = *TakeKey(r);
  out.lamport_id = *r.U64();
  out.vni = *r.U32();
  out.bind_lifetime = TakeDuration(r);
  out.steady_state_lifetime = TakeDuration(r);
  out.addresses = TakeEndpoints(r);
  if (out.addresses.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("disco: peer relay endpoint in ", plaintext.size(),
                     " bytes does not hold a whole number of addresses"));
  }
  return out;
}

absl::StatusOr<Message> ParseVia(Bytes plaintext, ByteReader r) {
  auto endpoint = ParseRelayEndpoint(plaintext, r);
  if (!endpoint.ok()) return endpoint.status();
  return CallMeMaybeVia{*std::move(endpoint)};
}

absl::StatusOr<Message> ParseAllocateRequest(Bytes plaintext, ByteReader r) {
  const auto first = TakeKey(r);
  const auto second = TakeKey(r);
  const auto generation = r.U32();
  if (!generation) return TooShort("peer relay request", plaintext);
  return AllocateRelayEndpointRequest{{*first, *second}, *generation};
}

absl::StatusOr<Message> ParseAllocateResponse(Bytes plaintext, ByteReader r) {
  const auto generation = r.U32();
  if (!generation) return TooShort("peer relay response", plaintext);
  auto endpoint = ParseRelayEndpoint(plaintext, r);
  if (!endpoint.ok()) return endpoint.status();
  return AllocateRelayEndpointResponse{*generation, *std::move(endpoint)};
}

}  // namespace

TxId NewTxId(Rng& rng) {
  TxId txid{};
  rng.Fill(txid);
  return txid;
}

uint32_t PaddingFor(size_t size) {
  constexpr size_t kBoxTag = 16;
  constexpr size_t kPing = 2 + sizeof(TxId) + crypto::NodeKey::kSize;
  constexpr size_t kUnpadded = kHeaderSize + kBoxTag + kPing;
  return size <= kUnpadded ? 0 : static_cast<uint32_t>(size - kUnpadded);
}

std::vector<uint8_t> Encode(const Message& message) {
  ByteWriter w;
  const auto start = [&w](Type type) { w.U8(type).U8(kVersion); };
  std::visit(Overloaded{
                 [&](const Ping& m) {
                   start(kPing);
                   w.Append(m.txid);
                   if (m.node_key) w.Append(m.node_key->bytes());
                   w.Zeros(std::min<size_t>(m.padding, kMaxPingPadding));
                 },
                 [&](const Pong& m) {
                   start(kPong);
                   w.Append(m.txid);
                   Put(w, m.seen);
                 },
                 [&](const CallMeMaybe& m) {
                   start(kCallMeMaybe);
                   Put(w, m.endpoints);
                 },
                 [&](const BindRelayEndpoint& m) {
                   start(kBind);
                   Put(w, m);
                 },
                 [&](const BindRelayEndpointChallenge& m) {
                   start(kBindChallenge);
                   Put(w, m);
                 },
                 [&](const BindRelayEndpointAnswer& m) {
                   start(kBindAnswer);
                   Put(w, m);
                 },
                 [&](const CallMeMaybeVia& m) {
                   start(kCallMeMaybeVia);
                   Put(w, m.endpoint);
                 },
                 [&](const AllocateRelayEndpointRequest& m) {
                   start(kAllocateRequest);
                   for (const auto& client : m.clients)
                     w.Append(client.bytes());
                   w.U32(m.generation);
                 },
                 [&](const AllocateRelayEndpointResponse& m) {
                   start(kAllocateResponse);
                   w.U32(m.generation);
                   Put(w, m.endpoint);
                 },
             },
             message);
  return std::move(w).Take();
}

absl::StatusOr<Message> Parse(Bytes plaintext) {
  ByteReader r(plaintext);
  const auto type = r.U8();
  const auto version = r.U8();
  if (!version) return TooShort("message", plaintext);
  const bool known_version = *version == kVersion;
  switch (*type) {
    case kPing:
      return ParsePing(plaintext, r);
    case kPong:
      return ParsePong(plaintext, r);
    case kCallMeMaybe:
      if (!known_version) return CallMeMaybe{};
      return CallMeMaybe{TakeEndpoints(r)};
    case kBind:
      return ParseBinding<BindRelayEndpoint>(plaintext, r);
    case kBindChallenge:
      return ParseBinding<BindRelayEndpointChallenge>(plaintext, r);
    case kBindAnswer:
      return ParseBinding<BindRelayEndpointAnswer>(plaintext, r);
    case kCallMeMaybeVia:
      if (!known_version) return CallMeMaybeVia{};
      return ParseVia(plaintext, r);
    case kAllocateRequest:
      if (!known_version) return AllocateRelayEndpointRequest{};
      return ParseAllocateRequest(plaintext, r);
    case kAllocateResponse:
      if (!known_version) return AllocateRelayEndpointResponse{};
      return ParseAllocateResponse(plaintext, r);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("disco: unknown message type ", *type));
  }
}

bool LooksLikeDisco(Bytes datagram) {
  return datagram.size() >= kHeaderSize &&
         std::equal(kMagic.begin(), kMagic.end(), datagram.begin());
}

std::optional<crypto::DiscoKey> SenderOf(Bytes datagram) {
  if (!LooksLikeDisco(datagram)) return std::nullopt;
  return crypto::DiscoKey::FromBytes(
      datagram.subspan<kMagic.size(), crypto::kKeySize>());
}

std::vector<uint8_t> Seal(const Message& message,
                          const crypto::DiscoKey& sender,
                          const crypto::BoxSharedKey& shared, Rng& rng) {
  ByteWriter w;
  w.Append(kMagic).Append(sender.bytes());
  w.Append(shared.Seal(rng, Encode(message)));
  return std::move(w).Take();
}

absl::StatusOr<Message> Open(Bytes datagram,
                             const crypto::BoxSharedKey& shared) {
  if (!LooksLikeDisco(datagram)) {
    return absl::InvalidArgumentError("disco: no disco header");
  }
  const auto plaintext =
      shared.Open(datagram.subspan(kMagic.size() + crypto::kKeySize));
  if (!plaintext) {
    return absl::InvalidArgumentError("disco: not sealed with the shared key");
  }
  return Parse(*plaintext);
}

}  // namespace warren::disco
