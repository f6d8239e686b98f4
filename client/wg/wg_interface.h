#ifndef WARREN_CLIENT_WG_WG_INTERFACE_H_
#define WARREN_CLIENT_WG_WG_INTERFACE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/io/intermission.h"
#include "client/io/link_monitor.h"
#include "client/io/netlink.h"
#include "client/io/tun.h"
#include "client/io/udp.h"
#include "core/base/rng.h"
#include "core/net/packet_batch.h"
#include "core/wg/device.h"
#include "io/event_loop.h"

namespace warren::client {

// A plain WireGuard interface: a wg::Device between a TUN and UDP sockets,
// configured by text requests. Owned by the loop's thread; stops the loop when
// the interface is deleted.
//
// While the interface is down (`ip link set wg0 down`) time stands still for
// the device: its deadlines wait, so that what is due is done when it comes up.
class WgInterface {
 public:
  // Errors are those of Tun::Create and Udp::Open. `loop` and `rng` must
  // outlive this object.
  static absl::StatusOr<std::unique_ptr<WgInterface>> Create(
      const std::string& name, io::EventLoop& loop, Rng& rng);
  ~WgInterface();

  // Answers one request of the configuration socket (uapi.h). `refused` says
  // why, for the log, when errno is not 0.
  std::string Configure(absl::string_view request, absl::Status& refused);

  // One line of counters, `name=value`.
  std::string Counters() const;

 private:
  WgInterface(io::EventLoop& loop, Rng& rng, std::unique_ptr<Tun> tun,
              LinkMonitor monitor);
  absl::Status Start();
  absl::Status OpenUdp(uint16_t port, uint32_t mark);
  absl::Status Set(absl::string_view lines);
  void OnTun();
  void OnUdp(net::Family family);
  void OnLinkChange();
  // The interface went up or down: as the kernel's WireGuard, it says and hears
  // nothing while down, and forgets its sessions.
  void SetUp(bool up);
  // Sends what the device itself wants sent.
  void Drain();

  io::EventLoop& loop_;
  std::unique_ptr<Tun> tun_;
  std::unique_ptr<Udp> udp_;
  LinkMonitor monitor_;
  wg::Device device_;
  uint32_t mark_ = 0;
  bool up_ = false;
  Intermission intermission_;
  // Kept, for their size; empty between events.
  net::PacketBatch plain_, sealed_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_WG_WG_INTERFACE_H_
