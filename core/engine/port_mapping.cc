#include "core/engine/port_mapping.h"

#include <utility>

#include "core/engine/link_state.h"

namespace warren::engine {

void PortMapping::SetLink(Instant now, const LinkState& link) {
  std::optional<portmap::Gateway> gateway;
  if (link.gateway) gateway = {link.gateway->router, link.gateway->self};
  mapper_.SetGateway(now, gateway, link.udp4_port);
}

std::optional<net::Endpoint> PortMapping::external() const {
  if (!mapper_.mapping()) return std::nullopt;
  return mapper_.mapping()->external;
}

std::optional<portmap::Datagram> PortMapping::PollDatagram() {
  auto datagram = mapper_.PollDatagram();
  if (datagram) datagram->to = datagram->to.Through(kPortMapSocket);
  return datagram;
}

std::optional<PortMapping::Event> PortMapping::PollEvent() {
  // What ends a mapping still has to leave through the socket.
  const bool open =
      mapper_.active() || (socket_open_ && mapper_.has_datagrams());
  if (open != socket_open_) {
    socket_open_ = open;
    return SocketsWanted{kPortMapSocket, 1, open};
  }
  auto exchange = mapper_.PollExchange();
  if (!exchange) return std::nullopt;
  return ExchangeWanted{exchange->id, exchange->to,
                        std::move(exchange->request), exchange->max_bytes,
                        exchange->timeout};
}

}  // namespace warren::engine
