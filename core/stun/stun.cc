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
constexpr uint16_t kXorMappedAddress = 0x0020;
constexpr uint16_t kXorMappedAddressDraft = 0x8020;
constexpr uint16_t kSoftware = 0x8022;
constexpr uint16_t kFingerprint = 0x8028;
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

}  // namespace

TxId NewTxId(Rng& rng) {
  TxId txid{};
  rng.Fill(txid);
  return txid;
}

std::array<uint8_t, kRequestSize> BuildRequest(const TxId& txid) {
  std::array<uint8_t, kRequestSize> out{};
  StoreBe16(&out[0], kBindingRequest);
  StoreBe16(&out[2], kRequestSize - kHeaderSize);
  StoreBe32(&out[4], kCookie);
  std::copy(txid.begin(), txid.end(), &out[8]);
  StoreBe16(&out[20], kSoftware);
  StoreBe16(&out[22], 8);
  std::copy_n(kOurSoftware, 8, &out[24]);
  StoreBe16(&out[32], kFingerprint);
  StoreBe16(&out[34], 4);
  StoreBe32(&out[36], Fingerprint(Bytes(out).first(32)));
  return out;
}

bool IsStun(Bytes datagram) {
  return datagram.size() >= kHeaderSize && (datagram[0] & 0xc0) == 0 &&
         datagram[1] == 0x01 && LoadBe32(&datagram[4]) == kCookie;
}

std::optional<TxId> ParseRequest(Bytes datagram, Answer whom) {
  if (!IsStun(datagram) || LoadBe16(&datagram[0]) != kBindingRequest) {
    return std::nullopt;
  }
  bool ours = false;
  bool fingerprint_last = false;
  ByteReader r(datagram.subspan(kHeaderSize));
  while (r.remaining() > 0) {
    const size_t start = datagram.size() - r.remaining();
    const auto attribute = NextAttribute(r);
    // Nothing may follow a FINGERPRINT (RFC 8489 §14.7).
    if (!attribute || fingerprint_last) return std::nullopt;
    if (attribute->type == kSoftware) {
      ours |= AsText(attribute->value) == kOurSoftware;
    } else if (attribute->type == kFingerprint) {
      if (attribute->value.size() != 4 ||
          LoadBe32(attribute->value.data()) !=
              Fingerprint(datagram.first(start))) {
        return std::nullopt;
      }
      fingerprint_last = true;
    }
  }
  if (whom == Answer::kTailnetClients && !(ours && fingerprint_last)) {
    return std::nullopt;
  }
  TxId txid{};
  std::copy_n(&datagram[8], txid.size(), txid.begin());
  return txid;
}

ResponseBytes BuildResponse(const TxId& txid, const net::Endpoint& seen) {
  const Bytes address = seen.address().bytes();
  ResponseBytes out{};
  out.size = kHeaderSize + 8 + address.size();
  uint8_t* p = out.bytes.data();
  StoreBe16(p, kBindingSuccess);
  StoreBe16(p + 2, static_cast<uint16_t>(out.size - kHeaderSize));
  StoreBe32(p + 4, kCookie);
  std::copy(txid.begin(), txid.end(), p + 8);
  StoreBe16(p + 20, kXorMappedAddress);
  StoreBe16(p + 22, static_cast<uint16_t>(4 + address.size()));
  p[25] = seen.address().is_v4() ? kFamilyV4 : kFamilyV6;
  const auto mask = XorMask(txid);
  StoreBe16(p + 26, static_cast<uint16_t>(seen.port() ^ LoadBe16(&mask[0])));
  for (size_t i = 0; i < address.size(); ++i) {
    p[28 + i] = static_cast<uint8_t>(address[i] ^ mask[i]);
  }
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
  std::optional<net::Endpoint> plain;
  while (r.remaining() > 0) {
    const auto attribute = NextAttribute(r);
    if (!attribute) {
      return absl::InvalidArgumentError("STUN: attribute runs past the end");
    }
    const bool masked = attribute->type == kXorMappedAddress ||
                        attribute->type == kXorMappedAddressDraft;
    if (!masked && attribute->type != kMappedAddress) continue;
    const auto seen = ParseAddress(
        attribute->value, masked ? XorMask(*txid) : std::array<uint8_t, 16>{});
    if (!seen) {
      return absl::InvalidArgumentError("STUN: malformed address attribute");
    }
    if (masked) return Response{*txid, *seen};
    plain = seen;
  }
  if (!plain)
    return absl::InvalidArgumentError("STUN: response has no address");
  return Response{*txid, *plain};
}

}  // namespace warren::stun
