#include "core/sim/scenario_play.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/sim/lab.h"
#include "core/sim/traffic.h"

namespace warren::sim {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(100);
constexpr absl::Duration kSettle = absl::Seconds(5);
constexpr absl::Duration kReachTime = absl::Seconds(5);
// What STUN says is believed for some seconds, though it may be wrong by now.
constexpr absl::Duration kReachTimeAgain = absl::Seconds(10);
// Traffic is over for 45 s, and then what was begun for it.
constexpr absl::Duration kEndOfSearch = absl::Minutes(3);
// Guesses may miss, and the next attempt is later each time.
constexpr absl::Duration kReachTimeByGuess = absl::Minutes(5);
constexpr absl::Duration kCalm = absl::Seconds(2);
// How many packets in a row may be lost between troubles; thrice as many on
// links that lose some by themselves.
constexpr size_t kMaxLost = 3;
constexpr size_t kMaxLargeLost = 1;
constexpr absl::Duration kLargeInterval = absl::Seconds(1);
// Per node, peer and trouble: two punches in vain, and ordinary rounds.
constexpr size_t kMaxWasted = 3500;

// How long traffic may be away after a trouble has ended.
absl::Duration OutageLimit(Trouble trouble) {
  switch (trouble) {
    case Trouble::kRoam:
    case Trouble::kRebind:
    case Trouble::kRenumber:
    case Trouble::kLoseV6:
      return absl::Milliseconds(1500);
    case Trouble::kBlockUdp:
    case Trouble::kLossBurst:
      return absl::Milliseconds(1000);
    case Trouble::kFlap:
    case Trouble::kSleep:
    case Trouble::kPauseControl:
      return absl::Milliseconds(2000);
    case Trouble::kRelayRestart:
      return absl::Milliseconds(3000);
    case Trouble::kReboot:
      return absl::Milliseconds(5000);
    case Trouble::kStepClock:
    case Trouble::kReplay:
      return absl::ZeroDuration();
  }
  return absl::ZeroDuration();
}

// Whether engines guess where physics would let them. Not through a NAT64, as
// their other sockets are of IPv4; nor within one carrier, behind two NATs, or
// one that says to forward a port; nor if they cannot know that they need to: a
// single relay, at one address, does not tell who maps by address.
bool MayGuess(const Scenario& scenario, const Place& a, const Place& b) {
  const auto may = [&](const Place& place) {
    return !place.site.nat64 && !place.carrier &&
           place.site.mapper == Mapper::kNone &&
           (scenario.relays.size() > 1 ||
            place.site.nat.mapping != Depends::kAddress);
  };
  return may(a) && may(b);
}

bool Lasts(Trouble trouble) {
  switch (trouble) {
    case Trouble::kFlap:
    case Trouble::kSleep:
    case Trouble::kRelayRestart:
    case Trouble::kLoseV6:
    case Trouble::kPauseControl:
    case Trouble::kLossBurst:
    case Trouble::kBlockUdp:
      return true;
    default:
      return false;
  }
}

class Player {
 public:
  Player(const Scenario& scenario, bool keep_trace);

  Outcome Run();

 private:
  void Watch();
  void OnPath(const SimNode& node, const engine::PathChanged& changed);
  void Expect(bool holds, absl::string_view what);
  void Talk(absl::Duration duration);
  void SayFirstWords();
  void Suffer(const TroublePlan& trouble);
  void Begin(const TroublePlan& trouble);
  void End(const TroublePlan& trouble);
  void Replay(size_t node);
  void AwaitReach(absl::Duration limit);
  // By a path that works, not one that did.
  bool IsDirect(size_t from, size_t to) const;
  bool AsOracleSays(size_t from, size_t to) const;
  void JudgeReach(bool by_guess);
  void JudgeOutages(Instant since, const TroublePlan* trouble, Instant until);
  bool Affects(const TroublePlan& trouble, size_t node) const;
  void JudgeWaste();
  void JudgeIdleness();
  bool Lossy() const;
  absl::Duration FirstWordLimit() const;

