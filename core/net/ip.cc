#include "core/net/ip.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace warren::net {
namespace {

constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
constexpr uint32_t kRelayAddress = 0x7f030328;  // 127.3.3.40

// SimpleAtoi would also take signs and white space.
bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

std::optional<uint32_t> ParseV4(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() != 4) return std::nullopt;
  uint32_t value = 0;
  for (absl::string_view part : parts) {
    uint32_t byte = 0;
    if (part.size() > 3 || !IsDigits(part) ||
        (part.size() > 1 && part[0] == '0') || !absl::SimpleAtoi(part, &byte) ||
        byte > 255) {
      return std::nullopt;
    }
    value = value << 8 | byte;
  }
  return value;
}

// Appends the 16-bit groups of one side of a "::". An IPv4 tail is allowed
// when `last`.
bool AppendGroups(absl::string_view text, bool last,
                  std::vector<uint8_t>& out) {
  if (text.empty()) return true;
  const std::vector<absl::string_view> groups = absl::StrSplit(text, ':');
  for (size_t i = 0; i < groups.size(); ++i) {
    const absl::string_view group = groups[i];
    if (last && i + 1 == groups.size() &&
        group.find('.') != absl::string_view::npos) {
      const auto v4 = ParseV4(group);
      if (!v4) return false;
      for (int shift = 24; shift >= 0; shift -= 8) {
        out.push_back(static_cast<uint8_t>(*v4 >> shift));
      }
      return true;
    }
    uint32_t value = 0;
    if (group.empty() || group.size() > 4 ||
        !std::all_of(group.begin(), group.end(),
                     [](unsigned char c) { return absl::ascii_isxdigit(c); }) ||
        !absl::SimpleHexAtoi(group, &value)) {
      return false;
    }
    out.push_back(static_cast<uint8_t>(value >> 8));
    out.push_back(static_cast<uint8_t>(value));
  }
  return true;
}

std::optional<std::array<uint8_t, 16>> ParseV6(absl::string_view text) {
  std::vector<uint8_t> head, tail;
  const size_t gap = text.find("::");
  if (gap == absl::string_view::npos) {
    if (!AppendGroups(text, true, head) || head.size() != 16) {
      return std::nullopt;
    }
  } else {
    if (!AppendGroups(text.substr(0, gap), false, head) ||
        !AppendGroups(text.substr(gap + 2), true, tail) ||
        head.size() + tail.size() > 14) {
      return std::nullopt;
    }
  }
  std::array<uint8_t, 16> out{};
  std::copy(head.begin(), head.end(), out.begin());
  std::copy(tail.begin(), tail.end(), out.end() - tail.size());
  return out;
}

// RFC 5952: the longest run of two or more zero groups becomes "::".
std::string FormatV6(const std::array<uint8_t, 16>& bytes) {
  int best_start = -1, best_length = 1;
  for (int i = 0; i < 8; ++i) {
    int length = 0;
    while (i + length < 8 && LoadBe16(&bytes[2 * (i + length)]) == 0) ++length;
    if (length > best_length) best_start = i, best_length = length;
    i += length > 0 ? length - 1 : 0;
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == best_start) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    absl::StrAppend(&out, absl::Hex(LoadBe16(&bytes[2 * i])));
  }
  return out;
}

}  // namespace

IpAddress IpAddress::V4(uint32_t host_order) {
  IpAddress a;
  StoreBe32(a.bytes_.data(), host_order);
  return a;
}

IpAddress IpAddress::V4(std::span<const uint8_t, 4> bytes) {
  return V4(LoadBe32(bytes.data()));
}

IpAddress IpAddress::V6(std::span<const uint8_t, 16> bytes) {
  if (std::equal(std::begin(kMappedPrefix), std::end(kMappedPrefix),
                 bytes.begin())) {
    return V4(LoadBe32(bytes.data() + 12));
  }
  IpAddress a;
  a.family_ = Family::kV6;
  std::copy(bytes.begin(), bytes.end(), a.bytes_.begin());
  return a;
}

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  if (const auto v4 = ParseV4(text)) return V4(*v4);
  if (text.find(':') != absl::string_view::npos) {
    if (const auto v6 = ParseV6(text)) return V6(*v6);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not an IP address"));
}

