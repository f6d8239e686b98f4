#include "core/stun/stun.h"

#include <algorithm>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace warren::stun {
namespace {

constexpr uint16_t kBindingRequest = 0x0001;
constexpr uint16_t kBindingSuccess = 0x0101;
constexpr uint32_t kCookie = 0x2112a442;
constexpr uint16_t kMappedAddress = 0x0001;
constexpr uint16_t kChangeRequest = 0x0003;
constexpr uint16_t kXorMappedAddress = 0x0020;
constexpr uint16_t kXorMappedAddressDraft = 0x8020;
constexpr uint16_t kSoftware = 0x8022;
constexpr uint16_t kFingerprint = 0x8028;
constexpr uint16_t kOtherAddress = 0x802c;
constexpr uint32_t kChangePort = 0x02;            // RFC 5780 §7.2
constexpr uint32_t kFingerprintXor = 0x5354554e;  // "STUN", RFC 8489 §14.7
constexpr char kOurSoftware[] = "tailnode";
constexpr uint8_t kFamilyV4 = 1;
constexpr uint8_t kFamilyV6 = 2;

// CRC-32/ISO-HDLC (ITU-T V.42), bit by bit: 32 bytes of a request.
uint32_t Crc32(Bytes bytes) {
  uint32_t crc = 0xffffffff;
  for (uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
    }
  }
  return ~crc;
}

uint32_t Fingerprint(Bytes before) { return Crc32(before) ^ kFingerprintXor; }

struct Attribute {
  uint16_t type;
  Bytes value;
};

// The next attribute, its padding consumed. nullopt: it runs past the end.
std::optional<Attribute> NextAttribute(ByteReader& r) {
  const auto type = r.U16();
  const auto size = r.U16();
  const auto value = size ? r.Take(*size) : std::nullopt;
  if (!value || !r.Take(-static_cast<size_t>(*size) & 3u)) return std::nullopt;
  return Attribute{*type, *value};
}

// The mask of XOR-MAPPED-ADDRESS: cookie, then transaction id (§14.2).
std::array<uint8_t, 16> XorMask(const TxId& txid) {
  std::array<uint8_t, 16> mask;
  StoreBe32(mask.data(), kCookie);
  std::copy(txid.begin(), txid.end(), mask.begin() + 4);
  return mask;
}

// The value of MAPPED-ADDRESS or, with a mask, of XOR-MAPPED-ADDRESS.
std::optional<net::Endpoint> ParseAddress(Bytes value,
                                          const std::array<uint8_t, 16>& mask) {
  ByteReader r(value);
  if (!r.U8()) return std::nullopt;  // Reserved.
  const auto family = r.U8();
  const auto port = r.U16();
  if (!port) return std::nullopt;
  const size_t size = *family == kFamilyV4 ? 4 : 16;
  const auto masked = r.Take(size);
  if (!masked || (*family != kFamilyV4 && *family != kFamilyV6)) {
    return std::nullopt;
  }
  std::array<uint8_t, 16> raw{};
  for (size_t i = 0; i < size; ++i) {
    raw[i] = static_cast<uint8_t>((*masked)[i] ^ mask[i]);
  }
  const auto unmasked_port = static_cast<uint16_t>(*port ^ LoadBe16(&mask[0]));
  if (*family == kFamilyV4) {
    return net::Endpoint(
        net::IpAddress::V4(std::span<const uint8_t, 16>(raw).first<4>()),
        unmasked_port);
  }
  return net::Endpoint(net::IpAddress::V6(raw), unmasked_port);
}

// Header and SOFTWARE: the first 32 bytes.
void StartRequest(const TxId& txid, std::span<uint8_t> out) {
  StoreBe16(&out[0], kBindingRequest);
  StoreBe16(&out[2], static_cast<uint16_t>(out.size() - kHeaderSize));
  StoreBe32(&out[4], kCookie);
  std::copy(txid.begin(), txid.end(), &out[8]);
  StoreBe16(&out[20], kSoftware);
  StoreBe16(&out[22], 8);
  std::copy_n(kOurSoftware, 8, &out[24]);
}

// FINGERPRINT: the last 8 bytes.
void EndRequest(std::span<uint8_t> out) {
  const size_t at = out.size() - 8;
  StoreBe16(&out[at], kFingerprint);
  StoreBe16(&out[at + 2], 4);
  StoreBe32(&out[at + 4], Fingerprint(Bytes(out).first(at)));
}

}  // namespace

TxId NewTxId(Rng& rng) {
  TxId txid{};
  rng.Fill(txid);
  return txid;
}

std::array<uint8_t, kRequestSize> BuildRequest(const TxId& txid) {
  std::array<uint8_t, kRequestSize> out{};
  StartRequest(txid, out);
  EndRequest(out);
  return out;
}

std::array<uint8_t, kExtendedRequestSize> BuildExtendedRequest(
    const TxId& txid, bool change_port) {
  std::array<uint8_t, kExtendedRequestSize> out{};
  StartRequest(txid, out);
  StoreBe16(&out[32], kChangeRequest);
  StoreBe16(&out[34], 4);
  StoreBe32(&out[36], change_port ? kChangePort : 0);
  EndRequest(out);
  return out;
}

