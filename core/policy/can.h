#ifndef WARREN_CORE_POLICY_CAN_H_
#define WARREN_CORE_POLICY_CAN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/ip.h"
#include "core/policy/compiled.h"
#include "core/policy/policy.h"
#include "core/policy/topology.h"

// Questions that people have: may this reach that, and who may. Answered by
// the filters that the devices get, so that the answer is what happens.
namespace warren::policy {

// "DST[:PORT][/PROTO]": "web", "tag:web:443", "10.0.0.9:53/udp",
// "[fd7a::1]:22", "alice@example.com/icmp".
struct Target {
  std::string name;
  std::optional<uint16_t> port;  // unset: is any open?
  uint8_t protocol = 6;
};
// What follows the last colon is a port if it can be one: "tag:web:22".
absl::StatusOr<Target> ParseTarget(absl::string_view text);

// One end of a connection: a device, or an address behind one.
struct End {
  std::string name;  // "laptop", "10.0.0.9"
  NodeId node;       // 0: no device of the tailnet has it
  std::vector<net::IpAddress> addresses;
};

// One device may (or may not) reach one end.
struct Answer {
  End source;
  End destination;
  bool allowed = false;
  Place rule;  // the first in the text that allows it alone
};

class Oracle {
 public:
  // `policy` must have passed Check().
  Oracle(std::shared_ptr<const Policy> policy,
         std::shared_ptr<const Topology> topology);

  // What a name means: a device's name, an address, a user's login, a tag, a
  // group, a host of the policy, autogroup:member, autogroup:tagged, "*".
  // NOT_FOUND: nothing of that name, or nothing with a device.
  absl::StatusOr<std::vector<End>> Resolve(absl::string_view name) const;

  // Each device of `source` to each end of the target.
  absl::StatusOr<std::vector<Answer>> Can(absl::string_view source,
                                          const Target& target) const;
  // Each device that may reach any end of the target.
  absl::StatusOr<std::vector<Answer>> Who(const Target& target) const;

 private:
  struct Rule {
    Place place;
    std::shared_ptr<const Compiled> alone;  // made when first needed
  };
  bool Allows(const Compiled& compiled, const End& source, const End& to,
              const Target& target) const;
  Place FindRule(const End& source, const End& to, const Target& target) const;
  std::shared_ptr<const Compiled> Alone(size_t rule) const;
  void AddMembers(absl::string_view name, int depth,
                  std::vector<End>& ends) const;
  const NodeView& ViewOf(const Compiled& compiled, NodeId node) const;
  End EndOf(const Node& node) const;
  End EndOf(const net::IpAddress& address) const;

  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<const Topology> topology_;
  std::shared_ptr<const Compiled> compiled_;
  mutable std::vector<Rule> rules_;  // acls, then grants
  // Of nodes that were asked for.
  mutable std::map<std::pair<const Compiled*, NodeId>, NodeView> views_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_CAN_H_
