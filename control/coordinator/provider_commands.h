#ifndef WARREN_CONTROL_COORDINATOR_PROVIDER_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_PROVIDER_COMMANDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// Where else people have accounts. As in administration.h each function
// checks, stores with its audit row, and then applies. The web layer takes up
// what changed by itself, before the next sign-in.
namespace warren::control {

inline constexpr size_t kMaxProviders = 50;  // of one tailnet

// By name or decimal id. NOT_FOUND.
absl::StatusOr<ProviderRecord> FindProvider(const TailnetState& tailnet,
                                            absl::string_view ref);

// Creates or replaces, by id (0: a new one, which gets one; directory.NewId()
// for who must seal a new one's secret first). `provider.config` and
// `provider.secret` are the caller's to check (ProviderConfigOf()) and to seal
// (ProviderSecretPlace()). Needs an admin.
// ALREADY_EXISTS: the name is another's; RESOURCE_EXHAUSTED.
absl::StatusOr<ProviderRecord> PutProvider(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet,
                                           ProviderRecord provider);
// Its users stay, and cannot sign in by it any more. Needs an admin.
absl::Status DeleteProvider(Directory& directory, const Order& order,
                            TailnetState& tailnet, ProviderId id);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PROVIDER_COMMANDS_H_