  const Scenario& scenario_;
  Lab lab_;
  std::vector<SimRelay*> relays_;
  std::vector<Site*> sites_;
  std::vector<SimNode*> nodes_;
  std::vector<size_t> at_;  // site of each node, now
  std::unique_ptr<Traffic> traffic_;
  std::map<size_t, std::vector<std::vector<uint8_t>>>
      overheard_;                    // on the way to a node
  std::map<size_t, size_t> wasted_;  // sent by a node to where nobody is
  std::map<std::pair<size_t, size_t>, bool> was_direct_;
  uint64_t num_to_others_ = 0;  // datagrams that are not to a router
  Outcome outcome_;
};

Player::Player(const Scenario& scenario, bool keep_trace)
    : scenario_(scenario), lab_(scenario.seed) {
  if (keep_trace) lab_.world().KeepTrace();
  Network& network = lab_.network();
  for (const absl::Duration delay : scenario.relays) {
    relays_.push_back(&lab_.AddRelay());
    relays_.back()->host().link.delay = delay;
  }
  std::vector<Site*> carriers;
  for (const NatKind& carrier : scenario.carriers) {
    carriers.push_back(&network.AddSite({.nat = carrier}));
  }
  for (const SitePlan& plan : scenario.sites) {
    Site* outer = plan.carrier < 0
                      ? nullptr
                      : carriers.at(static_cast<size_t>(plan.carrier));
    sites_.push_back(&network.AddSite(plan.kind, outer));
  }
  for (size_t i = 0; i < scenario.nodes.size(); ++i) {
    const NodePlan& plan = scenario.nodes[i];
    at_.push_back(plan.site);
    nodes_.push_back(&lab_.AddNode(NodeName(i), *sites_.at(plan.site)));
    nodes_.back()->host().link = plan.link;
  }
  traffic_ = std::make_unique<Traffic>(lab_.world(), nodes_, kInterval);
  Watch();
}

void Player::Watch() {
  lab_.network().SetTap([this](const Host& from, const net::Endpoint& to,
                               const std::vector<uint8_t>& bytes) {
    // A mapped port is renewed though nobody speaks.
    const bool to_router = from.site->gateway() == to.address();
    if (!to_router && !to.address().IsMulticast()) ++num_to_others_;
    const Host* reached = lab_.network().LastReached(from, to).host;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (&nodes_[i]->host() == &from && reached == nullptr) ++wasted_[i];
      auto& overheard = overheard_[i];
      if (&nodes_[i]->host() != reached || overheard.size() >= 200) continue;
      overheard.push_back(bytes);
    }
  });
  lab_.SetOnPath([this](const SimNode& node, const engine::PathChanged& to) {
    OnPath(node, to);
  });
}

void Player::OnPath(const SimNode& node, const engine::PathChanged& changed) {
  if (changed.path.kind != engine::PathKind::kDirect) return;
  const auto peer = std::ranges::find(nodes_, changed.peer, &SimNode::id);
  const net::Endpoint& to = changed.path.endpoint;
  const Host* reached = lab_.network().LastReached(node.host(), to).host;
  Expect(reached == &(*peer)->host(),
         absl::StrCat("path of ", NodeName(node.id().value() - 1), " to ",
                      to.ToString(), ", which is not ", (*peer)->host().name));
}

void Player::Expect(bool holds, absl::string_view what) {
  if (holds) return;
  const absl::Duration at =
      lab_.world().now() - Instant::FromEpoch(absl::Hours(1));
  outcome_.failures.push_back(
      absl::StrCat(absl::FormatDuration(at), ": ", what));
}

void Player::Talk(absl::Duration duration) {
  const Instant end = lab_.world().now() + duration;
  while (lab_.world().now() < end) {
    traffic_->Send();
    lab_.world().RunFor(kInterval);
  }
  traffic_->Collect();
}

Outcome Player::Run() {
  lab_.world().RunFor(kSettle);
  SayFirstWords();
  const Instant start = lab_.world().now();
  AwaitReach(kReachTime);
  JudgeOutages(start, nullptr, lab_.world().now());
  for (const TroublePlan& trouble : scenario_.troubles) Suffer(trouble);
  JudgeWaste();
  JudgeIdleness();
  outcome_.num_datagrams = lab_.network().num_sent();
  outcome_.trace = lab_.world().trace();
  return std::move(outcome_);
}

absl::Duration Player::FirstWordLimit() const {
  absl::Duration far, farthest_relay;
  for (const NodePlan& node : scenario_.nodes) {
    far = std::max(far, node.link.delay);
  }
  for (const absl::Duration delay : scenario_.relays) {
    farthest_relay = std::max(farthest_relay, delay);
  }
  // Each dials the other's relay, in two round trips; then a handshake and the
  // packet pass, each from node to relay to node.
  return 2 * 4 * (far + farthest_relay) + 3 * 2 * (far + farthest_relay) +
         absl::Milliseconds(20);
}

void Player::SayFirstWords() {
  const Instant now = lab_.world().now();
  traffic_->Send();
  lab_.world().RunFor(FirstWordLimit());
  traffic_->Collect();
  for (const auto& [from, to] : traffic_->Missing(now)) {
    if (Lossy()) break;  // A direct path may be there already.
    Expect(false, absl::StrCat("the first packet of ", NodeName(from), " to ",
                               NodeName(to), " has not arrived"));
  }
}

