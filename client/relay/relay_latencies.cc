#include "client/relay/relay_latencies.h"

#include <algorithm>
#include <string>
#include <utility>

#include "client/relay/client_stream.h"
#include "client/relay/relay_dial.h"
#include "core/base/status_macros.h"
#include "io/http_upgrade.h"

namespace warren::client {

struct RelayLatencies::Measurement {
  RelayId id;
  std::optional<derp::RelayNode> node;  // nullopt: the map has none
  std::optional<net::IpAddress> nat64;
  Instant deadline;
  bool begun = false;
  bool done = false;
  std::unique_ptr<ClientStream> stream;  // once the addresses are known
  Instant asked_at;
  io::HttpHeadReader head;
  std::optional<absl::Duration> latency;

  Instant Next() const {
    if (done) return Instant::LongAgo();
    return stream ? std::min(deadline, stream->Next()) : deadline;
  }
};

RelayLatencies::RelayLatencies(io::EventLoop& loop, Resolver& resolver,
                               Answer answer)
    : loop_(loop), resolver_(resolver), answer_(std::move(answer)) {}

RelayLatencies::~RelayLatencies() = default;

void RelayLatencies::Measure(const std::vector<RelayId>& relays,
                             const derp::RelayMap& map,
                             const std::optional<net::IpAddress>& nat64) {
  for (const RelayId id : relays) {
    if (std::any_of(measurements_.begin(), measurements_.end(),
                    [id](const Shared& m) { return m->id == id; })) {
      continue;
    }
    auto m = std::make_shared<Measurement>();
    m->id = id;
    m->nat64 = nat64;
    m->deadline = loop_.Now() + kDeadline;
    if (const derp::RelayRegion* region = map.Find(id)) {
      const auto node =
          std::find_if(region->nodes.begin(), region->nodes.end(),
                       [](const auto& n) { return !n.stun_only; });
      if (node != region->nodes.end()) m->node = *node;
    }
    m->done = !m->node;
    measurements_.push_back(std::move(m));
  }
  for (size_t i = 0; i < std::min(measurements_.size(), kMaxAtOnce); ++i) {
    Begin(measurements_[i]);
  }
}

void RelayLatencies::Begin(const Shared& m) {
  if (m->done || std::exchange(m->begun, true)) return;
  FindRelayAddresses(resolver_, *m->node,
                     [this, weak = std::weak_ptr<Measurement>(m)](
                         std::vector<net::IpAddress> addresses) {
                       // Given up, or this object is gone.
                       const Shared still = weak.lock();
                       if (still) Connect(*still, std::move(addresses));
                     });
}

void RelayLatencies::Connect(Measurement& m,
                             std::vector<net::IpAddress> addresses) {
  if (m.nat64) addresses = ThroughNat64(addresses, *m.nat64);
  auto target = RelayTarget(*m.node, addresses);
  if (!target.ok()) {
    m.done = true;
    return;
  }
  // The stream is the measurement's own, so these die with it.
  StreamCallbacks callbacks;
  callbacks.established = [this, &m] { OnEstablished(m, loop_.Now()); };
  callbacks.bytes = [this, &m](Bytes bytes) {
    return OnBytes(m, bytes, loop_.Now());
  };
  callbacks.closed = [&m](const absl::Status&) { m.done = true; };
  m.stream = std::make_unique<ClientStream>(loop_, *std::move(target),
                                            std::move(callbacks));
}

void RelayLatencies::OnEstablished(Measurement& m, Instant now) {
  io::HttpRequest request;
  request.target = "/derp/latency-check";
  request.headers = {{"Host", RelayHostHeader(*m.node)},
                     {"Connection", "close"}};
  const std::string bytes = io::BuildHttpRequest(request);
  m.asked_at = now;
  m.stream->Write(AsBytes(bytes));
  m.stream->Flush();
}

absl::Status RelayLatencies::OnBytes(Measurement& m, Bytes bytes, Instant now) {
  WARREN_ASSIGN_OR_RETURN(const bool complete, m.head.Take(bytes));
  if (!complete) return absl::OkStatus();
  WARREN_ASSIGN_OR_RETURN(const io::HttpResponse response, m.head.Response());
  if (response.status >= 200 && response.status <= 299) {
    m.latency = now - m.asked_at;
  }
  return absl::CancelledError("that is all");
}

void RelayLatencies::Cancel() { measurements_.clear(); }

Instant RelayLatencies::Next() const {
  Instant next = Instant::Never();
  for (const Shared& m : measurements_) next = std::min(next, m->Next());
  return next;
}

void RelayLatencies::OnTimeout(Instant now) {
  std::vector<Shared> done;
  for (const Shared& m : measurements_) {
    if (!m->done && m->stream) m->stream->OnTimeout(now);
    if (now >= m->deadline) m->done = true;
    if (m->done) done.push_back(m);
  }
  std::erase_if(measurements_, [](const Shared& m) { return m->done; });
  for (size_t i = 0; i < std::min(measurements_.size(), kMaxAtOnce); ++i) {
    Begin(measurements_[i]);
  }
  for (const Shared& m : done) answer_(m->id, m->latency);
}

}  // namespace warren::client
