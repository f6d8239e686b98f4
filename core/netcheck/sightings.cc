#include "core/netcheck/sightings.h"

#include <algorithm>
#include <cstdlib>

namespace warren::netcheck {
namespace {

// A step that a NAT in use may take between two mappings of ours: larger ones
// in a row are chance.
constexpr int kMaxStep = 64;
// Mappings that others make between two of ours.
constexpr int kMaxJump = 16;

// What one server address says.
struct Voice {
  net::IpAddress server;
  net::Endpoint seen;  // at the port asked first
  bool several_ports = false;
  bool differs = false;  // between its ports
};

std::vector<Voice> VoicesOf(std::span<const Sighting> sightings) {
  std::vector<Voice> voices;
  for (const Sighting& sighting : sightings) {
    const auto voice =
        std::ranges::find(voices, sighting.server.address(), &Voice::server);
    if (voice == voices.end()) {
      voices.push_back({sighting.server.address(), sighting.seen});
    } else {
      voice->several_ports = true;
      voice->differs |= voice->seen != sighting.seen;
    }
  }
  return voices;
}

// The value of `get(voice)` that most of `voices` share; at a tie `known`, else
// the first.
template <class Get, class Value>
Value MostCommon(std::span<const Voice> voices, Get get,
                 const std::optional<Value>& known) {
  Value best = get(voices.front());
  std::ptrdiff_t best_count = 0;
  for (const Voice& voice : voices) {
    const Value value = get(voice);
    const auto count = std::ranges::count(voices, value, get);
    if (count > best_count || (count == best_count && known == value)) {
      best = value;
      best_count = count;
    }
  }
  return best;
}

// `agreeing`: how many voices say the same as most do.
net::Dependence DependenceOf(std::span<const Voice> voices,
                             std::ptrdiff_t agreeing) {
  const auto total = std::ssize(voices);
  const auto several = std::ranges::count_if(voices, &Voice::several_ports);
  const auto differing = std::ranges::count_if(voices, &Voice::differs);
  if (total == 1) {
    if (several == 0) return net::Dependence::kUnknown;
    return differing > 0 ? net::Dependence::kAddressAndPortDependent
                         : net::Dependence::kEndpointIndependent;
  }
  // Whatever one of them says of its own ports: most could not agree.
  if (2 * agreeing > total) return net::Dependence::kEndpointIndependent;
  return 2 * differing >= several ? net::Dependence::kAddressAndPortDependent
                                  : net::Dependence::kAddressDependent;
}

}  // namespace

bool CouldBeOurs(const net::Endpoint& seen, const net::Endpoint& server,
                 std::span<const net::IpAddress> own) {
  const net::IpAddress& address = seen.address();
  if (!seen.IsSet() || address.IsUnspecified() || address.IsLoopback() ||
      address.IsMulticast() || address.IsLinkLocal() || address.IsTailnet()) {
    return false;
  }
  const net::IpAddress& from = server.address();
  const bool from_inside = from.IsPrivate() || from.IsLoopback() ||
                           from.IsLinkLocal() || from.IsTailnet();
  return !address.IsPrivate() || from_inside ||
         std::ranges::find(own, address) != own.end();
}

MappingVerdict JudgeMapping(std::span<const Sighting> sightings,
                            const std::optional<net::Endpoint>& known) {
  MappingVerdict verdict;
  std::vector<Voice> voices = VoicesOf(sightings);
  verdict.voices = voices.size();
  if (voices.empty()) return verdict;
  const auto address_of = [](const Voice& v) { return v.seen.address(); };
  const auto seen_by = [](const Voice& v) { return v.seen; };
  std::optional<net::IpAddress> known_address;
  if (known) known_address = known->address();
  const auto address = MostCommon<decltype(address_of), net::IpAddress>(
      voices, address_of, known_address);
  std::vector<Voice> believed = voices;
  std::erase_if(believed,
                [&](const Voice& v) { return address_of(v) != address; });
  verdict.mapped =
      MostCommon<decltype(seen_by), net::Endpoint>(believed, seen_by, known);
  for (const Voice& voice : voices) {
    if (voice.seen != *verdict.mapped &&
        std::ranges::count(voices, voice.seen, seen_by) > 1 &&
        std::ranges::find(verdict.others, voice.seen) == verdict.others.end()) {
      verdict.others.push_back(voice.seen);
    }
  }
  verdict.mapping = DependenceOf(
      voices, std::ranges::count(voices, *verdict.mapped, seen_by));
  return verdict;
}

PortVerdict JudgePorts(std::span<const uint16_t> ports) {
  if (ports.size() < 3) return {};
  std::vector<int> steps;
  for (size_t i = 1; i < ports.size(); ++i) {
    steps.push_back(int{ports[i]} - int{ports[i - 1]});
  }
  const auto small = [](int step, int limit) {
    return step != 0 && std::abs(step) <= limit;
  };
  for (const int step : steps) {
    const auto same = std::ranges::count(steps, step);
    if (2 * same > std::ssize(steps) && small(step, kMaxStep)) {
      return {net::PortAllocation::kSequential, static_cast<int16_t>(step)};
    }
  }
  const bool up = steps.front() > 0;
  const bool one_way = std::ranges::all_of(steps, [&](int step) {
    return small(step, kMaxJump) && (step > 0) == up;
  });
  if (!one_way) return {net::PortAllocation::kRandom, 0};
  const auto least =
      std::ranges::min(steps, {}, [](int step) { return std::abs(step); });
  return {net::PortAllocation::kSequential, static_cast<int16_t>(least)};
}

}  // namespace warren::netcheck
