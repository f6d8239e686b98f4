#include "client/cli/why_screen.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/way.h"
#include "client/cli/why_timeline.h"
#include "io/cli/command.h"
#include "io/cli/human.h"
#include "io/cli/table.h"

namespace warren::client {
namespace {

constexpr size_t kMaxCandidates = 5;  // of each end
constexpr size_t kMaxTimeline = 12;

// `text` behind `start`, in lines of kScreenColumns; all but the first are
// indented.
std::string Wrapped(std::string start, const std::string& text, size_t indent) {
  std::string out, line = std::move(start);
  bool fresh = true;  // nothing of `text` is on the line
  for (const absl::string_view word :
       absl::StrSplit(cli::Printable(text), ' ')) {
    if (!fresh && line.size() + 1 + word.size() > kScreenColumns) {
      absl::StrAppend(&out, line, "\n");
      line.assign(indent, ' ');
      fresh = true;
    }
    absl::StrAppend(&line, fresh ? "" : " ", word);
    fresh = false;
  }
  return absl::StrCat(out, line, "\n");
}

std::string HeadlineOf(const v1::WhyReport& report) {
  const std::string& peer = report.remote().name();
  const v1::Path& path = report.local().path();
  const std::string rtt = cli::HumanRtt(path.rtt_seconds());
  const std::string& verdict = report.diagnosis().verdict();
  const std::string way =
      verdict == "no_way" ? "cannot be reached"
      : verdict == "direct"
          ? absl::StrCat("is reached directly, at ", path.endpoint())
          : absl::StrCat("is reached by ", WayOf(path));
  return absl::StrCat(peer, " ", way,
                      rtt.empty() ? "" : absl::StrCat(", ", rtt), ": ",
                      report.diagnosis().cause().text());
}

std::string UdpOf(const v1::WhyNetwork& network) {
  if (network.captive_portal()) return "captive portal: sign in first";
  if (network.udp() != "works") return network.udp();
  return network.mapped_v4().empty() ? "works"
                                     : "works, seen as " + network.mapped_v4();
}

std::string FilteringOf(const v1::NatBehavior& nat) {
  switch (nat.filtering()) {
    case v1::NatBehavior::ENDPOINT_INDEPENDENT:
      return "everybody";
    case v1::NatBehavior::ADDRESS_DEPENDENT:
      return "addresses it asked";
    case v1::NatBehavior::ADDRESS_AND_PORT_DEPENDENT:
      return "ports it asked";
    default:
      return "unknown";
  }
}

std::string PortMapOf(const v1::WhyNetwork& network) {
  if (network.port_map() == "mapped") return network.port_mapped();
  if (network.port_map() == "absent") return "the router speaks none";
  if (network.port_map() == "failed") return "the router refused";
  return "unknown";
}

std::string Ipv6Of(const v1::WhyNetwork& network) {
  if (!network.mapped_v6().empty()) return network.mapped_v6();
  for (const v1::OwnEndpoint& own : network.endpoints()) {
    if (own.endpoint().starts_with("[")) return own.endpoint();
  }
  return "none";
}

std::string RelayOf(const v1::WhyEnd& end) {
  const v1::WhyNetwork& network = end.network();
  if (network.home_relay() == 0) return "none";
  const std::string code = network.home_relay_code().empty()
                               ? absl::StrCat(network.home_relay())
                               : network.home_relay_code();
  const bool told = end.answered() && !network.relay_connected();
  return told ? code + ", not connected" : code;
}

std::string BackOf(const v1::WhyEnd& end) {
  if (!end.answered()) return "no answer";
  const std::string way = WayOf(end.path());
  return way.empty() ? "no way" : way;
}

std::string EndsOf(const v1::WhyReport& report) {
  const v1::WhyEnd& here = report.local();
  const v1::WhyEnd& there = report.remote();
  const v1::WhyNetwork& a = here.network();
  const v1::WhyNetwork& b = there.network();
  cli::Table table({"", cli::Printable(here.name() + " (this device)"),
                    cli::Printable(there.name())});
  table.Add({"sends by", BackOf(here), BackOf(there)});
  table.Add({"UDP", UdpOf(a), UdpOf(b)});
  table.Add({"NAT", a.nat_text(), b.nat_text()});
  table.Add({"lets in", FilteringOf(a.nat()), FilteringOf(b.nat())});
  table.Add({"port map", PortMapOf(a), PortMapOf(b)});
  table.Add({"IPv6", Ipv6Of(a), Ipv6Of(b)});
  table.Add({"relay", RelayOf(here), RelayOf(there)});
  return table.ToString();
}

std::string AgoOf(bool known, double seconds) {
  if (!known) return "never";
  if (seconds < 1) return absl::StrFormat("%.0f ms ago", seconds * 1000);
  if (seconds < 100) return absl::StrFormat("%.1f s ago", seconds);
  return absl::StrFormat("%.0f min ago", seconds / 60);
}

std::vector<std::string> RowOf(const std::string& who,
                               const v1::PathCandidate& candidate) {
  return {who,
          candidate.endpoint(),
          absl::StrJoin(candidate.sources(), ", "),
          AgoOf(candidate.has_ping_ago_seconds(), candidate.ping_ago_seconds()),
          AgoOf(candidate.has_pong_ago_seconds(), candidate.pong_ago_seconds()),
          cli::HumanRtt(candidate.rtt_seconds())};
}

std::string CandidatesOf(const v1::WhyReport& report) {
  cli::Table table({"WHO", "TRIES", "KNOWN BY", "ASKED", "ANSWERED", "RTT"});
  int left_out = 0;
  for (const v1::WhyEnd* end : {&report.local(), &report.remote()}) {
    const int count =
        std::min<int>(end->candidates_size(), int{kMaxCandidates});
    for (int i = 0; i < count; ++i) {
      table.Add(RowOf(end->name(), end->candidates(i)));
    }
    left_out += end->candidates_size() - count;
  }
  if (table.empty()) return "";
  std::string more;
  if (left_out > 0) {
    more = absl::StrCat("and ", left_out, " more: `warren why ",
                        report.remote().name(), " --json`\n");
  }
  return absl::StrCat("\n", table.ToString(), cli::Printable(more));
}

// "0 ms", "+31 ms", "+12.3 s".
std::string Since(double seconds) {
  if (seconds < 0.0005) return "0 ms";
  return seconds < 10 ? absl::StrFormat("+%.0f ms", seconds * 1000)
                      : absl::StrFormat("+%.1f s", seconds);
}

std::string HappenedOf(const v1::WhyReport& report) {
  const auto rows = TimelineOf(report, kMaxTimeline);
  if (rows.empty()) return "";
  cli::Table table({"WHEN", "WHO", "WHAT"});
  for (const TimelineRow& row : rows) {
    table.Add(
        {Since(rows[0].ago_seconds - row.ago_seconds), row.who, row.what});
  }
  std::string clock;
  if (report.remote().answered()) {
    clock = absl::StrFormat("; %s's clock is joined to within %.0f ms",
                            report.remote().name(),
                            std::ceil(report.clock_error_seconds() * 1000));
  }
  return absl::StrCat(
      "\n",
      Wrapped("Since ", AgoOf(true, std::max(0.0, rows[0].ago_seconds)) + clock,
              0),
      table.ToString());
}

}  // namespace

std::string WhyScreen(const v1::WhyReport& report) {
  const v1::Diagnosis& diagnosis = report.diagnosis();
  std::string out = Wrapped("", HeadlineOf(report), 2);
  for (const v1::Finding& detail : diagnosis.details()) {
    absl::StrAppend(&out, Wrapped("  also: ", detail.text(), 8));
  }
  absl::StrAppend(&out, "\n", EndsOf(report), CandidatesOf(report),
                  HappenedOf(report), "\n",
                  Wrapped("To do: ", diagnosis.suggestion(), 7));
  return out;
}

std::string PathsTable(const v1::DebugPathsReport& report) {
  cli::Table table({"PEER", "TRIES", "KNOWN BY", "ASKED", "ANSWERED", "RTT"});
  for (const v1::WhyReport& pair : report.peers()) {
    for (const v1::PathCandidate& candidate : pair.local().candidates()) {
      table.Add(RowOf(pair.remote().name(), candidate));
    }
  }
  return table.empty() ? "no addresses to try\n" : table.ToString();
}

}  // namespace warren::client
