#include "io/noise_dial.h"

#include <errno.h>
#include <grpcpp/create_channel_posix.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/base/status_macros.h"
#include "io/channel_request.h"
#include "io/clock.h"
#include "io/dial_wire.h"
#include "io/grpc_alive.h"
#include "io/retry_after.h"
#include "io/rpc.h"

namespace warren::io {
namespace {

// For the rest of a channel to go when one side has closed.
constexpr int kCloseTimeoutMilliseconds = 10'000;
// Of one message to us: a netmap of some 100,000 nodes.
constexpr int kMaxMessageSize = 64 * 1024 * 1024;

absl::StatusOr<DialWire> Connect(const NoiseDialOptions& options,
                                 const Cancel& cancel) {
  return DialWire::Connect(options.url, options.tls,
                           Clock().Now() + options.timeout, cancel);
}

absl::Status NotAControlServer(const NoiseDialOptions& options,
                               absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat(options.url.ToString(),
                   " does not answer like a Warren control server: ", why));
}

// One line of an answer's body that is safe to show.
std::string Printable(absl::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) out.push_back(c);
  }
  return out;
}

absl::Status Busy(const NoiseDialOptions& options, const HttpResponse& head) {
  const auto wait = ParseRetryAfter(head.Header("Retry-After"));
  absl::Status busy = absl::UnavailableError(absl::StrCat(
      options.url.ToString(), " is busy",
      wait ? absl::StrCat(": it asks to come again in ", FormatDuration(*wait))
           : ""));
  if (wait) SetRetryAfter(busy, *wait);
  return busy;
}

// The bytes of the server's answer to the initiation. UNAUTHENTICATED: it
// says that the initiation was made for another key.
absl::StatusOr<std::vector<uint8_t>> Upgrade(const NoiseDialOptions& options,
                                             DialWire& wire, Bytes initiation) {
  WARREN_RETURN_IF_ERROR(
      wire.Send(ChannelRequest(options.url.Authority(), initiation)));
  WARREN_ASSIGN_OR_RETURN(const HttpResponse head, wire.ReadHead());
  if (head.status == 503) return Busy(options, head);
  if (head.status != 101) {
    WARREN_ASSIGN_OR_RETURN(const std::string body,
                            wire.ReadBody(head.ContentLength().value_or(0)));
    const std::string why =
        absl::StrCat("HTTP ", head.status, " ", Printable(body));
    if (head.status == 403) return absl::UnauthenticatedError(why);
    return NotAControlServer(options, why);
  }
  if (head.Header("Upgrade") != kChannelProtocol) {
    return NotAControlServer(options, "it upgrades to something else");
  }
  while (true) {
    WARREN_ASSIGN_OR_RETURN(const auto size,
                            noise::HandshakeFrameSize(wire.received()));
    if (size && wire.received().size() >= *size) {
      std::vector<uint8_t>& stream = wire.received();
      const auto end = stream.begin() + static_cast<std::ptrdiff_t>(*size);
      std::vector<uint8_t> frame(stream.begin(), end);
      stream.erase(stream.begin(), end);
      return frame;
    }
    WARREN_ASSIGN_OR_RETURN(const bool more, wire.Receive());
    if (!more) return NotAControlServer(options, "it closes in the handshake");
  }
}

// Why the server could not finish a handshake made for `trusted`.
absl::Status ExplainRefusal(const NoiseDialOptions& options,
                            const crypto::MachineKey& trusted,
                            const Cancel& cancel) {
  const auto actual = FetchServerKey(options, cancel);
  WARREN_RETURN_IF_ERROR(actual.status());
  if (*actual == trusted) {
    return NotAControlServer(
        options, "it has the right key but does not accept the handshake");
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "control server ", options.url.ToString(), " has the key ",
      actual->ToString(), ", but this machine trusts ", trusted.ToString(),
      ". If the server was set up anew, log in again with --control-key ",
      actual->ToString(), "; otherwise somebody is in between"));
}

struct Handshake {
  DialWire wire;
  noise::Transport transport;
};

absl::StatusOr<Handshake> ShakeHands(const NoiseDialOptions& options,
                                     DialWire wire,
                                     const crypto::MachinePrivateKey& machine,
                                     const crypto::MachineKey& server_key,
                                     Rng& rng, const Cancel& cancel) {
  WARREN_ASSIGN_OR_RETURN(
      const auto initiator,
      noise::IkInitiator::Start(machine, server_key, kChannelVersion, rng));
  const auto frame = Upgrade(options, wire, initiator.initiation());
  if (absl::IsUnauthenticated(frame.status())) {
    return ExplainRefusal(options, server_key, cancel);
  }
  WARREN_RETURN_IF_ERROR(frame.status());
  auto transport = initiator.ReadResponse(*frame);
  if (absl::IsUnauthenticated(transport.status())) {
    return ExplainRefusal(options, server_key, cancel);
  }
  if (!transport.ok()) {
    return NotAControlServer(options, transport.status().message());
  }
  return Handshake{std::move(wire), *std::move(transport)};
}

