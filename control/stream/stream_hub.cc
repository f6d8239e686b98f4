#include "control/stream/stream_hub.h"

#include <malloc.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "control/stream/send_order.h"
#include "core/netmap/presence_only.h"

namespace warren::control {
namespace {

// How often streams are looked at for silence.
constexpr absl::Duration kTendEvery = absl::Seconds(5);
// Publications after which snapshots that some streams still hold, but that
// tell their nodes nothing else than the newest, are let go.
constexpr uint64_t kForgetAfter = 16;

// The netmaps of so many streams leave holes all over the heap, which glibc
// keeps for ever; given back when nothing has been sent for a while.
constexpr size_t kMany = 500;
constexpr absl::Duration kQuiet = absl::Seconds(1);

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

void StreamHub::Mark(NodeId node, bool later) {
  const auto found = streams_.find(node);
  if (found != streams_.end()) Mark(found->second, later);
}

void StreamHub::Mark(Stream stream, bool later) {
  if (later) {
    later_.streams.insert(std::move(stream));
    return;
  }
  if (ready_.empty()) ready_since_ = options_.now();
  ready_.insert(std::move(stream));
}

bool StreamHub::MayWait(const Publication& publication) {
  const auto known = latest_.find(publication.tailnet);
  if (known == latest_.end() || publication.snapshot == nullptr ||
      !netmap::OnlyPresenceDiffers(*known->second, *publication.snapshot)) {
    return false;
  }
  const Instant now = options_.now();
  if (now < later_.at || !later_.streams.empty()) return true;
  later_.at = now + options_.presence;
  return false;
}

void StreamHub::OnPublication(const Publication& publication) {
  absl::MutexLock lock(&mutex_);
  ++publications_.all;
  const bool later = MayWait(publication);
  if (publication.snapshot == nullptr) {
    latest_.erase(publication.tailnet);
  } else {
    latest_[publication.tailnet] = publication.snapshot;
  }
  if (publication.everyone) {
    for (const auto& [node, stream] : streams_) {
      if (stream->ticket().tailnet == publication.tailnet) {
        Mark(stream, later);
      }
    }
    return;
  }
  for (NodeId node : publication.removed) Mark(node, later);
  for (NodeId node : publication.affected) Mark(node, later);
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
      Mark(stream, /*later=*/false);
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
  Mark(std::move(stream), /*later=*/false);
}

void StreamHub::Detach(const Stream& stream) {
  absl::MutexLock lock(&mutex_);
  ready_.erase(stream);
  later_.streams.erase(stream);
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
  out.publications = publications_.all;
  out.push_time = push_time_.Read();
  return out;
}

bool StreamHub::AwaitWork(absl::Duration wait) {
  absl::MutexLock lock(&mutex_);
  later_.awaited = !later_.streams.empty();
  if (later_.awaited) wait = std::min(wait, later_.at - options_.now());
  mutex_.AwaitWithTimeout(absl::Condition(this, &StreamHub::HasWork), wait);
  const Instant now = options_.now();
  if (!later_.streams.empty() && later_.at <= now) {
    if (ready_.empty()) ready_since_ = now;
    ready_.merge(later_.streams);
    later_.streams.clear();
    later_.at = now + options_.presence;
  }
  return !stopping_;
}

void StreamHub::Run() {
  Instant tended = options_.now();
  bool wasteful = false;
  while (AwaitWork(wasteful ? kQuiet : kTendEvery)) {
    const size_t pumped = PumpReady();
    const bool tend = options_.now() - tended >= kTendEvery;
    if (wasteful && (pumped == 0 || tend)) {
      malloc_trim(0);
      wasteful = false;
    }
    wasteful = wasteful || pumped >= kMany;
    ForgetOld();
    if (tend) {
      TendAll();
      tended = options_.now();
    }
  }
}

size_t StreamHub::PumpReady() {
  std::vector<StreamNews> work;
  Instant since;
  {
    absl::MutexLock lock(&mutex_);
    for (const Stream& stream : ready_) {
      // What it gets is all that is news.
      later_.streams.erase(stream);
      const auto found = latest_.find(stream->ticket().tailnet);
      work.push_back(
          {stream, found == latest_.end() ? nullptr : found->second});
    }
    since = ready_since_;
    ready_.clear();
  }
  const size_t pumped = work.size();
  for (const StreamNews& one : work) one.stream->Owe(since);
  SendInOrder(std::move(work));
  return pumped;
}

void StreamHub::ForgetOld() {
  std::vector<std::pair<Stream, std::shared_ptr<const netmap::Snapshot>>> work;
  {
    absl::MutexLock lock(&mutex_);
    if (publications_.all < publications_.forgotten + kForgetAfter) return;
    publications_.forgotten = publications_.all;
    for (const auto& [node, stream] : streams_) {
      if (ready_.contains(stream) || later_.streams.contains(stream)) continue;
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