void Player::Suffer(const TroublePlan& trouble) {
  const Instant begin = lab_.world().now();
  if (lab_.world().keeps_trace()) lab_.world().Note(Describe(trouble));
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (size_t j = 0; j < nodes_.size(); ++j) {
      // What needed a punch may need another one, and that needs the relay.
      if (i != j) {
        was_direct_[{i, j}] =
            IsDirect(i, j) &&
            ReachOf(PlaceAt(scenario_, at_.at(i)),
                    PlaceAt(scenario_, at_.at(j))) == Reach::kDirect;
      }
    }
  }
  Begin(trouble);
  if (Lasts(trouble.what)) {
    if (trouble.what == Trouble::kSleep) {
      // The others do not talk all the time, as the test would take too long.
      Talk(std::min(trouble.lasts, absl::Seconds(2)));
      lab_.world().RunFor(trouble.lasts - absl::Seconds(2));
    } else {
      Talk(trouble.lasts);
    }
  }
  End(trouble);
  const Instant end = lab_.world().now();
  Talk(OutageLimit(trouble.what));
  AwaitReach(kReachTimeAgain);
  // Losses hide that a path is dead, and take probes.
  const absl::Duration slack =
      Lossy() ? absl::Milliseconds(500) : absl::ZeroDuration();
  JudgeOutages(begin, &trouble, end + OutageLimit(trouble.what) + slack);
}

void Player::Begin(const TroublePlan& trouble) {
  if (trouble.what == Trouble::kRelayRestart) {
    return relays_.at(trouble.node)->Restart(trouble.lasts);
  }
  SimNode& node = *nodes_.at(trouble.node);
  switch (trouble.what) {
    case Trouble::kPauseControl:
      lab_.Pause(true);
      [[fallthrough]];
    case Trouble::kRoam:
      at_.at(trouble.node) = trouble.where;
      return node.Roam(*sites_.at(trouble.where));
    case Trouble::kRebind:
      return node.host().site->Reset();
    case Trouble::kRenumber:
      return lab_.network().Renumber(*node.host().site);
    case Trouble::kFlap:
      return node.SetUp(false);
    case Trouble::kSleep:
      return node.Sleep(trouble.lasts);
    case Trouble::kLoseV6:
      return node.SetV6(false);
    case Trouble::kLossBurst:
      node.host().link.loss = 0.5;
      return;
    case Trouble::kBlockUdp:
      node.host().link.udp_blocked = true;
      return;
    case Trouble::kReboot:
      return node.Restart();
    case Trouble::kStepClock:
      return node.StepClock(absl::Hours(24 * 365) *
                            (trouble.where % 2 == 0 ? 3 : -3));
    case Trouble::kReplay:
      return Replay(trouble.node);
    case Trouble::kRelayRestart:
      return;
  }
}

void Player::End(const TroublePlan& trouble) {
  if (trouble.what == Trouble::kRelayRestart) return;
  SimNode& node = *nodes_.at(trouble.node);
  switch (trouble.what) {
    case Trouble::kPauseControl:
      return lab_.Pause(false);
    case Trouble::kFlap:
      return node.SetUp(true);
    case Trouble::kLoseV6:
      return node.SetV6(true);
    case Trouble::kLossBurst:
    case Trouble::kBlockUdp:
      node.host().link = scenario_.nodes.at(trouble.node).link;
      return;
    default:
      return;
  }
}

void Player::Replay(size_t node) {
  const net::Endpoint evil(net::IpAddress::V4(0xcb007142), 6666);
  const auto overheard = overheard_[node];
  for (const auto& datagram : overheard) {
    nodes_.at(node)->InjectUdp(evil, datagram);
  }
}

bool Player::IsDirect(size_t from, size_t to) const {
  const SimNode& node = *nodes_.at(from);
  const engine::Path path = node.PathTo(*nodes_.at(to));
  if (path.kind != engine::PathKind::kDirect) return false;
  // One that is dead by now may still be in doubt.
  const auto arrival = lab_.network().LastReached(node.host(), path.endpoint);
  return arrival.host == &nodes_.at(to)->host() &&
         lab_.world().now() - arrival.at < absl::Seconds(1);
}

bool Player::AsOracleSays(size_t from, size_t to) const {
  const Place a = PlaceAt(scenario_, at_.at(from));
  const Place b = PlaceAt(scenario_, at_.at(to));
  if (!IsSure(a, b)) return true;
  const bool direct = IsDirect(from, to);
  const Reach reach = ReachOf(a, b);
  if (reach == Reach::kDirect) return direct;
  if (reach == Reach::kRelayOnly) return !direct;
  return direct || !MayGuess(scenario_, a, b);
}

