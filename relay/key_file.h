#ifndef WARREN_RELAY_KEY_FILE_H_
#define WARREN_RELAY_KEY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"

namespace warren::relay {

// The relay's own key: {"PrivateKey":"privkey:<64 hex>"}, the format of stock
// relays, mode 0600. Made with `rng` when there is no such file.
// FAILED_PRECONDITION names the file, says what is wrong with it and what to
// do; a file that exists is never overwritten, because clients know the key.
absl::StatusOr<crypto::NodePrivateKey> LoadOrMakeKey(const std::string& path,
                                                     Rng& rng);

}  // namespace warren::relay

#endif  // WARREN_RELAY_KEY_FILE_H_
