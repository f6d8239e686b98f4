#include "core/sim/traffic.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/check.h"

namespace warren::sim {

void Traffic::Send() {
  for (size_t from = 0; from < nodes_.size(); ++from) {
    for (size_t to = 0; to < nodes_.size(); ++to) {
      if (from == to || !nodes_[from]->online() || !nodes_[to]->online()) {
        continue;
      }
      auto& packets = flows_[{from, to}];
      packets.push_back({world_.now()});
      nodes_[from]->Send(*nodes_[to],
                         absl::StrCat(from, " ", packets.size() - 1));
    }
  }
  Collect();
}

void Traffic::Collect() {
  for (size_t to = 0; to < nodes_.size(); ++to) {
    for (const SimNode::Received& received : nodes_[to]->TakeInbox()) {
      const std::vector<std::string> words = absl::StrSplit(received.text, ' ');
      size_t from = 0, number = 0;
      WARREN_CHECK(words.size() == 2 && absl::SimpleAtoi(words[0], &from) &&
                   absl::SimpleAtoi(words[1], &number));
      Packet& packet = flows_.at({from, to}).at(number);
      if (received.at - packet.sent <= kLate) packet.arrived = true;
    }
  }
}

std::vector<Traffic::Outage> Traffic::Outages(Instant since) const {
  std::vector<Outage> outages;
  for (const auto& [flow, packets] : flows_) {
    const auto first =
        std::ranges::lower_bound(packets, since, {}, &Packet::sent);
    bool lost = false;
    for (auto it = first; it != packets.end(); lost = !it++->arrived) {
      if (!it->arrived && world_.now() - it->sent < kLate) break;
      if (it->arrived && lost) outages.back().over = true;
      if (it->arrived) continue;
      if (!lost) {
        outages.push_back({flow.first, flow.second, it->sent, it->sent});
      }
      outages.back().end = it->sent + interval_;
    }
  }
  return outages;
}

std::vector<Traffic::Flow> Traffic::Missing(Instant since) const {
  std::vector<Flow> missing;
  for (const auto& [flow, packets] : flows_) {
    const bool arrived = std::ranges::any_of(
        packets, [&](const Packet& p) { return p.sent >= since && p.arrived; });
    if (!arrived) missing.push_back(flow);
  }
  return missing;
}

}  // namespace warren::sim
