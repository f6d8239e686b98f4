#ifndef WARREN_IO_CHANNEL_REGISTRY_H_
#define WARREN_IO_CHANNEL_REGISTRY_H_

#include <grpcpp/server_context.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/net/ip.h"
#include "core/noise/control_handshake.h"

namespace warren::io {

// Metadata that every call through a Noise channel carries: the channel token
// as 64 lower-case hex digits.
inline constexpr char kChannelTokenMetadata[] = "warren-channel-token";

// What both ends of one Noise channel, and nobody else, can derive.
using ChannelToken = decltype(noise::Transport::channel_token);

// Who is at the other end of a Noise channel, proven by its handshake.
struct ChannelPeer {
  crypto::MachineKey machine;
  net::Endpoint remote;  // for the audit log; may be a proxy's
};

// Which machine speaks through which live Noise channel. The server's services
// ask it who calls; NoiseFrontend fills it. Thread-safe. Must outlive the
// gRPC server and the frontends that use it.
//
// Tokens are kept and looked up only as keyed hashes, so that the time of a
// lookup tells nothing about a token.
class ChannelRegistry {
 public:
  explicit ChannelRegistry(Rng& rng);
  ChannelRegistry(const ChannelRegistry&) = delete;
  ChannelRegistry& operator=(const ChannelRegistry&) = delete;

  // Who makes this call. UNAUTHENTICATED: the call has no token, or the token
  // is not that of the live channel the call came through.
  absl::StatusOr<ChannelPeer> Caller(
      const grpc::ServerContextBase& context) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends an entry when destroyed.
  class Entry {
   public:
    Entry(Entry&& other) noexcept;
    Entry& operator=(Entry&&) = delete;
    ~Entry();

   private:
    friend class ChannelRegistry;
    using Hash = std::array<uint8_t, 32>;
    Entry(ChannelRegistry* registry, const Hash& hash)
        : registry_(registry), hash_(hash) {}
    ChannelRegistry* registry_;
    Hash hash_;
  };
  // `inner_fd` is the descriptor given to gRPC: calls name it as their peer
  // ("fd:17"), and a token is good on its own channel only.
  Entry Add(const ChannelToken& token, const ChannelPeer& peer, int inner_fd)
      ABSL_LOCKS_EXCLUDED(mutex_);

  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Hash = Entry::Hash;
  struct Channel {
    ChannelPeer peer;
    int inner_fd = -1;
  };
  Hash HashOf(Bytes token) const;

  crypto::SymmetricKey hash_key_;
  mutable absl::Mutex mutex_;
  std::map<Hash, Channel> channels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warren::io

#endif  // WARREN_IO_CHANNEL_REGISTRY_H_
