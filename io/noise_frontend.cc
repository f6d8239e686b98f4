#include "io/noise_frontend.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"
#include "io/noise_door.h"
#include "io/open_files.h"
#include "io/tcp.h"

namespace warren::io {
namespace {

// Left for everything else: the database, the admin socket, the site.
constexpr size_t kOtherFiles = 400;
// What services said that is written in one turn: sockets wait meanwhile.
constexpr size_t kPerTurn = 128;

// `wanted`, or as many as there are descriptors for.
size_t ConnectionsThatFit(size_t wanted) {
  const size_t files = RaiseOpenFiles();
  const size_t room = files > kOtherFiles ? files - kOtherFiles : 0;
  return std::clamp<size_t>(room, 1, wanted);
}

}  // namespace

NoiseFrontend::NoiseFrontend(std::unique_ptr<EventLoop> loop)
    : loop_(std::move(loop)) {}

absl::StatusOr<std::unique_ptr<NoiseFrontend>> NoiseFrontend::Start(
    NoiseFrontendOptions options, crypto::MachinePrivateKey key,
    RpcService& service, Rng& rng) {
  WARREN_ASSIGN_OR_RETURN(auto loop, EventLoop::Create());
  WARREN_ASSIGN_OR_RETURN(Fd listener, ListenTcp(options.listen));
  options.max_connections = ConnectionsThatFit(options.max_connections);
  std::unique_ptr<NoiseFrontend> frontend(new NoiseFrontend(std::move(loop)));
  frontend->local_ = LocalEndpoint(listener);
  frontend->outbox_ = std::make_shared<RpcOutbox>([raw = frontend.get()] {
    raw->loop_->Post(
        [raw] { raw->door_->Deliver(raw->outbox_->Take(kPerTurn)); });
  });
  frontend->door_ =
      std::make_unique<NoiseDoor>(std::move(options), std::move(key), service,
                                  frontend->outbox_, rng, *frontend->loop_);
  WARREN_RETURN_IF_ERROR(frontend->door_->Open(std::move(listener)));
  frontend->thread_ =
      std::thread([loop = frontend->loop_.get()] { loop->Run(); });
  return frontend;
}

NoiseFrontend::~NoiseFrontend() {
  if (thread_.joinable()) {
    loop_->Post([this] { door_->Drain(); });
    door_->AwaitDrained();
    outbox_->Close();
    loop_->Stop();
    thread_.join();
  }
  outbox_->Close();
}

NoiseFrontendCounters NoiseFrontend::counters() const {
  return door_->counters();
}

}  // namespace warren::io
