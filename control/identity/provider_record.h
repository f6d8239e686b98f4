#ifndef WARREN_CONTROL_IDENTITY_PROVIDER_RECORD_H_
#define WARREN_CONTROL_IDENTITY_PROVIDER_RECORD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/identity/provider_config.h"
#include "control/identity/seal.h"
#include "control/store/account_records.h"
#include "proto/warren/v1/admin_access.pb.h"

// Providers as the admin API and the store have them.
namespace warren::control {

// What SignIn is configured with: id is the decimal `id`, name the provider's.
// `secret` is in clear. INVALID_ARGUMENT: as CheckProviderConfig(), or a kind
// that is none.
absl::StatusOr<ProviderConfig> ProviderConfigOf(ProviderId id,
                                                const v1::Provider& provider,
                                                absl::string_view secret);

// INVALID_ARGUMENT names the field that cannot be so. The secret is not looked
// at: a document has none.
absl::Status CheckProvider(ProviderId id, const v1::Provider& provider);

// Where its secret is sealed.
std::string ProviderSecretPlace(ProviderId id);

// The same from a row. DATA_LOSS: it cannot be read.
absl::StatusOr<ProviderConfig> ProviderConfigOf(const ProviderRecord& record,
                                                const SealKey& key);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_PROVIDER_RECORD_H_
