#ifndef WARREN_CORE_NOISE_CONTROL_HANDSHAKE_H_
#define WARREN_CORE_NOISE_CONTROL_HANDSHAKE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/noise/record.h"
#include "core/noise/symmetric_state.h"

// The handshake of the control channel (ts2021 §1.5):
// Noise_IK_25519_ChaChaPoly_BLAKE2s, a machine's key to the server's key.
//
//   initiation, 101 bytes            response, 51 bytes
//   0   2   version, big-endian      0   1   0x02
//   2   1   0x01                     1   2   48, big-endian
//   3   2   96, big-endian           3   32  ephemeral public key
//   5   32  ephemeral public key     35  16  tag
//   37  48  machine key, sealed
//   85  16  tag                      error: 0x03, size (2), text
//
// `version` is a number the client chooses (its capabilities, in stock
// clients); both ends mix it in, so nobody on the way can change it.

namespace warren::noise {

inline constexpr size_t kInitiationSize = 101;
inline constexpr size_t kResponseSize = 51;

using ChannelToken = crypto::Secret<struct ChannelTokenTag, 32>;

// A finished handshake. The two directions are independent objects, so that
// one thread may read while another writes.
struct Transport {
  RecordSealer sealer;
  RecordReader reader;
  // The same at both ends and known to nobody else. A call that carries it
  // inside the channel proves that it belongs to this channel.
  ChannelToken channel_token;
};

// The client's half.
class IkInitiator {
 public:
  // INVALID_ARGUMENT: `server` is of low order (the absent key is), so not a
  // key of a server.
  static absl::StatusOr<IkInitiator> Start(
      const crypto::MachinePrivateKey& machine,
      const crypto::MachineKey& server, uint16_t version, Rng& rng);

  // To send first.
  const std::array<uint8_t, kInitiationSize>& initiation() const {
    return initiation_;
  }

  // Reads the server's answer, one whole frame (HandshakeFrameSize).
  //   INVALID_ARGUMENT   malformed
  //   UNAUTHENTICATED    not from the owner of the server key
  //   UNAVAILABLE        an error frame; its text, which anyone on the way may
  //                      have written, is in the message, made printable
  // A failed call changes nothing, but the stream is of no more use.
  absl::StatusOr<Transport> ReadResponse(Bytes frame) const;

 private:
  IkInitiator(crypto::MachinePrivateKey machine,
              crypto::MachinePrivateKey ephemeral, SymmetricState state);

  crypto::MachinePrivateKey machine_;
  crypto::MachinePrivateKey ephemeral_;
  SymmetricState state_;
  std::array<uint8_t, kInitiationSize> initiation_{};
};

// What a server makes of an initiation. `machine` has *claimed* this channel,
// perhaps by a replay: only when `transport.reader` has opened a first record
// is it proven to be there.
struct AcceptedInitiation {
  crypto::MachineKey machine;
  uint16_t version;
  std::array<uint8_t, kResponseSize> response;  // To send back.
  Transport transport;
};

// The server's half.
//   INVALID_ARGUMENT   malformed: send ErrorFrame(message) and close
//   UNAUTHENTICATED    made for another server key, or forged: just close
absl::StatusOr<AcceptedInitiation> ReadInitiation(
    const crypto::MachinePrivateKey& server, Bytes initiation, Rng& rng);

// The size of the frame at the front of `stream`, header included, or nullopt
// if that cannot be told yet. INVALID_ARGUMENT: larger than kMaxFrameSize.
// For the answer to an initiation, which may be an error frame.
absl::StatusOr<std::optional<size_t>> HandshakeFrameSize(Bytes stream);

// Tells a client in clear why its initiation was refused. The text is cut to
// what a frame may hold.
std::vector<uint8_t> ErrorFrame(absl::string_view text);

}  // namespace warren::noise

#endif  // WARREN_CORE_NOISE_CONTROL_HANDSHAKE_H_
