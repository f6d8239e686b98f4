#ifndef WARREN_CLIENT_CONTROL_CONTROL_OPTIONS_H_
#define WARREN_CLIENT_CONTROL_CONTROL_OPTIONS_H_

#include <optional>

#include "core/crypto/keys.h"
#include "io/control_url.h"
#include "io/tls.h"

namespace warren::client {

struct ControlOptions {
  io::ControlUrl url;
  crypto::MachinePrivateKey machine_key;
  // The server's Noise key. nullopt: the one that the server says it has at
  // the first contact is taken, and told by `server_key` to be kept.
  std::optional<crypto::MachineKey> server_key;
  io::TlsClientOptions tls;  // for https
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_CONTROL_CONTROL_OPTIONS_H_
