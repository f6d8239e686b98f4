#ifndef WARREN_CORE_PORTMAP_SCRIPTED_LAB_H_
#define WARREN_CORE_PORTMAP_SCRIPTED_LAB_H_

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "core/portmap/mapper.h"
#include "core/portmap/scripted_router.h"
#include "gtest/gtest.h"

// For tests.
namespace warren::portmap {

inline constexpr uint16_t kPort = 41641;
inline const Gateway kGateway = {ScriptedRouter::Address(),
                                 ScriptedRouter::Client()};

// A mapper and a router, in virtual time.
class Lab {
 public:
  explicit Lab(RouterScript script) : router(std::move(script)) {}

  void Start() {
    Do([&] { mapper.SetGateway(now, kGateway, kPort); });
  }
  void Do(const std::function<void()>& action) {
    action();
    Exchange();
  }
  // As the driver does: what is due, in order, until `duration` has passed.
  void RunFor(absl::Duration duration) {
    const Instant end = now + duration;
    while (true) {
      Instant next = mapper.Next();
      ASSERT_TRUE(next > now || next.IsNever() || ++idle_wakes < 1000);
      if (!wire.empty()) next = std::min(next, wire.begin()->first);
      if (next > end) break;
      now = std::max(now, next);
      while (!wire.empty() && wire.begin()->first <= now) {
        const auto deliver = std::move(wire.begin()->second);
        wire.erase(wire.begin());
        deliver();
        Exchange();
      }
      mapper.OnTimeout(now);
      Exchange();
    }
    now = end;
  }
  std::string Mapped() const {
    if (!mapper.mapping()) return "none";
    return absl::StrCat(NameOf(mapper.mapping()->protocol), " ",
                        mapper.mapping()->external.ToString());
  }

  SeededRng rng{1};
  Mapper mapper{rng};
  ScriptedRouter router;
  Instant now = Instant::FromEpoch(absl::Hours(1));
  bool cable = true;  // the router is connected
  int num_datagrams = 0;
  int num_exchanges = 0;
  std::vector<Datagram> last_datagrams;  // of the last call
  std::vector<std::string> last_exchanges;

 private:
  void Exchange() {
    last_datagrams.clear();
    last_exchanges.clear();
    while (auto datagram = mapper.PollDatagram()) {
      ++num_datagrams;
      last_datagrams.push_back(*datagram);
      if (!cable) continue;
      for (auto& answer : router.OnDatagram(now, *datagram)) {
        wire.emplace(now + Delay(), [this, answer] {
          mapper.OnDatagram(now, answer.from, answer.bytes);
        });
      }
    }
    while (auto exchange = mapper.PollExchange()) {
      ++num_exchanges;
      last_exchanges.push_back(exchange->request);
      absl::StatusOr<std::string> answer = router.OnExchange(*exchange);
      absl::Duration delay = Delay();
      if (!cable || delay >= exchange->timeout) {
        answer = absl::DeadlineExceededError("no answer");
        delay = exchange->timeout;
      }
      wire.emplace(now + delay, [this, id = exchange->id, answer] {
        mapper.OnExchange(now, id, answer);
      });
    }
  }
  absl::Duration Delay() {
    return router.script().delay + absl::Milliseconds(1);
  }

  std::multimap<Instant, std::function<void()>> wire;
  int idle_wakes = 0;
};

// What a good router of each kind comes to.
inline constexpr char kByPcp[] = "PCP 198.51.100.7:41641";
inline constexpr char kByNatPmp[] = "NAT-PMP 198.51.100.7:41641";
inline constexpr char kByUpnp[] = "UPnP 198.51.100.7:41641";

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_SCRIPTED_LAB_H_
