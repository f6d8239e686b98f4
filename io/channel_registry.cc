#include "io/channel_registry.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/base/hex.h"
#include "core/crypto/blake2s.h"

namespace warren::io {

ChannelRegistry::ChannelRegistry(Rng& rng) {
  rng.Fill(hash_key_.ExposeMutable());
}

ChannelRegistry::Hash ChannelRegistry::HashOf(Bytes token) const {
  Hash hash;
  crypto::Blake2s(hash_key_.Expose(), hash.size()).Update(token).Finish(hash);
  return hash;
}

absl::StatusOr<ChannelPeer> ChannelRegistry::Caller(
    const grpc::ServerContextBase& context) const {
  const auto& metadata = context.client_metadata();
  const auto sent = metadata.find(kChannelTokenMetadata);
  if (sent == metadata.end()) {
    return absl::UnauthenticatedError(absl::StrCat(
        "this call carries no ", kChannelTokenMetadata, " metadata"));
  }
  const auto token =
      ParseHex(absl::string_view(sent->second.data(), sent->second.size()));
  if (!token.ok()) {
    return absl::UnauthenticatedError("the channel token is not hexadecimal");
  }
  const Hash hash = HashOf(*token);
  const std::string through = context.peer();
  absl::MutexLock lock(&mutex_);
  const auto found = channels_.find(hash);
  if (found == channels_.end() ||
      through != absl::StrCat("fd:", found->second.inner_fd)) {
    return absl::UnauthenticatedError(
        "the channel token is not that of this connection");
  }
  return found->second.peer;
}

ChannelRegistry::Entry ChannelRegistry::Add(const ChannelToken& token,
                                            const ChannelPeer& peer,
                                            int inner_fd) {
  const Hash hash = HashOf(token.Expose());
  absl::MutexLock lock(&mutex_);
  const bool added = channels_.emplace(hash, Channel{peer, inner_fd}).second;
  WARREN_CHECK(added);  // Both ends put fresh keys into each token.
  return Entry(this, hash);
}

size_t ChannelRegistry::size() const {
  absl::MutexLock lock(&mutex_);
  return channels_.size();
}

ChannelRegistry::Entry::Entry(Entry&& other) noexcept
    : registry_(std::exchange(other.registry_, nullptr)), hash_(other.hash_) {}

ChannelRegistry::Entry::~Entry() {
  if (registry_ == nullptr) return;
  absl::MutexLock lock(&registry_->mutex_);
  registry_->channels_.erase(hash_);
}

}  // namespace warren::io
