#include "control/stream/stream_hub.h"

#include <utility>
#include <vector>

#include "control/stream/send_order.h"

namespace warren::control {
namespace {

// How often streams are looked at for silence.
constexpr absl::Duration kTendEvery = absl::Seconds(5);
// Publications after which snapshots that some streams still hold, but that
// tell their nodes nothing else than the newest, are let go.
constexpr uint64_t kForgetAfter = 16;

absl::Status Stopping() {
  return absl::UnavailableError("the server is stopping");
}

}  // namespace

StreamHub::StreamHub(Options options)
    : options_(std::move(options)), thread_([this] { Run(); }) {}

StreamHub::~StreamHub() {
  Close();
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void StreamHub::MarkReady(NodeId node) {
  const auto found = streams_.find(node);
  if (found != streams_.end()) MarkReady(found->second);
}

void StreamHub::MarkReady(Stream stream) {
  if (ready_.empty()) ready_since_ = options_.now();
  ready_.insert(std::move(stream));
}

void StreamHub::OnPublication(const Publication& publication) {
  absl::MutexLock lock(&mutex_);
  ++num_publications_;
  if (publication.snapshot == nullptr) {
    latest_.erase(publication.tailnet);
  } else {
    latest_[publication.tailnet] = publication.snapshot;
  }
  if (publication.everyone) {
    for (const auto& [node, stream] : streams_) {
      if (stream->ticket().tailnet == publication.tailnet) {
        MarkReady(stream);
      }
    }
    return;
  }
  for (NodeId node : publication.removed) MarkReady(node);
  for (NodeId node : publication.affected) MarkReady(node);
}

void StreamHub::Attach(Stream stream) {
  Stream older;
  bool closed = false;
  {
    absl::MutexLock lock(&mutex_);
    closed = closed_;
    if (!closed) {
      Stream& place = streams_[stream->ticket().node];
      older = std::exchange(place, stream);
      MarkReady(stream);
    }
  }
  if (closed) stream->Close(Stopping());
  if (older != nullptr) {
    older->Close(
        absl::AbortedError("another connection of this node has taken over"));
  }
}

void StreamHub::Wake(Stream stream) {
  absl::MutexLock lock(&mutex_);
  MarkReady(std::move(stream));
}

void StreamHub::Detach(const Stream& stream) {
  absl::MutexLock lock(&mutex_);
  ready_.erase(stream);
  const auto found = streams_.find(stream->ticket().node);
  if (found != streams_.end() && found->second == stream) {
    streams_.erase(found);
  }
}

void StreamHub::Close() {
  std::map<NodeId, Stream> streams;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    streams = streams_;
  }
  for (const auto& [node, stream] : streams) stream->Close(Stopping());
}

StreamHubCounters StreamHub::counters() const {
  absl::MutexLock lock(&mutex_);
  StreamHubCounters out;
  out.tailnets = latest_.size();
  for (const auto& [id, snapshot] : latest_)
    out.nodes += snapshot->own.nodes.size();
  out.streams = streams_.size();
  out.publications = num_publications_;
  out.push_time = push_time_.Read();
  return out;
}

void StreamHub::Run() {
  Instant tended = options_.now();
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &StreamHub::HasWork),
                              kTendEvery);
      if (stopping_) return;
    }
    PumpReady();
    ForgetOld();
    if (options_.now() - tended >= kTendEvery) {
      TendAll();
      tended = options_.now();
    }
  }
}

void StreamHub::PumpReady() {
  std::vector<StreamNews> work;
  Instant since;
  {
    absl::MutexLock lock(&mutex_);
    for (const Stream& stream : ready_) {
      const auto found = latest_.find(stream->ticket().tailnet);
      work.push_back(
          {stream, found == latest_.end() ? nullptr : found->second});
    }
    since = ready_since_;
    ready_.clear();
  }
  for (const StreamNews& one : work) one.stream->Owe(since);
  SendInOrder(std::move(work));
}

void StreamHub::ForgetOld() {
  std::vector<std::pair<Stream, std::shared_ptr<const netmap::Snapshot>>> work;
  {
    absl::MutexLock lock(&mutex_);
    if (num_publications_ < forgotten_ + kForgetAfter) return;
    forgotten_ = num_publications_;
    for (const auto& [node, stream] : streams_) {
      if (ready_.contains(stream)) continue;
      const auto found = latest_.find(stream->ticket().tailnet);
      if (found != latest_.end()) work.emplace_back(stream, found->second);
    }
  }
  for (auto& [stream, latest] : work) stream->SkipTo(std::move(latest));
}

void StreamHub::TendAll() {
  std::vector<Stream> streams;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [node, stream] : streams_) streams.push_back(stream);
  }
  const Instant now = options_.now();
  for (const Stream& stream : streams) {
    stream->Tend(now - options_.keep_alive, now - options_.stuck);
  }
}

}  // namespace warren::control