void PumpUntilClosed(NoisePump& pump, const Cancel& close) {
  while (!pump.done() && !close.cancelled()) {
    pollfd ready[3] = {};
    const int events[2] = {pump.SocketEvents(), pump.InnerEvents()};
    const int fds[2] = {pump.socket(), pump.inner()};
    for (int i = 0; i < 2; ++i) {
      const bool wanted = events[i] != NoisePump::kNothing;
      ready[i].fd = wanted ? fds[i] : -1;
      ready[i].events = static_cast<short>(wanted ? events[i] : 0);
    }
    ready[2] = {close.fd(), POLLIN, 0};
    const int n =
        poll(ready, 3, pump.closing() ? kCloseTimeoutMilliseconds : -1);
    if (n == 0) return;
    const auto bits = [&](int i) {
      return static_cast<uint32_t>(ready[i].revents);
    };
    if (ready[0].revents != 0) pump.OnSocket(bits(0));
    if (ready[1].revents != 0) pump.OnInner(bits(1));
  }
}

}  // namespace

absl::StatusOr<crypto::MachineKey> FetchServerKey(
    const NoiseDialOptions& options, const Cancel& cancel) {
  WARREN_ASSIGN_OR_RETURN(DialWire wire, Connect(options, cancel));
  WARREN_RETURN_IF_ERROR(wire.Send(KeyRequest(options.url.Authority())));
  WARREN_ASSIGN_OR_RETURN(const HttpResponse head, wire.ReadHead());
  if (head.status != 200) {
    return NotAControlServer(options,
                             absl::StrCat("HTTP ", head.status, " for /key"));
  }
  WARREN_ASSIGN_OR_RETURN(
      const std::string body,
      wire.ReadBody(head.ContentLength().value_or(DialWire::kMaxBody)));
  auto key = ParseKeyReply(body);
  if (!key.ok()) return NotAControlServer(options, key.status().message());
  return key;
}

absl::StatusOr<std::unique_ptr<NoiseChannel>> NoiseChannel::Dial(
    const NoiseDialOptions& options, const crypto::MachinePrivateKey& machine,
    const crypto::MachineKey& server_key, Rng& rng, const Cancel& cancel) {
  WARREN_ASSIGN_OR_RETURN(DialWire wire, Connect(options, cancel));
  return DialOn(options, std::move(wire), machine, server_key, rng, cancel);
}

absl::StatusOr<FirstContact> NoiseChannel::DialFirst(
    const NoiseDialOptions& options, const crypto::MachinePrivateKey& machine,
    Rng& rng, const Cancel& cancel) {
  absl::StatusOr<DialWire> wire = absl::UnavailableError("not connected");
  std::thread connecting([&] { wire = Connect(options, cancel); });
  const auto key = FetchServerKey(options, cancel);
  connecting.join();
  WARREN_RETURN_IF_ERROR(key.status());
  WARREN_RETURN_IF_ERROR(wire.status());
  WARREN_ASSIGN_OR_RETURN(auto channel, DialOn(options, *std::move(wire),
                                               machine, *key, rng, cancel));
  return FirstContact{*key, std::move(channel)};
}

absl::StatusOr<std::unique_ptr<NoiseChannel>> NoiseChannel::DialOn(
    const NoiseDialOptions& options, DialWire wire,
    const crypto::MachinePrivateKey& machine,
    const crypto::MachineKey& server_key, Rng& rng, const Cancel& cancel) {
  WARREN_ASSIGN_OR_RETURN(
      Handshake done,
      ShakeHands(options, std::move(wire), machine, server_key, rng, cancel));
  std::unique_ptr<NoiseChannel> channel(
      new NoiseChannel(std::move(done.transport.channel_token)));
  NoisePump pump(done.wire.TakeSocket(), done.wire.TakeWire(),
                 std::move(done.transport));
  pump.FromPeer(done.wire.received());
  WARREN_RETURN_IF_ERROR(channel->Run(std::move(pump)));
  return channel;
}

absl::Status NoiseChannel::Run(NoisePump pump) {
  KeepGrpcAlive();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                 pair) != 0) {
    return absl::UnavailableError(
        absl::StrCat("socketpair: ", strerror(errno)));
  }
  pump.SetInner(Fd(pair[0]));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageSize);
  channel_ = grpc::CreateCustomInsecureChannelFromFd("warren-control", pair[1],
                                                     arguments);
  thread_ = std::thread([this, pump = std::move(pump)]() mutable {
    PumpUntilClosed(pump, close_);
  });
  return absl::OkStatus();
}

NoiseChannel::~NoiseChannel() {
  close_.Now();
  if (thread_.joinable()) thread_.join();
}

void NoiseChannel::Authenticate(grpc::ClientContext& context) const {
  context.AddMetadata(kChannelTokenMetadata, ToHex(token_.Expose()));
}

}  // namespace warren::io