std::array<uint8_t, 16> IpAddress::Mapped16() const {
  if (is_v6()) return bytes_;
  std::array<uint8_t, 16> out{};
  std::copy(std::begin(kMappedPrefix), std::end(kMappedPrefix), out.begin());
  std::copy(bytes_.begin(), bytes_.begin() + 4, out.begin() + 12);
  return out;
}

std::string IpAddress::ToString() const {
  if (is_v6()) return FormatV6(bytes_);
  return absl::StrCat(bytes_[0], ".", bytes_[1], ".", bytes_[2], ".",
                      bytes_[3]);
}

bool IpAddress::IsUnspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(),
                     [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsLoopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1,
                                        [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsMulticast() const {
  return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::IsLinkLocal() const {
  if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::IsPrivate() const {
  if (is_v6()) return (bytes_[0] & 0xfe) == 0xfc;
  return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) ||
         (bytes_[0] == 192 && bytes_[1] == 168);
}

bool IpAddress::IsTailnet() const {
  if (is_v4()) return bytes_[0] == 100 && (bytes_[1] & 0xc0) == 64;
  constexpr uint8_t kPrefix[6] = {0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0};
  return std::equal(std::begin(kPrefix), std::end(kPrefix), bytes_.begin());
}

IpPrefix::IpPrefix(const IpAddress& address, int bits) {
  const int length = address.is_v4() ? 32 : 128;
  bits_ = std::clamp(bits, 0, length);
  std::array<uint8_t, 16> masked{};
  std::copy(address.bytes().begin(), address.bytes().end(), masked.begin());
  for (int bit = bits_; bit < length; ++bit) {
    masked[static_cast<size_t>(bit / 8)] &=
        static_cast<uint8_t>(~(0x80 >> (bit % 8)));
  }
  address_ =
      address.is_v4()
          ? IpAddress::V4(std::span<const uint8_t, 16>(masked).first<4>())
          : IpAddress::V6(masked);
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  WARREN_ASSIGN_OR_RETURN(const IpAddress address,
                          IpAddress::Parse(text.substr(0, slash)));
  if (slash == absl::string_view::npos) return Single(address);
  int bits = 0;
  const absl::string_view digits = text.substr(slash + 1);
  if (digits.size() > 3 || !IsDigits(digits) ||
      !absl::SimpleAtoi(digits, &bits) || bits > (address.is_v4() ? 32 : 128)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" has a bad prefix length"));
  }
  const IpPrefix prefix(address, bits);
  if (prefix.address() != address) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" has bits set beyond its prefix length; ",
                     "write ", prefix.ToString()));
  }
  return prefix;
}

IpPrefix IpPrefix::Single(const IpAddress& address) {
  return IpPrefix(address, 128);
}

bool IpPrefix::Contains(const IpAddress& address) const {
  return address.family() == address_.family() &&
         IpPrefix(address, bits_).address_ == address_;
}

bool IpPrefix::Contains(const IpPrefix& other) const {
  return other.bits_ >= bits_ && Contains(other.address_);
}

std::string IpPrefix::ToString() const {
  return absl::StrCat(address_.ToString(), "/", bits_);
}

Endpoint Endpoint::Relay(RelayId relay) {
  return Endpoint(IpAddress::V4(kRelayAddress), relay.value());
}

bool Endpoint::IsRelay() const {
  return address_.is_v4() && address_.v4() == kRelayAddress;
}

absl::StatusOr<Endpoint> Endpoint::Parse(absl::string_view text) {
  const auto refuse = [text] {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is not an address and port, like 192.0.2.1:41641"));
  };
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return refuse();
  absl::string_view host = text.substr(0, colon);
  const bool bracketed =
      absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  const auto address = IpAddress::Parse(host);
  const absl::string_view digits = text.substr(colon + 1);
  uint32_t port = 0;
  const bool is_v6_text = host.find(':') != absl::string_view::npos;
  if (!address.ok() || bracketed != is_v6_text || digits.size() > 5 ||
      !IsDigits(digits) || !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return refuse();
  }
  return Endpoint(*address, static_cast<uint16_t>(port));
}

std::string Endpoint::ToString() const {
  if (IsRelay()) return absl::StrCat("relay ", port_);
  return address_.is_v4() ? absl::StrCat(address_.ToString(), ":", port_)
                          : absl::StrCat("[", address_.ToString(), "]:", port_);
}

}  // namespace warren::net
