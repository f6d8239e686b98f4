#include "client/cli/why_timeline.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "io/cli/human.h"

namespace warren::client {
namespace {

// Pings to several addresses within this time are one round of them.
constexpr double kRoundSeconds = 0.05;

std::string Count(uint32_t count, const char* thing) {
  return absl::StrCat(count, " ", thing, count == 1 ? "" : "es");
}

// How much a line tells. That the relay carries pings is no news.
int WorthOf(const v1::PathEvent& event) {
  const std::string& kind = event.kind();
  const bool relay = absl::StartsWith(event.endpoint(), "relay ");
  if (relay && (kind == "pong_received" || kind == "ping_received")) return 0;
  if (kind == "ping_sent" || kind == "ping_lost" || kind == "probes_refused") {
    return 1;
  }
  if (kind == "call_sent" || kind == "call_received" ||
      kind == "ping_received") {
    return 2;
  }
  return 3;
}

// One or more like events of one end.
struct Happening {
  double ago_seconds = 0;
  bool local = false;
  v1::PathEvent event;
  size_t num_addresses = 1;  // of a round
  size_t num_times = 1;

  std::string Addresses() const {
    return num_addresses == 1
               ? event.endpoint()
               : Count(static_cast<uint32_t>(num_addresses), "address");
  }
};

std::string WordsOf(const Happening& h, const std::string& other) {
  const v1::PathEvent& e = h.event;
  const std::string& kind = e.kind();
  if (kind == "ping_sent") return absl::StrCat("asks ", h.Addresses());
  if (kind == "ping_lost") {
    return absl::StrCat("had no answer from ", h.Addresses());
  }
  if (kind == "pong_received") {
    return absl::StrCat("is answered from ", e.endpoint(), " after ",
                        cli::HumanRtt(e.rtt_seconds()));
  }
  if (kind == "ping_received") {
    return absl::StrCat("is asked from ", e.endpoint());
  }
  if (kind == "call_sent") {
    return absl::StrCat("tells ", other, " ", Count(e.count(), "address"),
                        " by relay");
  }
  if (kind == "call_received") {
    return absl::StrCat("learns ", Count(e.count(), "address"), " of ", other);
  }
  if (kind == "path_taken") {
    return e.endpoint().empty()
               ? std::string("has no way any more")
               : absl::StrCat("sends by ", e.endpoint(), " from now on");
  }
  if (kind == "path_doubted") {
    return absl::StrCat("doubts ", e.endpoint(), ", sends by relay as well");
  }
  if (kind == "path_lost") return absl::StrCat("gives ", e.endpoint(), " up");
  if (kind == "punch_started") {
    return absl::StrCat("begins to probe ports: ", e.count(), " at most");
  }
  if (kind == "punch_ended") {
    return absl::StrCat("has probed ports: ", e.count(), " packets");
  }
  if (kind == "mtu_found") {
    return absl::StrCat("finds that ", e.endpoint(), " carries ", e.count(),
                        " bytes");
  }
  if (kind == "link_changed") return "is in another network";
  if (kind == "probes_refused") {
    return absl::StrCat("has too many addresses to ask: ", e.endpoint(),
                        " waits");
  }
  return kind;
}

// The events of an end, those of one round joined.
void AddRounds(const v1::WhyEnd& end, bool local, std::vector<Happening>& all) {
  const v1::PathEvent* last = nullptr;
  size_t round = 0;
  for (const v1::PathEvent& event : end.events()) {
    const bool joins =
        last != nullptr && last->kind() == event.kind() &&
        (event.kind() == "ping_sent" || event.kind() == "ping_lost") &&
        last->ago_seconds() - event.ago_seconds() <= kRoundSeconds;
    last = &event;
    if (joins) {
      ++all[round].num_addresses;
      continue;
    }
    round = all.size();
    all.push_back({event.ago_seconds(), local, event, 1, 1});
  }
}

// Each thing once: where it happened first.
std::vector<Happening> WithoutRepeats(const std::vector<Happening>& all) {
  std::vector<Happening> out;
  std::map<std::tuple<bool, std::string, std::string>, size_t> known;
  for (const Happening& h : all) {
    const bool round =
        h.event.kind() == "ping_sent" || h.event.kind() == "ping_lost";
    // Which way was taken when is the story itself.
    const bool story =
        WorthOf(h.event) == 3 && h.event.kind() != "pong_received";
    const auto [it, is_new] = known.try_emplace(
        {h.local, h.event.kind(), round ? "" : h.event.endpoint()}, out.size());
    if (is_new || story) {
      out.push_back(h);
    } else {
      ++out[it->second].num_times;
    }
  }
  return out;
}

}  // namespace

std::vector<TimelineRow> TimelineOf(const v1::WhyReport& report, size_t max) {
  std::vector<Happening> all;
  AddRounds(report.local(), true, all);
  AddRounds(report.remote(), false, all);
  const auto earlier = [](const Happening& a, const Happening& b) {
    return a.ago_seconds > b.ago_seconds;
  };
  std::ranges::stable_sort(all, earlier);
  all = WithoutRepeats(all);
  // The most telling, and of those the latest.
  std::ranges::stable_sort(all, [](const Happening& a, const Happening& b) {
    return std::tuple(-WorthOf(a.event), a.ago_seconds) <
           std::tuple(-WorthOf(b.event), b.ago_seconds);
  });
  if (all.size() > max) all.resize(max);
  std::ranges::stable_sort(all, earlier);
  std::vector<TimelineRow> rows;
  for (const Happening& h : all) {
    const v1::WhyEnd& who = h.local ? report.local() : report.remote();
    const v1::WhyEnd& other = h.local ? report.remote() : report.local();
    std::string what = WordsOf(h, other.name());
    if (h.num_times > 1) absl::StrAppend(&what, " (", h.num_times, " times)");
    rows.push_back({h.ago_seconds, who.name(), std::move(what)});
  }
  return rows;
}

}  // namespace warren::client
