#include "client/daemon/nat64.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/bytes.h"

namespace warren::client {
namespace {

constexpr char kName[] = "ipv4only.arpa";
constexpr size_t kPrefixSize = 12;  // bytes
constexpr uint32_t kWellKnown[] = {0xc00000aa, 0xc00000ab};

}  // namespace

std::optional<net::IpAddress> Nat64PrefixFrom(
    const std::vector<net::IpAddress>& addresses) {
  for (const net::IpAddress& address : addresses) {
    if (!address.is_v6()) continue;
    std::array<uint8_t, 16> bytes = address.Mapped16();
    const uint32_t embedded = LoadBe32(bytes.data() + kPrefixSize);
    if (std::ranges::find(kWellKnown, embedded) == std::end(kWellKnown)) {
      continue;
    }
    std::fill(bytes.begin() + kPrefixSize, bytes.end(), uint8_t{0});
    return net::IpAddress::V6(bytes);
  }
  return std::nullopt;
}

Nat64Discovery::Nat64Discovery(io::EventLoop& loop, Resolver& resolver,
                               std::function<void()> changed)
    : loop_(loop), resolver_(resolver), changed_(std::move(changed)) {}

void Nat64Discovery::OnLinkChange(const engine::LinkState& link) {
  const uint32_t interface =
      link.default_v4_interface == 0 ? link.default_v6_interface : 0;
  // On the same link the old answer holds until there is a new one.
  if (interface != interface_) prefix_.reset();
  interface_ = interface;
  num_tries_ = 0;
  retry_at_ = Instant::Never();
  if (interface == 0) {
    ++question_;
  } else {
    Ask();
  }
}

void Nat64Discovery::Ask() {
  ++num_tries_;
  resolver_.Resolve(kName, [this, question = ++question_](
                               std::vector<net::IpAddress> addresses) {
    if (question == question_) OnAnswer(addresses);
  });
}

void Nat64Discovery::OnAnswer(const std::vector<net::IpAddress>& addresses) {
  if (addresses.empty() && num_tries_ < kMaxTries) {
    absl::Duration wait = kFirstRetry;
    for (int i = 1; i < num_tries_; ++i) wait *= 4;
    retry_at_ = loop_.Now() + wait;
    return;
  }
  const auto found = Nat64PrefixFrom(addresses);
  if (found == prefix_) return;
  prefix_ = found;
  changed_();
}

void Nat64Discovery::OnTimeout(Instant now) {
  if (now < retry_at_) return;
  retry_at_ = Instant::Never();
  Ask();
}

}  // namespace warren::client
