#ifndef WARREN_CORE_ENGINE_PORT_MAPPING_H_
#define WARREN_CORE_ENGINE_PORT_MAPPING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/engine/event.h"
#include "core/portmap/mapper.h"

namespace warren::engine {

struct LinkState;

// Asks the router of the default route for a public port, by way of
// kPortMapSocket: portmap::Mapper in the engine's words.
class PortMapping {
 public:
  using Event = std::variant<SocketsWanted, ExchangeWanted>;

  // `rng` must outlive it.
  explicit PortMapping(Rng& rng) : mapper_(rng) {}

  // The same router as before is taken for the same one.
  void SetLink(Instant now, const LinkState& link);
  portmap::Mapper& mapper() { return mapper_; }
  const portmap::Mapper& mapper() const { return mapper_; }

  // Where the router lets peers in. Not set: nowhere.
  std::optional<net::Endpoint> external() const;

  // To be sent; call it after PollEvent().
  std::optional<portmap::Datagram> PollDatagram();
  std::optional<Event> PollEvent();

 private:
  portmap::Mapper mapper_;
  bool socket_open_ = false;  // as last told
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_PORT_MAPPING_H_
