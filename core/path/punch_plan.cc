#include "core/path/punch_plan.h"

#include <algorithm>
#include <numeric>

#include "core/path/own_node.h"

namespace warren::path {
namespace {

// A NAT that gives out ports in sequence is no longer one when others take
// more than this many between two of ours.
constexpr int kMaxStep = 64;
constexpr int kBlock = 2048;  // ports; RFC 7422 §4 has 1024 as its example
// Linux, ip_local_port_range.
constexpr PortWindow kEphemeral = {32768, 1, 28232};

// Whether a pattern is worth looking for: netcheck may know better.
bool MayBePredictable(const net::NatBehavior& nat) {
  return nat.ports == net::PortAllocation::kSequential ||
         nat.ports == net::PortAllocation::kUnknown;
}

// Lets in the other side whatever port it comes from, so a hard one, too.
bool IsLoose(const net::NatBehavior& nat) {
  return nat.filtering == net::Dependence::kEndpointIndependent ||
         nat.filtering == net::Dependence::kAddressDependent;
}

PortWindow Sequence(std::span<const int> ports, int low, int high) {
  int step = 0;
  for (size_t i = 1; i < ports.size(); ++i) {
    step = std::gcd(step, ports[i] - ports[i - 1]);
  }
  const int most = kMaxStep * static_cast<int>(ports.size() - 1);
  if (step == 0 || high - low > most) return {};
  const bool rising = ports.back() > ports.front();
  const int next = rising ? high + step : low - step;
  return {static_cast<uint16_t>(next),
          static_cast<int16_t>(rising ? step : -step), kMaxSequence};
}

}  // namespace

PunchPlan PlanPunch(const NatNote& mine, const std::optional<NatNote>& theirs) {
  const auto no = [](PunchObstacle obstacle) {
    return PunchPlan{PunchRole::kNone, obstacle};
  };
  if (!theirs) return no(PunchObstacle::kStockPeer);
  if (!mine.udp_works) return no(PunchObstacle::kNoUdpHere);
  if (!theirs->udp_works) return no(PunchObstacle::kNoUdpThere);
  const net::NatBehavior& a = mine.behavior;
  const net::NatBehavior& b = theirs->behavior;
  if ((!a.hard() && !a.easy()) || (!b.hard() && !b.easy())) {
    return no(PunchObstacle::kNatUnknown);
  }
  if (a.easy() && b.easy()) return no(PunchObstacle::kNoHardNat);
  if (!mine.mapped.IsSet() || !theirs->mapped.IsSet() ||
      !IsPunchTarget(theirs->mapped.address(), mine.mapped.address())) {
    return no(PunchObstacle::kNoPublicAddress);
  }
  if (mine.mapped.address() == theirs->mapped.address() && a.hairpins != true) {
    return no(PunchObstacle::kSameAddress);
  }
  if (b.easy()) return {PunchRole::kOpen, PunchObstacle::kNone};
  if (a.easy()) return {PunchRole::kProbe, PunchObstacle::kNone};
  if (IsLoose(a) || IsLoose(b)) {
    const bool we_open =
        IsLoose(a) &&
        (!IsLoose(b) || mine.mapped.address() < theirs->mapped.address());
    return {we_open ? PunchRole::kOpen : PunchRole::kProbe,
            PunchObstacle::kNone};
  }
  if (!MayBePredictable(a) || !MayBePredictable(b)) {
    return no(PunchObstacle::kBothHard);
  }
  return {PunchRole::kMeet, PunchObstacle::kNone};
}

bool IsPunchTarget(const net::IpAddress& target, const net::IpAddress& mine) {
  return target.is_v4() && !target.IsLinkLocal() &&
         IsPlausible({target, kFirstPunchPort}) &&
         (!target.IsPrivate() || mine.IsPrivate());
}

PortWindow PredictPorts(std::span<const net::Endpoint> seen,
                        net::PortAllocation known) {
  std::vector<int> ports;
  for (const net::Endpoint& endpoint : seen) {
    // An address pool: nothing can be said of the next one.
    if (endpoint.address() != seen[0].address()) return {};
    ports.push_back(endpoint.port());
  }
  if (ports.size() > 1) {
    const auto [low, high] = std::ranges::minmax(ports);
    const PortWindow sequence = Sequence(ports, low, high);
    if (sequence.count > 0) return sequence;
    if (high - low < kBlock) {
      const int first =
          std::max<int>(kFirstPunchPort, (low + high - kBlock) / 2);
      const int end = std::min(65536, first + kBlock);
      return {static_cast<uint16_t>(first), 1,
              static_cast<uint16_t>(end - first)};
    }
  }
  return known == net::PortAllocation::kPreserving ? kEphemeral : PortWindow();
}

void PortGuesses::Predict(const PortWindow& window) {
  window_ = window;
  num_predicted_ = 0;
  to_predict_ = std::min<uint32_t>(window.count, kMaxDraws);
}

std::optional<uint16_t> PortGuesses::Next() {
  while (has_predicted()) {
    if (const auto port = NextPredicted()) return port;
  }
  return Draw(kFirstPunchPort, 65536 - kFirstPunchPort);
}

std::optional<uint16_t> PortGuesses::NextPredicted() {
  const uint32_t i = num_predicted_++;
  if (window_.count > kMaxSequence) return Draw(window_.first, window_.count);
  constexpr uint32_t kStride = 16;
  const uint32_t row = i / (kMaxSequence / kStride);
  const bool is_long = window_.count == kMaxSequence;
  const uint16_t port = window_.At(
      is_long ? (i * kStride + row + kStride / 2) % kMaxSequence : i);
  return Try(port) ? std::optional(port) : std::nullopt;
}

std::optional<uint16_t> PortGuesses::Draw(uint32_t first, uint32_t count) {
  const auto start = static_cast<uint32_t>(rng_->Below(count));
  // Mostly the first is free.
  for (uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<uint16_t>(first + (start + i) % count);
    if (Try(port)) return port;
  }
  return std::nullopt;
}

bool PortGuesses::Try(uint16_t port) {
  if (port < kFirstPunchPort || tried_[port]) return false;
  tried_[port] = true;
  return true;
}

}  // namespace warren::path
