#ifndef WARREN_CONTROL_IDENTITY_SERVER_KEY_H_
#define WARREN_CONTROL_IDENTITY_SERVER_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"

namespace warren::control {

// The server's Noise key, which its clients pin: `control.key` in the state
// folder, mode 0600, one line "privkey:<64 hex>". It is a file of its own and
// not in the database, so that a copy of the database alone cannot pretend to
// be the server.
//
// Made (with the folder, 0700), and durable, at the first start: when there is
// neither this file nor a database. FAILED_PRECONDITION, with nothing changed,
// when it is missing, unreadable, malformed or open to others; the message
// names the file.
absl::StatusOr<crypto::MachinePrivateKey> LoadServerKey(
    const std::string& folder, Rng& rng);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_SERVER_KEY_H_
