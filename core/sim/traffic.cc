#include "core/sim/traffic.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/check.h"

namespace warren::sim {
namespace {

constexpr size_t kLargeSize = 1252;  // and the headers of IPv4 and UDP

}  // namespace

void Traffic::Send() {
  for (size_t from = 0; from < nodes_.size(); ++from) {
    for (size_t to = 0; to < nodes_.size(); ++to) {
      if (from == to || !nodes_[from]->online() || !nodes_[to]->online()) {
        continue;
      }
      auto& packets = flows_[{from, to}];
      packets.push_back({world_.now()});
      const size_t number = packets.size() - 1;
      std::string text = absl::StrCat(from, " ", number, " ");
      if (number % kLargeEach == 0) text.resize(kLargeSize, '.');
      nodes_[from]->Send(*nodes_[to], text);
    }
  }
  Collect();
}

void Traffic::Collect() {
  for (size_t to = 0; to < nodes_.size(); ++to) {
    for (const SimNode::Received& received : nodes_[to]->TakeInbox()) {
      const std::vector<std::string> words = absl::StrSplit(received.text, ' ');
      size_t from = 0, number = 0;
      WARREN_CHECK(words.size() == 3 && absl::SimpleAtoi(words[0], &from) &&
                   absl::SimpleAtoi(words[1], &number));
      Packet& packet = flows_.at({from, to}).at(number);
      if (received.at - packet.sent <= kLate) packet.arrived = true;
    }
  }
}

std::vector<Traffic::Outage> Traffic::Outages(Instant since) const {
  std::vector<Outage> outages;
  for (const auto& [flow, packets] : flows_) {
    AddOutages(flow, packets, since, 1, outages);
    AddOutages(flow, packets, since, kLargeEach, outages);
  }
  return outages;
}

void Traffic::AddOutages(const Flow& flow, const std::vector<Packet>& packets,
                         Instant since, size_t each,
                         std::vector<Outage>& outages) const {
  bool lost = false;
  for (size_t i = 0; i < packets.size(); i += each) {
    const auto& [sent, arrived] = packets[i];
    if (sent < since) continue;
    if (!arrived && world_.now() - sent < kLate) break;
    if (arrived && lost) outages.back().over = true;
    if (!arrived) {
      if (!lost) {
        Outage& outage = outages.emplace_back();
        outage.from = flow.first;
        outage.to = flow.second;
        outage.begin = sent;
        outage.large = each != 1;
      }
      ++outages.back().num_lost;
      outages.back().end = sent + static_cast<int64_t>(each) * interval_;
    }
    lost = !arrived;
  }
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
