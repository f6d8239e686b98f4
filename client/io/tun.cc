#include "client/io/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "client/io/netlink.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// Since Linux 6.2; Debian 12's headers are older.
constexpr unsigned kTunUso4 = 0x20, kTunUso6 = 0x40;

constexpr size_t kInputSize = sizeof(VnetHeader) + 65536;
// One super-packet, cut, with room for sealing.
constexpr size_t kArenaSize = size_t{128} << 10;
// After so many single packets a batch is worth sending.
constexpr size_t kEnoughPackets = 64;
// The default, 500, drops bursts of TCP at these speeds.
constexpr uint32_t kTxQueueLength = 1000;

// What one sendmsg() with UDP_SEGMENT takes: 64 segments, 65507 bytes.
constexpr uint32_t kMaxTrainPackets = 64;
constexpr uint32_t kMaxTrainSize = 65507;
constexpr uint32_t kWireOverhead = 32;  // WireGuard's header and tag

absl::Status CheckName(const std::string& name) {
  const bool bad =
      name.empty() || name.size() >= IFNAMSIZ || name == "." || name == ".." ||
      std::any_of(name.begin(), name.end(), [](char c) {
        return c <= ' ' || c == '/' || c == ':' || c == '%' || c == 0x7f;
      });
  if (!bad) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("interface name \"", name,
                   "\": must have 1 to 15 bytes, without spaces, '/', ':' "
                   "or '%'"));
}

absl::Status OpenError(int error) {
  const std::string what = strerror(error);
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(
        "/dev/net/tun: ", what, ": run as root or with CAP_NET_ADMIN"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("/dev/net/tun: ", what,
                   ": this kernel or container has no TUN; try `modprobe "
                   "tun`, or pass the device to the container"));
}

absl::Status AttachError(const std::string& name, int error) {
  if (error == EPERM || error == EACCES) {
    return absl::PermissionDeniedError(
        absl::StrCat("interface ", name, ": ", strerror(error),
                     ": run as root or with CAP_NET_ADMIN"));
  }
  if (error == EBUSY || if_nametoindex(name.c_str()) != 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("interface ", name,
                     ": exists already; delete it or choose another name"));
  }
  return absl::InternalError(
      absl::StrCat("interface ", name, ": TUNSETIFF: ", strerror(error)));
}

}  // namespace

Tun::Tun() : input_(kInputSize), arena_(kArenaSize) {}

absl::StatusOr<std::unique_ptr<Tun>> Tun::Create(const TunOptions& options) {
  WARREN_RETURN_IF_ERROR(CheckName(options.name));
  std::unique_ptr<Tun> tun(new Tun());
  tun->name_ = options.name;
  tun->mtu_ = options.mtu;
  WARREN_RETURN_IF_ERROR(tun->Attach(options));
  if (tun->offloads_.vnet_header) tun->NegotiateOffloads();
  WARREN_RETURN_IF_ERROR(tun->Configure());
  return tun;
}

absl::Status Tun::Attach(const TunOptions& options) {
  fd_.Reset(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd_.ok()) return OpenError(errno);
  for (const bool vnet : {true, false}) {
    if (vnet && !options.offloads) continue;
    ifreq request{};
    std::memcpy(request.ifr_name, name_.data(), name_.size());
    request.ifr_flags =
        static_cast<short>(IFF_TUN | IFF_NO_PI | (vnet ? IFF_VNET_HDR : 0));
    if (ioctl(fd_.get(), TUNSETIFF, &request) == 0) {
      offloads_.vnet_header = vnet;
      ifindex_ = if_nametoindex(name_.c_str());
      return absl::OkStatus();
    }
    if (errno != EINVAL) break;  // Only flags may be worth another try.
  }
  return AttachError(name_, errno);
}

void Tun::NegotiateOffloads() {
  const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  const auto accepts = [&](unsigned flags) {
    return ioctl(fd_.get(), TUNSETOFFLOAD, flags) == 0;
  };
  offloads_.udp = accepts(tcp | kTunUso4 | kTunUso6);
  offloads_.tcp = offloads_.udp || accepts(tcp);
}

absl::Status Tun::Configure() {
  WARREN_ASSIGN_OR_RETURN(const auto netlink, Netlink::Open());
  WARREN_RETURN_IF_ERROR(netlink->ChangeLink(
      ifindex_, {.mtu = mtu_, .tx_queue_length = kTxQueueLength}));
  FitSuperPackets();
  return absl::OkStatus();
}

void Tun::FitSuperPackets() {
  if (!offloads_.tcp) return;
  const auto netlink = Netlink::Open();
  if (!netlink.ok()) return;
  // A super-packet that fits one train is one write at the receiver too. A
  // kernel that does not know this limit only makes more trains.
  const uint32_t segments =
      std::min(kMaxTrainPackets, kMaxTrainSize / (mtu_ + kWireOverhead));
  (void)(*netlink)->ChangeLink(ifindex_, {.gso_max_segments = segments});
}

void Tun::OnMtuChange(uint16_t mtu) {
  mtu_ = mtu;
  FitSuperPackets();
}

Tun::ReadResult Tun::ReadOne() {
  const size_t header_size = offloads_.vnet_header ? sizeof(VnetHeader) : 0;
  ssize_t n;
  do {
    n = read(fd_.get(), input_.data(), input_.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    return errno == EAGAIN ? ReadResult::kDrained : ReadResult::kGone;
  }
  ++counters_.reads;
  const size_t size = static_cast<size_t>(n);
  VnetHeader header;
  std::memcpy(&header, input_.data(), header_size);
  if (size < header_size ||
      !splitter_.Start(header,
                       {input_.data() + header_size, size - header_size})) {
    ++counters_.malformed;
    return ReadResult::kMore;
  }
  if (header.gso_type == VnetHeader::kGsoNone) {
    ++last_singles_;
  } else {
    last_was_super_ = true;
  }
  return ReadResult::kMore;
}

Tun::ReadResult Tun::Read(net::PacketBatch& out) {
  out.clear();
  arena_.Clear();
  last_singles_ = 0;
  last_was_super_ = false;
  ReadResult result = ReadResult::kMore;
  // The rest of a super-packet first, if the last batch was too small for it.
  splitter_.Cut(mtu_, arena_, out);
  // Bounded also when all that comes is malformed.
  for (size_t reads = 0; reads < kEnoughPackets && splitter_.done() &&
                         out.size() < kEnoughPackets && !last_was_super_;
       ++reads) {
    result = ReadOne();
    if (result != ReadResult::kMore) break;
    splitter_.Cut(mtu_, arena_, out);
  }
  counters_.read_packets += out.size();
  return result;
}

void Tun::Write(net::PacketBatch& packets) {
  for (const TunCoalescer::Write& write :
       coalescer_.Coalesce(packets, offloads_)) {
    const ssize_t n = writev(fd_.get(), write.parts.data(),
                             static_cast<int>(write.parts.size()));
    if (n < 0) {
      ++counters_.write_errors;
    } else {
      ++counters_.writes;
      counters_.written_packets += write.num_packets;
    }
  }
}

}  // namespace warren::client
