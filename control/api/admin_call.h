#ifndef WARREN_CONTROL_API_ADMIN_CALL_H_
#define WARREN_CONTROL_API_ADMIN_CALL_H_

#include <memory>

#include "control/coordinator/administration.h"
#include "control/coordinator/directory.h"
#include "control/identity/access.h"
#include "control/identity/seal.h"
#include "core/crypto/keys.h"

namespace warren::control {

// What a call may tell of the server it runs in.
struct ServerFacts {
  crypto::MachineKey public_key{};
  // With which secrets of providers are sealed; null: they cannot be stored.
  std::shared_ptr<const SealKey> seal_key{};
  // Webhooks may lead into private networks, and without TLS.
  bool allow_private_webhooks = false;
  std::string state_folder{};  // to be copied by BackupServer
};

// One call of the admin API that was let in: credentials, role and scope are
// right, and the tailnet that the request names is one that the caller may
// touch. On the coordinator's thread. Methods for members still look whose
// things are meant, see ownership.h.
struct AdminCall {
  Directory& directory;
  const Caller& caller;
  const Order& order;
  // Null for a request that names none: the server as a whole.
  TailnetState* const tailnet_or_null;
  const ServerFacts& server;

  TailnetState& tailnet() const { return *tailnet_or_null; }
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_CALL_H_
