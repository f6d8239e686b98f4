#include "core/sim/scenario.h"

#include "core/base/rng.h"

namespace warren::sim {
namespace {

class Dice {
 public:
  explicit Dice(uint64_t seed) : rng_(seed) {}

  bool OneIn(uint64_t n) { return rng_.Below(n) == 0; }
  // Uniform in [from, to].
  int64_t Number(int64_t from, int64_t to) {
    return from + static_cast<int64_t>(
                      rng_.Below(static_cast<uint64_t>(to - from + 1)));
  }
  size_t Index(size_t size) { return rng_.Below(size); }
  template <class T>
  T Any(int num_values) {
    return static_cast<T>(rng_.Below(static_cast<uint64_t>(num_values)));
  }

 private:
  SeededRng rng_;
};

NatKind DrawNat(Dice& dice) {
  NatKind nat;
  switch (dice.Index(4)) {  // Half are what is common.
    case 0:
      nat = kEasyNat;
      break;
    case 1:
      nat = kHardNat;
      break;
    default:
      nat.mapping = dice.Any<Depends>(3);
      nat.filtering = dice.Any<Depends>(3);
  }
  if (dice.OneIn(2)) nat.ports = dice.Any<Ports>(3);
  if (dice.OneIn(4))
    nat.step = static_cast<int16_t>(dice.Number(-2, 4) * 2 + 1);
  if (dice.OneIn(4)) {
    nat.first_port = static_cast<uint16_t>(dice.Number(2, 60) * 1024);
    nat.num_ports = 4096;
  }
  nat.lifetime = absl::Seconds(dice.OneIn(3) ? 30 : dice.OneIn(2) ? 60 : 180);
  nat.refreshed_from_outside = dice.OneIn(2);
  nat.hairpins = dice.OneIn(3);
  nat.remembers_strangers = dice.OneIn(20);
  return nat;
}

SiteKind DrawSite(Dice& dice) {
  SiteKind site;
  if (!dice.OneIn(8)) site.nat = DrawNat(dice);
  if (!site.translates() && dice.OneIn(2)) {
    site.firewall = Depends::kAddressAndPort;
  }
  if (dice.OneIn(4)) {
    site.v6 = true;
    site.firewall = Depends::kAddressAndPort;
    site.v4 = !dice.OneIn(6);
    site.nat64 = !site.v4 && dice.OneIn(2);
  }
  site.udp_blocked = dice.OneIn(16);
  if (site.translates()) {
    if (dice.OneIn(5) && site.v4) site.mapper = Mapper::kHonest;
    if (dice.OneIn(20) && site.v4) site.mapper = Mapper::kLies;
    site.common_lan = dice.OneIn(3);
  }
  return site;
}

Link DrawLink(Dice& dice) {
  Link link;
  link.delay = absl::Milliseconds(dice.Number(1, 60));
  if (dice.OneIn(3)) link.jitter = absl::Milliseconds(dice.Number(1, 20));
  if (dice.OneIn(4)) link.loss = 0.005 * static_cast<double>(dice.Number(1, 4));
  if (dice.OneIn(5)) link.duplication = 0.02;
  // A datagram with a full packet of the tunnel has 1340 B.
  if (dice.OneIn(6)) link.mtu = static_cast<size_t>(dice.Number(1000, 1420));
  return link;
}

TroublePlan DrawTrouble(Dice& dice, const Scenario& scenario) {
  TroublePlan trouble;
  trouble.what = dice.Any<Trouble>(kNumTroubles);
  trouble.node = dice.Index(trouble.what == Trouble::kRelayRestart
                                ? scenario.relays.size()
                                : scenario.nodes.size());
  trouble.where = dice.Index(scenario.sites.size());
  trouble.lasts = absl::Milliseconds(dice.Number(200, 6000));
  if (trouble.what == Trouble::kSleep) {
    trouble.lasts = absl::Seconds(dice.Number(5, 1200));
  }
  return trouble;
}

}  // namespace

Scenario Draw(uint64_t seed) {
  Dice dice(seed);
  Scenario s;
  s.seed = seed;
  for (int64_t i = dice.Number(1, 3); i > 0; --i) {
    s.relays.push_back(absl::Milliseconds(dice.Number(1, 40)));
  }
  const int64_t num_carriers = dice.OneIn(4) ? dice.Number(1, 2) : 0;
  for (int64_t i = 0; i < num_carriers; ++i) {
    s.carriers.push_back(DrawNat(dice));
  }
  const int64_t num_nodes = dice.OneIn(3) ? dice.Number(3, 4) : 2;
  for (int64_t i = 0; i <= num_nodes; ++i) {  // One more: to roam to.
    SitePlan& site = s.sites.emplace_back(DrawSite(dice));
    if (site.kind.translates() && num_carriers > 0 && !dice.OneIn(3)) {
      site.carrier = static_cast<int>(dice.Number(0, num_carriers - 1));
    }
  }
  for (int64_t i = 0; i < num_nodes; ++i) {
    const auto own = static_cast<size_t>(i);
    s.nodes.push_back(
        {dice.OneIn(6) ? dice.Index(s.sites.size()) : own, DrawLink(dice)});
  }
  for (int64_t i = dice.Number(0, 3); i > 0; --i) {
    s.troubles.push_back(DrawTrouble(dice, s));
  }
  return s;
}

Place PlaceAt(const Scenario& scenario, size_t site) {
  const SitePlan& plan = scenario.sites.at(site);
  Place place{plan.kind, static_cast<int>(site)};
  if (plan.carrier >= 0) {
    place.carrier = scenario.carriers.at(static_cast<size_t>(plan.carrier));
    place.carrier_id = plan.carrier;
  }
  return place;
}

}  // namespace warren::sim