void Player::AwaitReach(absl::Duration limit) {
  const auto as_oracle_says = [&] {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (size_t j = 0; j < nodes_.size(); ++j) {
        if (i != j && !AsOracleSays(i, j)) return false;
      }
    }
    return true;
  };
  const Instant end = lab_.world().now() + limit;
  Instant well_since = lab_.world().now();
  while (lab_.world().now() < end && lab_.world().now() - well_since < kCalm) {
    Talk(kInterval);
    if (!as_oracle_says()) well_since = lab_.world().now();
  }
  JudgeReach(/*by_guess=*/false);
  const Instant late = lab_.world().now() + kReachTimeByGuess;
  while (lab_.world().now() < late && !as_oracle_says()) Talk(kInterval);
  JudgeReach(/*by_guess=*/true);
}

void Player::JudgeReach(bool by_guess) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (size_t j = 0; j < nodes_.size(); ++j) {
      if (i == j || AsOracleSays(i, j)) continue;
      const Reach reach =
          ReachOf(PlaceAt(scenario_, at_.at(i)), PlaceAt(scenario_, at_.at(j)));
      const bool guessed = reach == Reach::kDirectByBirthday ||
                           reach == Reach::kDirectByPrediction;
      if (guessed != by_guess) continue;
      Expect(false,
             absl::StrCat(NodeName(i), " to ", NodeName(j), " should be ",
                          NameOf(reach), ", but goes by ",
                          nodes_[i]->PathTo(*nodes_[j]).endpoint.ToString()));
    }
  }
}

bool Player::Affects(const TroublePlan& trouble, size_t node) const {
  if (trouble.what == Trouble::kRelayRestart) return true;
  if (node == trouble.node) return true;
  return (trouble.what == Trouble::kRebind ||
          trouble.what == Trouble::kRenumber) &&
         at_.at(node) == at_.at(trouble.node);
}

bool Player::Lossy() const {
  return std::ranges::any_of(
      scenario_.nodes, [](const NodePlan& node) { return node.link.loss > 0; });
}

void Player::JudgeOutages(Instant since, const TroublePlan* trouble,
                          Instant until) {
  for (const Traffic::Outage& outage : traffic_->Outages(since)) {
    const bool excused =
        trouble != nullptr &&
        (Affects(*trouble, outage.from) || Affects(*trouble, outage.to)) &&
        !(trouble->what == Trouble::kRelayRestart && !outage.large &&
          was_direct_[{outage.from, outage.to}]);
    const Instant limit = outage.large ? until + kLargeInterval : until;
    if (excused && outage.over && outage.end <= limit) continue;
    size_t allowed = outage.large ? kMaxLargeLost : kMaxLost;
    if (Lossy()) allowed *= 3;
    // Who was idle dials relays again.
    if (trouble == nullptr && !outage.large) {
      allowed = std::max(allowed,
                         static_cast<size_t>(FirstWordLimit() / kInterval) + 1);
    }
    if (outage.num_lost <= allowed) continue;
    Expect(false, absl::StrCat(NodeName(outage.from), " did not get ",
                               outage.large ? "large packets" : "through",
                               " to ", NodeName(outage.to), " for ",
                               absl::FormatDuration(outage.end - outage.begin),
                               outage.over ? ", until " : ", still not at ",
                               absl::FormatDuration(outage.end.SinceEpoch() -
                                                    absl::Hours(1))));
  }
}

void Player::JudgeWaste() {
  const size_t limit =
      kMaxWasted * (nodes_.size() - 1) * (1 + scenario_.troubles.size());
  for (const auto& [node, count] : wasted_) {
    Expect(count <= limit, absl::StrCat(NodeName(node), " sent ", count,
                                        " datagrams to where nobody is"));
  }
}

void Player::JudgeIdleness() {
  lab_.world().RunFor(kEndOfSearch);
  const uint64_t before = num_to_others_;
  lab_.world().RunFor(absl::Minutes(10));
  Expect(
      num_to_others_ == before,
      absl::StrCat(num_to_others_ - before, " datagrams while nobody spoke"));
  const Instant start = lab_.world().now();
  Talk(absl::Seconds(2));
  JudgeOutages(start, nullptr, lab_.world().now());
}

}  // namespace

Outcome Play(const Scenario& scenario, bool keep_trace) {
  return Player(scenario, keep_trace).Run();
}

}  // namespace warren::sim
