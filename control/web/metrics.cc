#include "control/web/metrics.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace warren::control {
namespace {

void Add(absl::string_view kind, absl::string_view name, absl::string_view help,
         uint64_t value, std::string& out) {
  absl::StrAppend(&out, "# HELP ", name, " ", help, "\n# TYPE ", name, " ",
                  kind, "\n", name, " ", value, "\n");
}

}  // namespace

std::string ToPrometheus(const StreamHubCounters& streams,
                         const io::NoiseFrontendCounters& door) {
  std::string out;
  const auto gauge = [&out](const char* name, const char* help, uint64_t v) {
    Add("gauge", name, help, v, out);
  };
  const auto counter = [&out](const char* name, const char* help, uint64_t v) {
    Add("counter", name, help, v, out);
  };
  gauge("warren_control_tailnets", "Tailnets.", streams.tailnets);
  gauge("warren_control_nodes", "Registered nodes.", streams.nodes);
  gauge("warren_control_streams", "Nodes online: live netmap streams.",
        streams.streams);
  counter("warren_control_publications_total", "Snapshots published.",
          streams.publications);
  counter("warren_control_accepted_total", "TCP connections accepted.",
          door.accepted);
  counter("warren_control_refused_full_total",
          "Connections closed because there were too many.", door.refused_full);
  counter("warren_control_timed_out_total", "Handshakes not done in time.",
          door.timed_out);
  counter("warren_control_bad_requests_total",
          "Connections that were not HTTP, or an unknown upgrade.",
          door.bad_requests);
  counter("warren_control_bad_handshakes_total",
          "Handshakes that were not Noise, or for another key.",
          door.bad_handshakes);
  counter("warren_control_channels_total", "Handshakes that succeeded.",
          door.channels);
  return out;
}

}  // namespace warren::control
