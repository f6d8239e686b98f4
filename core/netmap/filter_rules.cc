#include "core/netmap/filter_rules.h"

#include <algorithm>
#include <array>

namespace warren::netmap {
namespace {

// An address as its bits, the first bit first.
using Bits = std::array<uint8_t, 16>;

Bits BitsOf(const net::IpAddress& address) {
  Bits bits{};
  std::ranges::copy(address.bytes(), bits.begin());
  return bits;
}

bool BitAt(const Bits& bits, int at) {
  return (bits[static_cast<size_t>(at / 8)] >> (7 - at % 8) & 1) != 0;
}

struct Splitter {
  Bits first, last;
  bool v4;
  std::vector<net::IpPrefix> out;

  // What of the range lies in the block of `size` bits that begins with
  // `block`; `from`, `to`: whether the range's ends may lie inside it.
  void Split(Bits block, int size, bool from, bool to) {
    const int length = v4 ? 32 : 128;
    const bool whole = (!from || RestIs(first, size, false)) &&
                       (!to || RestIs(last, size, true));
    if (size == length || whole) {
      const net::IpAddress address =
          v4 ? net::IpAddress::V4(std::span(block).first<4>())
             : net::IpAddress::V6(block);
      out.emplace_back(address, size);
      return;
    }
    Bits upper = block;
    upper[static_cast<size_t>(size / 8)] = static_cast<uint8_t>(
        upper[static_cast<size_t>(size / 8)] | 0x80 >> size % 8);
    const bool begins_above = from && BitAt(first, size);
    const bool ends_below = to && !BitAt(last, size);
    if (!begins_above) Split(block, size + 1, from, to && ends_below);
    if (!ends_below) Split(upper, size + 1, from && begins_above, to);
  }

  // Whether all bits from `at` on are `value`.
  bool RestIs(const Bits& bits, int at, bool value) const {
    for (int i = at; i < (v4 ? 32 : 128); ++i) {
      if (BitAt(bits, i) != value) return false;
    }
    return true;
  }
};

void Append(const policy::AddressText& from, std::vector<net::IpPrefix>& to) {
  for (const policy::AddressRange& range : from.ranges) {
    if (range.first == range.last) {
      to.push_back(net::IpPrefix::Single(range.first));
      continue;
    }
    const auto prefixes = PrefixesOf(range);
    to.insert(to.end(), prefixes.begin(), prefixes.end());
  }
}

std::vector<net::IpPrefix> SourcesOf(const policy::FilterRule& rule) {
  std::vector<net::IpPrefix> out;
  if (rule.sources == nullptr) return out;
  out.reserve(rule.sources->size());
  for (const policy::AddressText& text : *rule.sources) Append(text, out);
  return out;
}

}  // namespace

std::vector<net::IpPrefix> PrefixesOf(const policy::AddressRange& range) {
  Splitter splitter{
      BitsOf(range.first), BitsOf(range.last), range.first.is_v4(), {}};
  splitter.Split({}, 0, true, true);
  return splitter.out;
}

std::vector<filter::Rule> RulesOf(const std::vector<policy::FilterRule>& from) {
  std::vector<filter::Rule> out;
  for (const policy::FilterRule& rule : from) {
    if (rule.destinations.empty()) continue;
    filter::Rule& added = out.emplace_back();
    added.protocols = rule.protocols;
    added.sources = SourcesOf(rule);
    for (const policy::FilterDestination& to : rule.destinations) {
      std::vector<net::IpPrefix> prefixes;
      Append(to.address, prefixes);
      for (const net::IpPrefix& prefix : prefixes) {
        added.destinations.push_back({prefix, to.first_port, to.last_port});
      }
    }
  }
  return out;
}

std::vector<CapGrant> GrantsOf(const std::vector<policy::FilterRule>& from) {
  std::vector<CapGrant> out;
  for (const policy::FilterRule& rule : from) {
    for (const policy::CapGrant& grant : rule.cap_grants) {
      out.push_back({SourcesOf(rule), grant.destinations, grant.capabilities});
    }
  }
  return out;
}

std::vector<SshRule> SshRulesOf(
    const std::vector<policy::SshPolicyRule>& from) {
  std::vector<SshRule> out;
  for (const policy::SshPolicyRule& rule : from) {
    out.push_back({rule.principals, rule.ssh_users, rule.action.accept,
                   rule.action.check_period, rule.accept_env, rule.recorders,
                   rule.enforce_recorder});
  }
  return out;
}

}  // namespace warren::netmap
