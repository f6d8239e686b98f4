#include "core/engine/peer_note.h"

#include <utility>

#include "core/base/check.h"
#include "core/base/overloaded.h"

namespace warren::engine {
namespace {

constexpr uint8_t kVersion = 1;
enum Kind : uint8_t {
  kNat = 1,
  kPunch = 2,
  kWhyRequest = 3,
  kWhyPiece = 4,
};
constexpr size_t kEndpointSize = 18;
static_assert(kNoteHeaderSize + kWhyPieceHeaderSize + kMaxWhyBytes ==
              kMaxNoteSize);

void Put(ByteWriter& w, const net::Endpoint& endpoint) {
  if (!endpoint.IsSet()) {
    w.Zeros(kEndpointSize);
    return;
  }
  w.Append(endpoint.address().Mapped16()).U16(endpoint.port());
}
void Put(ByteWriter& w, const std::optional<bool>& known) {
  w.U8(static_cast<uint8_t>(known ? 1 + *known : 0));
}

void PutBody(ByteWriter& w, const NatNote& note) {
  const net::NatBehavior& nat = note.behavior;
  Put(w, nat.translates);
  w.U8(static_cast<uint8_t>(nat.mapping));
  w.U8(static_cast<uint8_t>(nat.filtering));
  w.U8(static_cast<uint8_t>(nat.ports));
  w.U16(static_cast<uint16_t>(nat.port_step));
  Put(w, nat.hairpins);
  w.U8(note.udp_works);
  Put(w, note.mapped);
}
void PutBody(ByteWriter& w, const PunchNote& note) {
  w.U32(note.generation).U8(note.answer);
  Put(w, note.mapped);
  w.U16(note.ports.first).U16(static_cast<uint16_t>(note.ports.step));
  w.U16(note.ports.count).U16(note.num_sockets);
}
void PutBody(ByteWriter& w, const WhyRequest& note) { w.U32(note.id); }
void PutBody(ByteWriter& w, const WhyPiece& note) {
  WARREN_CHECK(note.bytes.size() <= kMaxWhyBytes);
  w.U32(note.id).U8(note.number).U8(note.num_pieces).Append(note.bytes);
}

// Not set unless it is an IPv4 address and port.
std::optional<net::Endpoint> TakeEndpoint(ByteReader& r) {
  if (r.remaining() < kEndpointSize) return std::nullopt;
  const auto address = net::IpAddress::V6(*r.Array<16>());
  const net::Endpoint endpoint(address, *r.U16());
  return address.is_v4() && endpoint.IsSet() ? endpoint : net::Endpoint();
}
// What a later version may add is unknown to this one.
template <class Enum>
Enum Known(uint8_t value, Enum last) {
  return value <= static_cast<uint8_t>(last) ? static_cast<Enum>(value)
                                             : Enum{};
}
std::optional<bool> KnownBool(uint8_t value) {
  if (value == 1) return false;
  if (value == 2) return true;
  return std::nullopt;
}

std::optional<PeerNote> TakeNat(ByteReader& r) {
  const auto head = r.Array<8>();
  const auto mapped = TakeEndpoint(r);
  if (!head || !mapped) return std::nullopt;
  const auto& h = *head;
  NatNote note;
  net::NatBehavior& nat = note.behavior;
  nat.translates = KnownBool(h[0]);
  nat.mapping = Known(h[1], net::Dependence::kAddressAndPortDependent);
  nat.filtering = Known(h[2], net::Dependence::kAddressAndPortDependent);
  nat.ports = Known(h[3], net::PortAllocation::kRandom);
  nat.port_step = static_cast<int16_t>(LoadBe16(h.data() + 4));
  if (nat.ports != net::PortAllocation::kSequential) {
    nat.port_step = 0;
  } else if (nat.port_step == 0) {
    nat.ports = net::PortAllocation::kUnknown;
  }
  nat.hairpins = KnownBool(h[6]);
  note.udp_works = h[7] == 1;
  note.mapped = *mapped;
  return note;
}
std::optional<PeerNote> TakePunch(ByteReader& r) {
  const auto head = r.Array<5>();
  const auto mapped = TakeEndpoint(r);
  const auto tail = r.Array<8>();
  if (!head || !mapped || !tail) return std::nullopt;
  PunchNote note;
  note.generation = LoadBe32(head->data());
  note.answer = (*head)[4] == 1;
  note.mapped = *mapped;
  note.ports.first = LoadBe16(tail->data());
  note.ports.step = static_cast<int16_t>(LoadBe16(tail->data() + 2));
  note.ports.count = LoadBe16(tail->data() + 4);
  note.num_sockets = LoadBe16(tail->data() + 6);
  return note;
}
std::optional<PeerNote> TakeWhyRequest(ByteReader& r) {
  const auto id = r.U32();
  if (!id) return std::nullopt;
  return WhyRequest{*id};
}
std::optional<PeerNote> TakeWhyPiece(ByteReader& r) {
  const auto head = r.Array<kWhyPieceHeaderSize>();
  if (!head || r.remaining() > kMaxWhyBytes) return std::nullopt;
  WhyPiece piece;
  piece.id = LoadBe32(head->data());
  piece.number = (*head)[4];
  piece.num_pieces = (*head)[5];
  piece.bytes.assign(r.rest().begin(), r.rest().end());
  if (piece.number >= piece.num_pieces) return std::nullopt;
  return piece;
}

}  // namespace

std::vector<uint8_t> EncodeNote(const PeerNote& note) {
  ByteWriter w;
  w.U8(kNoteType).U8(kVersion);
  w.U8(std::visit(Overloaded{
                      [](const NatNote&) { return Kind::kNat; },
                      [](const PunchNote&) { return Kind::kPunch; },
                      [](const WhyRequest&) { return Kind::kWhyRequest; },
                      [](const WhyPiece&) { return Kind::kWhyPiece; },
                  },
                  note));
  std::visit([&](const auto& body) { PutBody(w, body); }, note);
  return std::move(w).Take();
}

std::optional<PeerNote> ParseNote(Bytes payload) {
  ByteReader r(payload);
  const auto head = r.Array<kNoteHeaderSize>();
  if (!head || (*head)[0] != kNoteType || (*head)[1] != kVersion) {
    return std::nullopt;
  }
  switch ((*head)[2]) {
    case Kind::kNat:
      return TakeNat(r);
    case Kind::kPunch:
      return TakePunch(r);
    case Kind::kWhyRequest:
      return TakeWhyRequest(r);
    case Kind::kWhyPiece:
      return TakeWhyPiece(r);
    default:
      return std::nullopt;
  }
}

}  // namespace warren::engine
