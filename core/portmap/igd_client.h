#ifndef WARREN_CORE_PORTMAP_IGD_CLIENT_H_
#define WARREN_CORE_PORTMAP_IGD_CLIENT_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/portmap/exchange_line.h"
#include "core/portmap/igd.h"
#include "core/portmap/igd_finder.h"
#include "core/portmap/mapping.h"
#include "core/portmap/port_control.h"
#include "core/portmap/ssdp.h"

namespace warren::portmap {

// Talks UPnP to one router about one UDP port of ours: finds a service, adds
// the mapping, reads it back, asks for the address. It is read back because
// some routers say yes and map nothing; what they read back is still no proof.
class IgdClient {
 public:
  static constexpr int kMaxAdds = 5;  // of one request

  // `rng` must outlive it, and so must `next_exchange_id`, which is counted on.
  IgdClient(Rng& rng, uint64_t& next_exchange_id, const Gateway& gateway,
            uint16_t local_port)
      : rng_(rng),
        gateway_(gateway),
        local_port_(local_port),
        line_(next_exchange_id),
        finder_(gateway.router) {}

  // An answer to a search, from the router. False: it is of no use.
  bool OnSearchReply(const SearchReply& reply) { return finder_.Add(reply); }
  // A new search begins: where answers led before is no matter.
  void ForgetSearchReplies() { finder_.Clear(); }
  // The router is a UPnP one, or says so.
  bool seen() const { return finder_.any(); }

  // Asks for a mapping, with the port of `suggested` if that is set. Ends in
  // one Granted or Failed, unless another request takes its place.
  void Request(Instant now, const net::Endpoint& suggested);
  // Asks whether the mapping `external` still is; Lost follows if not. Does
  // nothing while a request is under way.
  void Check(Instant now, const net::Endpoint& external);
  // Ends the mapping `external`. Nobody waits for the answer.
  void Delete(const net::Endpoint& external);
  // Forgets what is under way.
  void Stop() { line_.Stop(); }

  // False: it answers nothing.
  bool OnExchange(Instant now, uint64_t id,
                  const absl::StatusOr<std::string>& response);
  void OnTimeout(Instant now);
  Instant Next() const { return line_.Next(); }

  std::optional<Exchange> PollExchange() { return line_.Poll(); }
  std::optional<ClientEvent> PollEvent();

 private:
  enum class Step : uint8_t { kFind, kAdd, kConfirm, kAddress };
  struct Wish {
    net::Endpoint external;  // address: not set before the router tells it
    absl::Duration lease = kRequestedLifetime;  // 0: until deleted
    bool any_port = false;                      // AddAnyPortMapping
    int num_adds = 0;
    bool checking = false;  // it is there already; we only look
  };

  void OnResponse(Instant now, const absl::StatusOr<std::string>& response);
  void OnProgress(Instant now, IgdFinder::Progress progress);
  void Add(Instant now);
  void Confirm(Instant now);
  void AskAddress(Instant now);
  void OnReply(Instant now, const SoapReply& reply);
  void OnAdd(Instant now, const SoapReply& reply);
  // Changes the wish after a refusal. False: there is no other way to ask.
  bool Reconsider(int fault);
  void OnConfirm(Instant now, const SoapReply& reply);
  void OnAddress(Instant now, const SoapReply& reply);
  // The step under way has failed: goes on with another description, or ends.
  void OnFailure(Instant now, absl::Status why);
  void Call(Instant now, Step step, const SoapArguments& arguments);
  const char* Action() const;  // of the step under way

  Rng& rng_;
  const Gateway gateway_;
  const uint16_t local_port_;
  ExchangeLine line_;
  IgdFinder finder_;
  std::optional<IgdService> service_;  // the one that maps
  Step step_ = Step::kFind;
  Wish wish_;
  std::deque<ClientEvent> events_;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_IGD_CLIENT_H_
