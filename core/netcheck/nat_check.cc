#include "core/netcheck/nat_check.h"

#include <algorithm>

namespace warren::netcheck {
namespace {

// Twice the way there and back, within reason.
absl::Duration SpacingFor(absl::Duration latency) {
  return std::clamp(2 * latency, NatCheck::kSpacing, NatCheck::kMaxSpacing);
}

}  // namespace

void NatCheck::Start() {
  asked_from_sockets_ = false;
  other_port_ = net::Endpoint();
  questions_.clear();
  transactions_.clear();
}

void NatCheck::AskOtherPort(Instant now, const net::Endpoint& server,
                            uint16_t other_port, absl::Duration latency) {
  const net::Endpoint to(server.address(), other_port);
  const auto asked =
      std::ranges::count(questions_, Kind::kOtherPort, &Question::kind);
  const bool known = std::ranges::any_of(questions_, [&to](const Question& q) {
    return q.kind == Kind::kOtherPort && q.to == to;
  });
  if (to == server || known || std::cmp_equal(asked, kMaxOtherPorts)) return;
  Add(now, {Kind::kOtherPort, to, Ask::kAddress, SpacingFor(latency)});
}

void NatCheck::AskFromSockets(Instant now, const net::Endpoint& server,
                              uint16_t other_port, absl::Duration latency) {
  if (asked_from_sockets_) return;
  asked_from_sockets_ = true;
  if (other_port != 0) other_port_ = {server.address(), other_port};
  for (uint16_t i = 0; i < kNumSockets; ++i) {
    const auto socket = static_cast<uint16_t>(first_socket_ + i);
    Add(now, {Kind::kPorts, server.Through(socket), Ask::kAddress,
              SpacingFor(latency)});
  }
}

void NatCheck::AskOurselves(Instant now, const net::Endpoint& mapped) {
  if (Find(Kind::kHairpin) != nullptr) return;
  Add(now, {Kind::kHairpin, mapped, Ask::kAddress, kSpacing});
}

bool NatCheck::OnResponse(Instant now, const net::Endpoint& from,
                          const stun::Response& response) {
  const auto it =
      std::ranges::find(transactions_, response.txid, &Transaction::txid);
  if (it == transactions_.end()) return false;
  Question& question = questions_[it->question];
  if (question.kind == Kind::kHairpin) return false;
  if (question.only_from.IsSet() &&
      question.only_from != from.Through(net::Endpoint::kMainSocket)) {
    return true;
  }
  if (question.state == State::kAnswered) return true;
  question.state = State::kAnswered;
  question.seen = response.seen;
  // The socket works and the server hears it: now the same from elsewhere.
  if (question.kind == Kind::kPorts && other_port_.IsSet() &&
      question.to.socket() == first_socket_) {
    Add(now, {Kind::kFilter, question.to, Ask::kChangePort, question.spacing,
              other_port_});
  }
  return true;
}

bool NatCheck::OnRequest(const stun::TxId& txid) {
  const auto it = std::ranges::find(transactions_, txid, &Transaction::txid);
  if (it == transactions_.end()) return false;
  Question& question = questions_[it->question];
  if (question.kind != Kind::kHairpin) return false;
  question.state = State::kAnswered;
  return true;
}

void NatCheck::OnTimeout(Instant now) { SendDue(now); }

bool NatCheck::running() const {
  return std::ranges::any_of(questions_, [](const Question& question) {
    return question.state == State::kAsking;
  });
}

Instant NatCheck::Next() const {
  Instant next = Instant::Never();
  for (const Question& question : questions_) {
    if (question.state == State::kAsking) {
      next = std::min(next, question.next_try);
    }
  }
  return next;
}

std::vector<Sighting> NatCheck::sightings() const {
  std::vector<Sighting> sightings;
  for (const Question& question : questions_) {
    if (question.kind == Kind::kOtherPort &&
        question.state == State::kAnswered) {
      sightings.push_back({question.to, question.seen, question.order});
    }
  }
  return sightings;
}

net::Dependence NatCheck::filtering() const {
  const Question* filter = Find(Kind::kFilter);
  if (filter == nullptr || filter->state == State::kAsking) {
    return net::Dependence::kUnknown;
  }
  if (filter->state == State::kAnswered) {
    return net::Dependence::kAddressDependent;
  }
  // Silence tells only something if that port can be heard at all.
  for (const Question& question : questions_) {
    if (question.kind == Kind::kOtherPort && question.to == other_port_ &&
        question.state == State::kAnswered) {
      return net::Dependence::kAddressAndPortDependent;
    }
  }
  return net::Dependence::kUnknown;
}

std::vector<uint16_t> NatCheck::ports() const {
  std::vector<uint16_t> ports;
  for (const Question& question : questions_) {
    if (question.kind == Kind::kPorts && question.state == State::kAnswered) {
      ports.push_back(question.seen.port());
    }
  }
  return ports;
}

std::optional<bool> NatCheck::hairpins() const {
  const Question* hairpin = Find(Kind::kHairpin);
  if (hairpin == nullptr || hairpin->state == State::kAsking) {
    return std::nullopt;
  }
  return hairpin->state == State::kAnswered;
}

void NatCheck::Add(Instant now, Question question) {
  questions_.push_back(question);
  SendDue(now);
}

void NatCheck::SendDue(Instant now) {
  for (size_t i = 0; i < questions_.size(); ++i) {
    Question& question = questions_[i];
    if (question.state != State::kAsking || now < question.next_try) continue;
    if (question.num_tries == kTries) {
      question.state = State::kSilent;
      continue;
    }
    const SentProbe sent = queue_.Push(now, question.to, question.ask);
    if (question.num_tries == 0) question.order = sent.order;
    ++question.num_tries;
    question.next_try = now + question.spacing;
    transactions_.push_back({sent.txid, i});
  }
}

const NatCheck::Question* NatCheck::Find(Kind kind) const {
  const auto it = std::ranges::find(questions_, kind, &Question::kind);
  return it == questions_.end() ? nullptr : &*it;
}

}  // namespace warren::netcheck
