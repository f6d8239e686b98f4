#include "core/policy/address.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::policy {
namespace {

using net::IpAddress;
using net::IpPrefix;

IpAddress FromBytes(net::Family family, const std::array<uint8_t, 16>& bytes) {
  if (family == net::Family::kV4) {
    return IpAddress::V4(std::span<const uint8_t, 4>(bytes.data(), 4));
  }
  return IpAddress::V6(bytes);
}

std::array<uint8_t, 16> BytesOf(const IpAddress& address) {
  std::array<uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  return bytes;
}

// The address `step` (1 or -1) beside; nullopt beyond the family's ends. An
// IPv6 address never becomes a v4-mapped one by this: that range is not used.
std::optional<IpAddress> Beside(const IpAddress& address, int step) {
  std::array<uint8_t, 16> bytes = BytesOf(address);
  for (size_t i = address.bytes().size(); i-- > 0;) {
    bytes[i] = static_cast<uint8_t>(bytes[i] + step);
    const bool carried = step > 0 ? bytes[i] == 0 : bytes[i] == 0xff;
    if (!carried) return FromBytes(address.family(), bytes);
  }
  return std::nullopt;
}

AddressText Named(const char* first, const char* last) {
  const AddressRange range{IpAddress::Parse(first).value(),
                           IpAddress::Parse(last).value()};
  return TextOf(range);
}

}  // namespace

AddressRange RangeOf(const IpPrefix& prefix) {
  std::array<uint8_t, 16> bytes = BytesOf(prefix.address());
  const size_t size = prefix.address().bytes().size();
  for (size_t bit = static_cast<size_t>(prefix.bits()); bit < size * 8; ++bit) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] | (0x80 >> (bit % 8)));
  }
  return {prefix.address(), FromBytes(prefix.address().family(), bytes)};
}

bool Overlap(const AddressRange& a, const AddressRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

bool AddressText::Overlaps(const AddressRange& other) const {
  return std::ranges::any_of(
      ranges, [&](const AddressRange& r) { return Overlap(r, other); });
}

AddressText TextOf(const IpAddress& address) {
  return {address.ToString(), {{address, address}}};
}

AddressText TextOf(const IpPrefix& prefix) {
  const AddressRange range = RangeOf(prefix);
  if (range.first == range.last) return TextOf(range.first);
  return {prefix.ToString(), {range}};
}

AddressText TextOf(const AddressRange& range) {
  const int length = range.first.is_v4() ? 32 : 128;
  for (int bits = length; bits >= 0; --bits) {
    const IpPrefix prefix(range.first, bits);
    if (prefix.address() != range.first) break;
    if (RangeOf(prefix).last == range.last) return TextOf(prefix);
  }
  return {absl::StrCat(range.first.ToString(), "-", range.last.ToString()),
          {range}};
}

const AddressText& EveryAddress() {
  static const AddressText* const every =
      new AddressText{"*",
                      {RangeOf(IpPrefix::Parse("0.0.0.0/0").value()),
                       RangeOf(IpPrefix::Parse("::/0").value())}};
  return *every;
}

const AddressTexts& TailnetAddresses() {
  static const AddressTexts* const texts = [] {
    auto* list = new AddressTexts{
        Named("100.64.0.0", "100.115.91.255"),
        Named("100.115.94.0", "100.127.255.255"),
        TextOf(IpPrefix::Parse("fd7a:115c:a1e0::/48").value())};
    std::ranges::sort(*list);
    return list;
  }();
  return *texts;
}

const AddressTexts& InternetAddresses() {
  static const AddressTexts* const texts = [] {
    auto* list =
        new AddressTexts{Named("0.0.0.0", "9.255.255.255"),
                         Named("11.0.0.0", "100.63.255.255"),
                         Named("100.128.0.0", "169.253.255.255"),
                         Named("169.255.0.0", "172.15.255.255"),
                         Named("172.32.0.0", "192.167.255.255"),
                         Named("192.169.0.0", "255.255.255.255"),
                         {"2000::-3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                          {RangeOf(IpPrefix::Parse("2000::/3").value())}}};
    std::ranges::sort(*list);
    return list;
  }();
  return *texts;
}

void AddressSet::Add(const AddressRange& range) {
  AddressRange joined = range;
  std::vector<AddressRange> kept;
  for (const AddressRange& old : ranges_) {
    const auto after = Beside(old.last, 1);
    const auto before = Beside(old.first, -1);
    const bool touches = Overlap(old, joined) ||
                         (after.has_value() && *after == joined.first) ||
                         (before.has_value() && *before == joined.last);
    if (!touches) {
      kept.push_back(old);
      continue;
    }
    joined.first = std::min(joined.first, old.first);
    joined.last = std::max(joined.last, old.last);
  }
  kept.insert(std::ranges::upper_bound(kept, joined), joined);
  ranges_ = std::move(kept);
}

void AddressSet::Remove(const AddressRange& range) {
  std::vector<AddressRange> kept;
  for (const AddressRange& old : ranges_) {
    if (!Overlap(old, range)) {
      kept.push_back(old);
      continue;
    }
    if (old.first < range.first) {
      kept.push_back({old.first, *Beside(range.first, -1)});
    }
    if (range.last < old.last)
      kept.push_back({*Beside(range.last, 1), old.last});
  }
  ranges_ = std::move(kept);
}

}  // namespace warren::policy
