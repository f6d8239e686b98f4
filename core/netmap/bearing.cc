#include "core/netmap/bearing.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>

namespace warren::netmap {
namespace {

// Protocols, addresses and ports.
using Target =
    std::tuple<std::vector<uint8_t>, net::IpPrefix, uint16_t, uint16_t>;
using SourcesOf = std::map<Target, std::vector<net::IpPrefix>>;

SourcesOf ByTarget(const std::vector<filter::Rule>& rules) {
  SourcesOf all;
  for (const filter::Rule& rule : rules) {
    for (const filter::Destination& to : rule.destinations) {
      auto& sources =
          all[{rule.protocols, to.prefix, to.first_port, to.last_port}];
      sources.insert(sources.end(), rule.sources.begin(), rule.sources.end());
    }
  }
  for (auto& [target, sources] : all) std::ranges::sort(sources);
  return all;
}

// Whether `all` lets in whatever `some` does.
bool Covers(const SourcesOf& all, const SourcesOf& some) {
  return std::ranges::all_of(some, [&all](const auto& entry) {
    const auto found = all.find(entry.first);
    return found != all.end() &&
           std::ranges::all_of(entry.second, [&](const net::IpPrefix& source) {
             return std::ranges::binary_search(found->second, source);
           });
  });
}

}  // namespace

Bearing BearingOf(const std::vector<filter::Rule>& before,
                  const std::vector<filter::Rule>& after) {
  const SourcesOf old_sources = ByTarget(before);
  const SourcesOf new_sources = ByTarget(after);
  return {!Covers(new_sources, old_sources), !Covers(old_sources, new_sources)};
}

}  // namespace warren::netmap
