#ifndef WARREN_CONTROL_COORDINATOR_TAILNET_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_TAILNET_COMMANDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// Names and switches of a tailnet, beside administration.h.
namespace warren::control {

inline constexpr size_t kMaxSuggestions = 50;

// Pairs of words that no tailnet has, each another one. At most
// kMaxSuggestions; 0 = 5.
std::vector<std::string> SuggestTailnetNames(Directory& directory,
                                             size_t count);

// "quiet-otter.BASE_DOMAIN"; only the name when the server has no base domain.
std::string DomainOf(const Directory& directory, const TailnetState& tailnet);
// "laptop.quiet-otter.BASE_DOMAIN".
std::string DomainNameOf(const Directory& directory,
                         const TailnetState& tailnet, const NodeRecord& node);

// Replaces the switches. Admins. INVALID_ARGUMENT names the one that cannot be.
absl::Status SetSettings(Directory& directory, const Order& order,
                         TailnetState& tailnet,
                         const TailnetSettings& settings);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_TAILNET_COMMANDS_H_
