#ifndef WARREN_CORE_PORTMAP_IGD_FINDER_H_
#define WARREN_CORE_PORTMAP_IGD_FINDER_H_

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/portmap/exchange_line.h"
#include "core/portmap/igd.h"
#include "core/portmap/ssdp.h"

namespace warren::portmap {

// Finds the service of a UPnP router that maps ports: fetches its descriptions,
// and where one offers several services asks each how it is. A connected one
// with a public address is best (specs/dataplane.md 8.6).
class IgdFinder {
 public:
  // More descriptions than a router can need.
  static constexpr size_t kMaxLocations = 4;

  explicit IgdFinder(const net::IpAddress& router) : router_(router) {}

  // An answer to a search, from the router. Whatever host it names, the router
  // is asked. False: it cannot be asked so, or there are enough.
  bool Add(const SearchReply& reply);
  void Clear() { locations_.clear(); }
  bool any() const { return !locations_.empty(); }

  // It goes on (an exchange has begun on `line`), has found a service, or has
  // nothing more to try.
  using Progress = std::variant<std::monostate, IgdService, absl::Status>;
  // Begins at the best description.
  Progress Begin(Instant now, ExchangeLine& line);
  // What was found is of no use, for `why`: goes on with the next description.
  Progress Proceed(Instant now, ExchangeLine& line, const absl::Status& why);
  // The answer to the exchange that it began.
  Progress OnResponse(Instant now, ExchangeLine& line,
                      const absl::StatusOr<std::string>& response);

 private:
  struct Location {
    std::string usn;
    HttpUrl url;
    bool tried = false;
  };
  enum class Question { kDescription, kStatus, kAddress };
  // How well a service does. Higher is better.
  enum class Worth { kUnknown, kConnected, kHasAddress, kHasPublicAddress };

  Progress OnDescription(Instant now, ExchangeLine& line,
                         const std::string& response);
  Progress AskService(Instant now, ExchangeLine& line);
  void Ask(Instant now, ExchangeLine& line, Question question);
  // Of the answer to `question_`, about the service being asked.
  Worth Judge(const std::string& response) const;

  const net::IpAddress router_;
  std::vector<Location> locations_;  // best first
  HttpUrl description_;              // under way
  std::vector<IgdService> services_;
  std::vector<Worth> worth_;  // of the services asked so far
  Question question_ = Question::kDescription;
};

// Whether `text` is the address of a connection that has one.
bool IsExternalAddress(const net::IpAddress& address);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_IGD_FINDER_H_
