#include "core/path/punch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/overloaded.h"

namespace warren::path {
namespace {

// After so many failures in a row; the last repeats. Bad luck alone fails an
// attempt in 250, so the first is short.
constexpr std::array<absl::Duration, 4> kBackOff = {
    absl::Seconds(15), absl::Seconds(60), absl::Minutes(5), absl::Minutes(30)};
constexpr int kHopelessBackOff = 3;  // without a pattern: as after so many
// After a turn that came too late, or a path that was found.
constexpr absl::Duration kShortWait = absl::Seconds(5);
// So long a peer that called us hears our news.
constexpr absl::Duration kCalled = absl::Seconds(45);
// Its own news can undo our back-off so often.
constexpr absl::Duration kForgiveSpacing = absl::Minutes(1);
// A meeting begun anew uses the sockets from there on.
constexpr uint16_t kSecondMeeting = 64;

absl::Duration AnswerSpacing(int num_failed) {
  return std::min(Punch::kAnswerSpacing * (1 << std::min(num_failed, 10)),
                  Punch::kMaxAnswerSpacing);
}

}  // namespace

void Punch::OnSession(Instant now) {
  teller_.OnSession(now);
  Tell(now);
}

void Punch::OnOwnNat(Instant now) {
  Forgive(now);
  // A note means traffic: none where all is well.
  const bool concerned = want_.wanted || now - want_.called < kCalled;
  if (theirs_ && concerned && !direct()) teller_.OnNews(now, hub_.own_nat());
  Tell(now);
}

void Punch::OnMoved(Instant now) {
  if (!idle()) End();
  history_ = History();
  want_.since = now;
}

void Punch::OnPath(Instant now, const Path& path, bool wanted) {
  if (path == want_.path && wanted == want_.wanted) return;
  const bool was_lacking = want_.wanted && !direct();
  want_.wanted = wanted;
  want_.path = path;
  if (wanted && !direct() && !was_lacking) {
    want_.since = now;
    if (theirs_) teller_.OnNews(now, hub_.own_nat());
  }
  if (direct() && !idle()) Succeed(now);
}

void Punch::OnCalled(Instant now) {
  want_.called = now;
  if (theirs_ && !direct()) teller_.OnNews(now, hub_.own_nat());
}

void Punch::OnHeard(Instant now, const net::Endpoint& from) {
  if (auto* probing = std::get_if<Probing>(&state_)) {
    if (from.address() == target_.address()) probing->side.Rest(now);
  } else if (auto* meeting = std::get_if<Meeting>(&state_)) {
    if (from.address() == target_.address()) meeting->side.Rest(now);
  }
  const uint16_t socket = from.socket();
  if (socket < PunchHub::kFirstSocket) return;
  const auto it = std::ranges::find(kept_, socket, &Kept::socket);
  if (it != kept_.end()) {
    it->until = now + kKeep;
  } else if (hub_.Keep(peer_, socket)) {
    kept_.push_back({socket, now + kKeep});
  }
}

void Punch::OnNatNote(Instant now, const NatNote& note) {
  if (theirs_ == note) {
    teller_.OnRepeated(now);
    return Tell(now);
  }
  const bool is_first = !theirs_;
  theirs_ = note;
  Forgive(now);
  if (!is_first || !want_.wanted) return;
  teller_.OnNews(now, hub_.own_nat());
  Tell(now);
}

void Punch::OnPunchNote(Instant now, const PunchNote& note) {
  const PunchRole role = plan().role;
  // It is probed where it says by both kinds of notes, or not at all.
  if (direct() || role == PunchRole::kNone ||
      note.mapped.address() != theirs_->mapped.address()) {
    return;
  }
  switch (role) {
    case PunchRole::kOpen:
      if (note.IsRequest() && !note.answer) Answer(now, role, note);
      break;
    case PunchRole::kProbe:
      if (!note.IsRequest()) OnOpened(now, note);
      break;
    case PunchRole::kMeet:
      OnMeetNote(now, note);
      break;
    case PunchRole::kNone:
      break;
  }
}

void Punch::OnOpened(Instant now, const PunchNote& note) {
  if (auto* probing = std::get_if<Probing>(&state_)) {
    if (probing->generation != note.generation) return;
    probing->side.Learn(now, note);
    return Work(now);
  }
  const auto* asking = std::get_if<Asking>(&state_);
  if (asking != nullptr &&
      (!note.answer || note.generation == asking->generation)) {
    return Enqueue(now, PunchRole::kProbe, note);
  }
  if (!note.answer) Answer(now, PunchRole::kProbe, note);
}

void Punch::OnMeetNote(Instant now, const PunchNote& note) {
  auto* meeting = std::get_if<Meeting>(&state_);
  if (meeting == nullptr) {
    if (!note.answer && !note.IsRequest()) {
      Answer(now, PunchRole::kMeet, note);
    }
    return;
  }
  if (!meeting->side.begins()) return;
  if (note.answer) {
    if (note.generation == meeting->generation) {
      meeting->side.OnAnswer(now, note);
      Work(now);
    }
  } else if (!note.IsRequest() && note.generation > meeting->generation) {
    // Both began; one must give way.
    meeting->generation = note.generation;
    meeting->side = PunchMeeter(
        now, {note.generation, note},
        static_cast<uint16_t>(meeting->side.first_socket() + kSecondMeeting));
  }
}

// The peer wants an attempt, or at least told what it opened for one.
void Punch::Answer(Instant now, PunchRole role, const PunchNote& note) {
  if (auto* queued = std::get_if<Queued>(&state_)) {
    if (queued->role != role) return;
    queued->note = note;
    queued->since = now;
    return;
  }
  if (!idle() || now < history_.next_answer) return;
  history_.next_answer = now + AnswerSpacing(history_.num_failed);
  Enqueue(now, role, note);
}

void Punch::Enqueue(Instant now, PunchRole role, const PunchNote& note) {
  const bool sockets = role != PunchRole::kProbe;
  if (hub_.Ask(peer_,
               sockets ? PunchHub::Turn::kSockets : PunchHub::Turn::kProbe)) {
    state_ = Queued{role, note, now};
  } else {
    state_ = Idle();
    history_.next = now + kShortWait;
  }
}

void Punch::OnTurn(Instant now, uint16_t first_socket) {
  const auto* queued = std::get_if<Queued>(&state_);
  if (queued == nullptr) return hub_.Leave(peer_);
  const Queued turn = *queued;
  const bool is_fresh = now - turn.since < kNoteFresh;
  const bool is_late = turn.role == PunchRole::kProbe && !is_fresh;
  if (direct() || plan().role != turn.role || is_late) {
    history_.next = std::max(history_.next, now + kShortWait);
    return End();
  }
  // Nobody waits for a late answer, but its like may begin something new.
  const PunchNote note = is_fresh ? turn.note : PunchNote();
  out_.BeginAttempt();
  switch (turn.role) {
    case PunchRole::kOpen:
      return StartOpening(now, note, first_socket);
    case PunchRole::kProbe:
      return StartProbing(now, note);
    case PunchRole::kMeet:
      return StartMeeting(now, note, first_socket);
    case PunchRole::kNone:
      return End();
  }
}

void Punch::StartOpening(Instant now, const PunchNote& note,
                         uint16_t first_socket) {
  PunchOpener::Task task;
  task.answer = note.mapped.IsSet();
  task.target = task.answer ? note.mapped : theirs_->mapped;
  task.generation = task.answer ? note.generation : rng_.U32();
  task.mapped = hub_.own_nat().mapped;
  task.ports = hub_.own_nat().behavior.ports;
  Begin(task.target, PunchHub::kNumSockets);
  state_ =
      Opening{{now, task, first_socket}, task.generation, now + kAttemptTime};
}

void Punch::StartProbing(Instant now, const PunchNote& note) {
  Begin({note.mapped.address(), 0}, PunchProber::kMaxProbes);
  state_ = Probing{{now, note, rng_}, note.generation, now + kAttemptTime};
  Work(now);
}

void Punch::StartMeeting(Instant now, const PunchNote& note,
                         uint16_t first_socket) {
  Begin({theirs_->mapped.address(), 0}, PunchMeeter::kNumPings);
  const uint32_t generation = note.IsRequest() ? rng_.U32() : note.generation;
  state_ = Meeting{
      {now, {generation, note}, first_socket}, generation, now + kAttemptTime};
}

void Punch::OnMeasured(Instant now, uint16_t socket,
                       const net::Endpoint& seen) {
  if (auto* opening = std::get_if<Opening>(&state_)) {
    opening->side.OnMeasured(now, socket, seen);
  } else if (auto* meeting = std::get_if<Meeting>(&state_)) {
    meeting->side.OnMeasured(now, socket, seen);
  }
  Work(now);
}

void Punch::OnTimeout(Instant now) {
  DropSilentSockets(now);
  Tell(now);
  if (now >= NextStart()) Start(now);
  Work(now);
}

Instant Punch::Next() const {
  Instant next = std::min(NextStart(), Deadline());
  if (hub_.knows_own_nat()) next = std::min(next, teller_.Next());
  for (const Kept& kept : kept_) next = std::min(next, kept.until);
  return next;
}

PunchStatus Punch::status() const {
  using State = PunchStatus::State;
  const PunchPlan plan = this->plan();
  PunchStatus status;
  status.num_failed = history_.num_failed;
  if (direct()) return status;
  status.obstacle =
      history_.is_hopeless ? PunchObstacle::kBothHard : plan.obstacle;
  if (want_.wanted) status.next = NextStart();
  if (!idle()) {
    status.state = State::kRunning;
  } else if (status.obstacle != PunchObstacle::kNone) {
    status.state = State::kImpossible;
  } else if (want_.wanted) {
    status.state = State::kWaiting;
  }
  return status;
}

Instant Punch::NextStart() const {
  if (!idle() || !want_.wanted || direct()) return Instant::Never();
  const PunchRole role = plan().role;
  if (role == PunchRole::kNone) return Instant::Never();
  const absl::Duration patience =
      role == PunchRole::kProbe ? kProberPatience : kPatience;
  return std::max(want_.since + patience, history_.next);
}

Instant Punch::Deadline() const {
  return std::visit(
      Overloaded{
          [](const Idle&) { return Instant::Never(); },
          [](const Asking& asking) { return asking.until; },
          [](const Queued& queued) { return queued.since + kMaxQueued; },
          []<class Side>(const Running<Side>& running) {
            return std::min(running.side.Next(), running.until);
          },
      },
      state_);
}

void Punch::Start(Instant now) {
  const PunchRole role = plan().role;
  // It plans nothing unless it knows our NAT.
  teller_.OnRepeated(now);
  Tell(now);
  if (role != PunchRole::kProbe) return Enqueue(now, role, {});
  PunchNote request;
  request.generation = rng_.U32();
  request.mapped = hub_.own_nat().mapped;
  out_.Add(TellPunch{request});
  state_ = Asking{request.generation, now + kNoteFresh};
}

void Punch::Work(Instant now) {
  const bool failed =
      std::visit(Overloaded{
                     [](const Idle&) { return false; },
                     [&](const Asking& asking) { return now >= asking.until; },
                     [&](const Queued& queued) {
                       return now - queued.since >= kMaxQueued;
                     },
                     [&]<class Side>(Running<Side>& running) {
                       running.side.OnTimeout(now, out_);
                       return now >= running.until;
                     },
                 },
                 state_);
  const auto* meeting = std::get_if<Meeting>(&state_);
  if (meeting != nullptr && meeting->side.hopeless()) {
    history_.is_hopeless = true;
    history_.num_failed = std::max(history_.num_failed, kHopelessBackOff - 1);
    return Fail(now);
  }
  if (failed) Fail(now);
}

void Punch::Begin(const net::Endpoint& target, uint32_t num_planned) {
  target_ = target;
  out_.Add(PunchStarted{target, num_planned});
}

void Punch::Succeed(Instant now) {
  history_.num_failed = 0;
  history_.is_hopeless = false;
  history_.next = now + kShortWait;
  End();
}

void Punch::Fail(Instant now) {
  const size_t i = std::min<size_t>(static_cast<size_t>(history_.num_failed),
                                    kBackOff.size() - 1);
  ++history_.num_failed;
  history_.next = now + kBackOff[i] + rng_.Jitter(kBackOff[i] / 10);
  End();
}

void Punch::End() {
  const bool had_begun = !idle() && !std::holds_alternative<Asking>(state_) &&
                         !std::holds_alternative<Queued>(state_);
  if (had_begun) out_.Add(PunchEnded{target_, out_.num_sent()});
  state_ = Idle();
  hub_.Leave(peer_);
}

void Punch::Forgive(Instant now) {
  if (now - history_.forgiven < kForgiveSpacing) return;
  const Instant next_answer = history_.next_answer;
  history_ = History();
  history_.next_answer = next_answer;
  history_.forgiven = now;
}

void Punch::Tell(Instant now) {
  if (hub_.knows_own_nat() && teller_.Take(now, hub_.own_nat()))
    out_.Add(TellNat{hub_.own_nat()});
}

void Punch::DropSilentSockets(Instant now) {
  for (Kept& kept : kept_) {
    const bool used = direct() && want_.path.endpoint.socket() == kept.socket;
    if (used) kept.until = std::max(kept.until, now + kKeep);
    if (now >= kept.until) hub_.Drop(kept.socket);
  }
  std::erase_if(kept_, [&](const Kept& kept) { return now >= kept.until; });
}

}  // namespace warren::path
