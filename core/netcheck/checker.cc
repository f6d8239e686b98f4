#include "core/netcheck/checker.h"

#include <algorithm>
#include <utility>

namespace warren::netcheck {
namespace {

std::vector<Sighting> OfFamily(const std::vector<Sighting>& all,
                               net::Family family) {
  std::vector<Sighting> some;
  for (const Sighting& sighting : all) {
    if (sighting.seen.address().family() == family) some.push_back(sighting);
  }
  return some;
}

bool SameNews(const Report& a, const Report& b) {
  return a.mapped_v4 == b.mapped_v4 && a.mapped_v6 == b.mapped_v6 &&
         a.others_v4 == b.others_v4 && a.nat == b.nat && a.udp_v4 == b.udp_v4 &&
         a.udp_v6 == b.udp_v6;
}

}  // namespace

void Checker::Start(Instant now, const std::vector<ProbeSet>& plan, Depth depth,
                    Premises premises) {
  running_ = true;
  depth_ = depth;
  ends_at_ = now + kRoundTime;
  premises_ = std::move(premises);
  report_ = Report();
  seen_.clear();
  first_.reset();
  queue_.Clear();
  nat_.Start();
  round_.Start(now, plan, depth != Depth::kIncremental);
  Update();
}

bool Checker::OnResponse(Instant now, const net::Endpoint& from,
                         const stun::Response& response) {
  if (!running_) return false;
  if (const auto answer = round_.OnResponse(now, response)) {
    OnAnswer(now, *answer);
  } else if (!nat_.OnResponse(now, from, response)) {
    return false;
  }
  Follow(now);
  Update();
  return true;
}

bool Checker::OnRequest(Instant now, const stun::TxId& txid) {
  if (!running_ || !nat_.OnRequest(txid)) return false;
  Follow(now);
  Update();
  return true;
}

void Checker::OnTimeout(Instant now) {
  if (!running_) return;
  round_.OnTimeout(now);
  nat_.OnTimeout(now);
  Follow(now);
  if (now >= ends_at_) running_ = false;
  Update();
}

std::optional<Report> Checker::PollReport() {
  if (reports_.empty()) return std::nullopt;
  Report report = std::move(reports_.front());
  reports_.pop_front();
  return report;
}

Instant Checker::Next() const {
  if (!running_) return Instant::Never();
  return std::min({ends_at_, round_.Next(), nat_.Next()});
}

void Checker::OnAnswer(Instant now, const RelayRound::Answer& answer) {
  const bool v4 = answer.server.address().is_v4();
  (v4 ? report_.udp_v4 : report_.udp_v6) = true;
  if (!answer.first) return;
  if (CouldBeOurs(answer.seen, answer.server, premises_.own)) {
    seen_.push_back({answer.server, answer.seen, answer.order});
  }
  if (!v4) return;
  if (!first_) first_ = answer;
  if (depth_ == Depth::kIncremental || answer.other_port == 0) return;
  nat_.AskOtherPort(now, answer.server, answer.other_port, answer.latency);
  if (depth_ != Depth::kNat) return;
  nat_.AskFromSockets(now, answer.server, answer.other_port, answer.latency);
}

void Checker::Follow(Instant now) {
  if (depth_ != Depth::kNat || round_.running()) return;
  // No server has another port: then filtering stays unknown.
  if (first_) nat_.AskFromSockets(now, first_->server, 0, first_->latency);
  const Report so_far = Conclude();
  if (so_far.mapped_v4 && so_far.nat.translates.value_or(false)) {
    nat_.AskOurselves(now, *so_far.mapped_v4);
  }
}

void Checker::Update() {
  if (!round_.running() && !nat_.running()) running_ = false;
  Report next = Conclude();
  next.complete = !running_;
  // One voice may be a lie. While others may still speak, what is known is
  // not given up for it.
  const bool alone = seen_.size() < 2 && round_.running();
  if (alone && premises_.mapped_v4 && next.mapped_v4) {
    next.mapped_v4 = premises_.mapped_v4;
  }
  if (alone && premises_.mapped_v6 && next.mapped_v6) {
    next.mapped_v6 = premises_.mapped_v6;
  }
  if (!next.complete && SameNews(next, report_)) return;
  report_ = next;
  reports_.push_back(std::move(next));
}

Report Checker::Conclude() const {
  Report report = report_;
  report.latencies = round_.latencies();
  std::vector<Sighting> v4 = OfFamily(seen_, net::Family::kV4);
  for (const Sighting& sighting : nat_.sightings()) {
    if (CouldBeOurs(sighting.seen, sighting.server, premises_.own)) {
      v4.push_back(sighting);
    }
  }
  const MappingVerdict verdict = JudgeMapping(v4, premises_.mapped_v4);
  report.mapped_v4 = verdict.mapped;
  report.others_v4 = verdict.others;
  report.nat = Behavior(verdict, v4);
  report.mapped_v6 =
      JudgeMapping(OfFamily(seen_, net::Family::kV6), premises_.mapped_v6)
          .mapped;
  return report;
}

net::NatBehavior Checker::Behavior(
    const MappingVerdict& verdict,
    const std::vector<Sighting>& sightings) const {
  net::NatBehavior nat;
  nat.filtering = nat_.filtering();
  nat.hairpins = nat_.hairpins();
  if (!verdict.mapped) return nat;
  const auto own = std::ranges::find(premises_.own, verdict.mapped->address());
  nat.translates = own == premises_.own.end();
  if (!*nat.translates) {
    nat.mapping = net::Dependence::kEndpointIndependent;
    return nat;
  }
  nat.mapping = verdict.mapping;
  std::vector<Sighting> in_order = sightings;
  std::ranges::sort(in_order, {}, &Sighting::order);
  std::vector<uint16_t> ports;
  for (const Sighting& s : in_order) ports.push_back(s.seen.port());
  const auto kept = std::ranges::count(ports, premises_.port_v4);
  if (2 * kept > std::ssize(ports)) {
    nat.ports = net::PortAllocation::kPreserving;
    return nat;
  }
  PortVerdict choice = JudgePorts(nat_.ports());
  // Without the extra sockets, by the mappings of this one, if they are new.
  const bool all_new = depth_ == Depth::kNat && !premises_.mapped_v4;
  if (choice.allocation == net::PortAllocation::kUnknown && all_new &&
      nat.hard()) {
    choice = JudgePorts(ports);
  }
  nat.ports = choice.allocation;
  nat.port_step = choice.step;
  return nat;
}

}  // namespace warren::netcheck
