#include "relay/metrics.h"

#include "absl/strings/string_view.h"
#include "core/base/version.h"
#include "io/prometheus.h"

namespace warren::relay {
namespace {

// A counter for each value of the enum `Reason`.
template <class Reason, size_t N>
void ByReason(io::PrometheusText& w, absl::string_view name,
              absl::string_view help, const std::array<uint64_t, N>& values) {
  w.Head(name, help, "counter");
  for (size_t i = 0; i < N; ++i) {
    w.Row(name, "reason", LabelOf(static_cast<Reason>(i)), values[i]);
  }
}

}  // namespace

std::string ToPrometheus(const Metrics& m) {
  io::PrometheusText w;
  w.Head("warren_relay_build_info", "1, of this version.", "gauge");
  w.Row("warren_relay_build_info", "version", kVersion, 1);
  const Counters& c = m.relay;
  w.Gauge("warren_relay_connections", "Open connections, also before login.",
          m.connections);
  w.Gauge("warren_relay_clients", "Clients logged in.", c.clients);
  w.Gauge("warren_relay_home_clients", "Clients that call this relay home.",
          c.home_clients);
  w.Counter("warren_relay_logins_total", "Clients that have logged in.",
            c.logins);
  w.Counter("warren_relay_failed_logins_total", "Logins that were refused.",
            m.failed_logins);
  w.Counter("warren_relay_refused_connections_total",
            "Connections beyond the limit.", m.refused_connections);
  w.Counter("warren_relay_received_packets_total", "Packets that clients sent.",
            c.packets_received);
  w.Counter("warren_relay_received_bytes_total",
            "Bytes of packets that clients sent.", c.bytes_received);
  w.Counter("warren_relay_sent_packets_total", "Packets queued for clients.",
            c.packets_sent);
  w.Counter("warren_relay_sent_bytes_total",
            "Bytes of packets queued for clients.", c.bytes_sent);
  w.Counter("warren_relay_peer_gone_total",
            "Times a client was told that a peer is not here.",
            c.peer_gone_sent);
  w.Counter("warren_relay_pongs_total", "Pings answered.", c.pongs_sent);
  ByReason<Drop>(w, "warren_relay_dropped_packets_total",
                 "Packets not delivered.", c.drops);
  ByReason<CloseReason>(w, "warren_relay_closed_clients_total",
                        "Clients that went or were cut off.", c.closed);
  w.Counter("warren_relay_stun_answered_total", "STUN requests answered.",
            m.stun_answered);
  w.Counter("warren_relay_stun_ignored_total",
            "Datagrams at the STUN port that got no answer.", m.stun_ignored);
  w.Process();
  return w.Take();
}

}  // namespace warren::relay
