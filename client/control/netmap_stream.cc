#include "client/control/netmap_stream.h"

#include <utility>

#include "io/grpc_status.h"
#include "proto/convert/netmap.h"

namespace warren::client {

NetmapStream::NetmapStream(const io::NoiseChannel& channel,
                           const crypto::NodeKey& node_key, Events events)
    : events_(std::move(events)),
      stub_(v1::Coordination::NewStub(channel.grpc())),
      last_heard_(clock_.Now()) {
  channel.Authenticate(context_);
  v1::WatchNetmapRequest request;
  request.set_node_key(convert::KeyToProto(node_key));
  thread_ = std::thread([this, request] { Run(request); });
}

NetmapStream::~NetmapStream() {
  context_.TryCancel();
  thread_.join();
}

std::optional<absl::Status> NetmapStream::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

Instant NetmapStream::last_heard() const {
  absl::MutexLock lock(&mutex_);
  return last_heard_;
}

void NetmapStream::Run(const v1::WatchNetmapRequest& request) {
  absl::Status status = ReadAll(request);
  if (status.ok()) status = absl::UnavailableError("control ended the stream");
  {
    absl::MutexLock lock(&mutex_);
    ended_ = std::move(status);
  }
  events_.ended();
}

absl::Status NetmapStream::ReadAll(const v1::WatchNetmapRequest& request) {
  auto reader = stub_->WatchNetmap(&context_, request);
  v1::NetmapUpdate update;
  absl::Status refused;
  while (reader->Read(&update)) {
    {
      absl::MutexLock lock(&mutex_);
      last_heard_ = clock_.Now();
    }
    refused = events_.update(update);
    if (!refused.ok()) {
      context_.TryCancel();
      break;
    }
  }
  const absl::Status status = io::FromGrpc(reader->Finish());
  return refused.ok() ? status : refused;
}

}  // namespace warren::client
