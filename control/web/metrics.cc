#include "control/web/metrics.h"

#include "absl/strings/string_view.h"
#include "core/base/version.h"
#include "io/prometheus.h"

namespace warren::control {
namespace {

using io::PrometheusText;

void AddTailnets(const StreamHub& hub, PrometheusText& text) {
  const StreamHubCounters streams = hub.counters();
  text.Gauge("warren_control_tailnets", "Tailnets.", streams.tailnets);
  text.Gauge("warren_control_nodes", "Registered nodes, online or not.",
             streams.nodes);
  text.Gauge("warren_control_online_nodes",
             "Nodes online: that have a netmap stream.", streams.streams);
  text.Counter("warren_control_publications_total",
               "Changes published to the nodes of a tailnet.",
               streams.publications);
  text.Durations("warren_control_push_duration_seconds",
                 "From a change, or a node's coming online, until the node's "
                 "connection has taken what tells of it.",
                 streams.push_time);
}

void AddDoor(const io::NoiseFrontend& frontend, PrometheusText& text) {
  const io::NoiseFrontendCounters door = frontend.counters();
  text.Counter("warren_control_connections_total",
               "TCP connections accepted, of nodes and of others.",
               door.accepted);
  text.Counters("warren_control_connections_refused_total",
                "Connections closed before they were of use: no room, too "
                "slow, not HTTP, not Noise or for another server's key, told "
                "to come again since the line for handshakes is full, or one "
                "too many that nobody vouches for.",
                "reason",
                {{"full", door.refused_full},
                 {"timeout", door.timed_out},
                 {"bad_request", door.bad_requests},
                 {"bad_handshake", door.bad_handshakes},
                 {"busy", door.told_to_wait},
                 {"stranger", door.strangers_dropped}});
  text.Gauge("warren_control_handshakes_waiting",
             "Nodes in line for their handshake now.", door.in_line);
  text.Counter("warren_control_channels_total",
               "Handshakes of nodes that succeeded.", door.channels);
  text.Gauge("warren_control_channels", "Channels of nodes open now.",
             door.channels - door.channels_ended);
}

void AddPeople(const MetricsSources& from, PrometheusText& text) {
  const RegistrationCounters& nodes = from.coordination.registrations();
  text.Counters("warren_control_registrations_total",
                "Nodes that asked to be let in; waiting: for a person to sign "
                "in.",
                "result",
                {{"ok", nodes.ok},
                 {"waiting", nodes.waiting},
                 {"refused", nodes.refused}});
  const SignInCounters people = from.web.sign_ins();
  text.Counters("warren_control_logins_total",
                "People that wanted to sign in with a browser.", "result",
                {{"ok", people.ok}, {"refused", people.refused}});
  text.Counters("warren_control_rate_limited_total",
                "Refused since there were too many before: calls of a node, "
                "calls of an API key or session, sign-ins of a login or from "
                "an address.",
                "what",
                {{"node", from.coordination.num_limited()},
                 {"api", from.doorkeeper.num_limited()},
                 {"login", people.limited}});
}

void AddFaces(const MetricsSources& from, PrometheusText& text) {
  text.Counters("warren_control_api_refused_total",
                "Administrative calls refused: with no or bad credentials, or "
                "of somebody who may not.",
                "reason",
                {{"credentials", from.doorkeeper.num_bad_credentials()},
                 {"permission", from.doorkeeper.num_refused()}});
  const io::HttpServerCounters http = from.web.counters();
  text.Counter("warren_control_http_requests_total",
               "HTTP requests of browsers and of the JSON API.", http.requests);
  text.Counters("warren_control_http_refused_total",
                "HTTP requests and connections refused at the door.", "reason",
                {{"full", http.refused_full},
                 {"malformed", http.malformed},
                 {"busy", http.busy}});
}

// A policy is changed by any of these rows of the audit log.
uint64_t PolicyChanges(const StoreMetrics::Reading& store) {
  uint64_t n = 0;
  for (const auto& [action, rows] : store.audit_rows) {
    if (action == "policy.set" || action == "policy.rollback") n += rows;
  }
  return n;
}

void AddStore(const MetricsSources& from, PrometheusText& text) {
  const StoreMetrics::Reading store = from.store.Read();
  text.Counters("warren_control_store_transactions_total",
                "Transactions of the database; nothing of those that failed "
                "is there.",
                "result", {{"ok", store.committed}, {"failed", store.failed}});
  text.Counter("warren_control_store_refused_writes_total",
               "Writes that a condition refused, such as a name that is "
               "taken; no fault of the database.",
               store.refused);
  text.Durations("warren_control_store_commit_duration_seconds",
                 "How long it took to make a transaction durable.",
                 store.commit_time);
  const CoordinatorCounters queue = from.coordinator.counters();
  text.Gauge("warren_control_commands_waiting",
             "Commands in the queue of the one writer now.", queue.waiting);
  text.Counter("warren_control_commands_total", "Commands run by it.",
               queue.commands);
  text.Counter("warren_control_commands_refused_total",
               "Commands refused since its queue was full.", queue.refused);
  text.Counter("warren_control_policy_changes_total",
               "Policies set or rolled back.", PolicyChanges(store));
  constexpr char kAudit[] = "warren_control_audit_entries_total";
  text.Head(kAudit, "Rows of the audit log written, by action.", "counter");
  for (const auto& [action, rows] : store.audit_rows) {
    text.Row(kAudit, "action", action, rows);
  }
}

void AddWebhooks(const Webhooks& webhooks, PrometheusText& text) {
  const WebhookCounters sent = webhooks.counters();
  text.Counters("warren_control_webhook_attempts_total",
                "Events sent to webhooks; failed ones are tried again.",
                "result", {{"ok", sent.delivered}, {"failed", sent.failed}});
  text.Gauge("warren_control_webhook_waiting",
             "Events that wait for their webhook.", sent.waiting);
}

}  // namespace

std::string ToPrometheus(const MetricsSources& sources) {
  PrometheusText text;
  text.Head("warren_control_build_info", "1, of this version.", "gauge");
  text.Row("warren_control_build_info", "version", kVersion, 1);
  AddTailnets(sources.hub, text);
  AddDoor(sources.frontend, text);
  AddPeople(sources, text);
  AddFaces(sources, text);
  AddStore(sources, text);
  AddWebhooks(sources.webhooks, text);
  text.Process();
  return text.Take();
}

}  // namespace warren::control