bool IsStun(Bytes datagram) {
  return datagram.size() >= kHeaderSize && (datagram[0] & 0xc0) == 0 &&
         datagram[1] == 0x01 && LoadBe32(&datagram[4]) == kCookie;
}

std::optional<Request> ParseRequest(Bytes datagram, Answer whom) {
  if (!IsStun(datagram) || LoadBe16(&datagram[0]) != kBindingRequest) {
    return std::nullopt;
  }
  bool ours = false;
  bool fingerprint_last = false;
  std::optional<uint32_t> change;
  ByteReader r(datagram.subspan(kHeaderSize));
  while (r.remaining() > 0) {
    const size_t start = datagram.size() - r.remaining();
    const auto attribute = NextAttribute(r);
    // Nothing may follow a FINGERPRINT (RFC 8489 §14.7).
    if (!attribute || fingerprint_last) return std::nullopt;
    if (attribute->type == kSoftware) {
      ours |= AsText(attribute->value) == kOurSoftware;
    } else if (attribute->type == kChangeRequest) {
      if (attribute->value.size() != 4) return std::nullopt;
      change = LoadBe32(attribute->value.data());
    } else if (attribute->type == kFingerprint) {
      if (attribute->value.size() != 4 ||
          LoadBe32(attribute->value.data()) !=
              Fingerprint(datagram.first(start))) {
        return std::nullopt;
      }
      fingerprint_last = true;
    }
  }
  const bool tailnet = ours && fingerprint_last;
  if (whom == Answer::kTailnetClients && !tailnet) return std::nullopt;
  Request request;
  std::copy_n(&datagram[8], request.txid.size(), request.txid.begin());
  request.extended = tailnet && change.has_value();
  request.change_port = request.extended && *change == kChangePort;
  // A change that we do not make: an answer from here would mislead.
  const bool unheeded = change.value_or(0) != 0 && !request.change_port;
  if (unheeded) return std::nullopt;
  return request;
}

ResponseBytes BuildResponse(const Request& request, const net::Endpoint& seen,
                            uint16_t other_port) {
  const Bytes address = seen.address().bytes();
  ResponseBytes out{};
  out.size = kHeaderSize + 8 + address.size();
  uint8_t* p = out.bytes.data();
  StoreBe16(p, kBindingSuccess);
  StoreBe32(p + 4, kCookie);
  std::copy(request.txid.begin(), request.txid.end(), p + 8);
  StoreBe16(p + 20, kXorMappedAddress);
  StoreBe16(p + 22, static_cast<uint16_t>(4 + address.size()));
  p[25] = seen.address().is_v4() ? kFamilyV4 : kFamilyV6;
  const auto mask = XorMask(request.txid);
  StoreBe16(p + 26, static_cast<uint16_t>(seen.port() ^ LoadBe16(&mask[0])));
  for (size_t i = 0; i < address.size(); ++i) {
    p[28 + i] = static_cast<uint8_t>(address[i] ^ mask[i]);
  }
  if (request.extended && other_port != 0) {
    uint8_t* other = p + out.size;
    StoreBe16(other, kOtherAddress);
    StoreBe16(other + 2, 8);
    other[5] = kFamilyV4;
    StoreBe16(other + 6, other_port);
    out.size += 12;
  }
  StoreBe16(p + 2, static_cast<uint16_t>(out.size - kHeaderSize));
  return out;
}

absl::StatusOr<Response> ParseResponse(Bytes datagram) {
  ByteReader header(datagram);
  const auto type = header.U16();
  const auto length = header.U16();
  const auto cookie = header.U32();
  const auto txid = header.Array<12>();
  if (!txid || *type != kBindingSuccess || *cookie != kCookie ||
      *length > header.remaining()) {
    return absl::InvalidArgumentError(
        absl::StrCat("STUN: no success response in a datagram of ",
                     datagram.size(), " bytes"));
  }
  ByteReader r(header.rest().first(*length));
  Response response{*txid, {}, 0};
  bool has_address = false;
  bool known = false;  // by XOR-MAPPED-ADDRESS: MAPPED-ADDRESS may be mangled
  while (r.remaining() > 0) {
    const auto attribute = NextAttribute(r);
    if (!attribute) {
      return absl::InvalidArgumentError("STUN: attribute runs past the end");
    }
    const bool masked = attribute->type == kXorMappedAddress ||
                        attribute->type == kXorMappedAddressDraft;
    const bool other = attribute->type == kOtherAddress;
    if (!masked && !other && attribute->type != kMappedAddress) continue;
    const auto address = ParseAddress(
        attribute->value, masked ? XorMask(*txid) : std::array<uint8_t, 16>{});
    if (!address) {
      return absl::InvalidArgumentError("STUN: malformed address attribute");
    }
    if (other) {
      response.other_port = address->port();
    } else if (!known) {
      response.seen = *address;
      known = masked;
    }
    has_address |= !other;
  }
  if (!has_address) {
    return absl::InvalidArgumentError("STUN: response has no address");
  }
  return response;
}

}  // namespace warren::stun
