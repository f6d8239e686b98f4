#include "core/portmap/igd_finder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/portmap/http.h"

namespace warren::portmap {

bool IsExternalAddress(const net::IpAddress& address) {
  return address.is_v4() && !address.IsUnspecified() && !address.IsLoopback();
}

bool IgdFinder::Add(const SearchReply& reply) {
  auto url = ParseHttpUrl(reply.location);
  if (!url.ok()) return false;
  url->host = {router_, url->host.port()};
  for (const Location& known : locations_) {
    if (known.url.host == url->host && known.url.path == url->path) return true;
  }
  if (locations_.size() == kMaxLocations) return false;
  // By USN, descending: version 2 of a device comes before version 1.
  const auto place = std::ranges::find_if(
      locations_,
      [&reply](const Location& known) { return known.usn < reply.usn; });
  locations_.insert(place, {reply.usn, *std::move(url)});
  return true;
}

IgdFinder::Progress IgdFinder::Begin(Instant now, ExchangeLine& line) {
  for (Location& location : locations_) location.tried = false;
  return Proceed(now, line,
                 absl::NotFoundError("no UPnP router answers a search"));
}

IgdFinder::Progress IgdFinder::Proceed(Instant now, ExchangeLine& line,
                                       const absl::Status& why) {
  const auto next = std::ranges::find(locations_, false, &Location::tried);
  if (next == locations_.end()) return why;
  next->tried = true;
  description_ = next->url;
  question_ = Question::kDescription;
  line.Start(now, description_.host, BuildGetRequest(description_));
  return std::monostate();
}

IgdFinder::Progress IgdFinder::OnResponse(
    Instant now, ExchangeLine& line,
    const absl::StatusOr<std::string>& response) {
  if (question_ == Question::kDescription) {
    if (!response.ok()) return Proceed(now, line, response.status());
    return OnDescription(now, line, *response);
  }
  const Worth worth = response.ok() ? Judge(*response) : Worth::kUnknown;
  if (question_ == Question::kStatus && worth == Worth::kConnected) {
    Ask(now, line, Question::kAddress);
    return std::monostate();
  }
  // One that is connected is so even if it does not tell its address.
  const bool connected = question_ == Question::kAddress;
  worth_.push_back(connected ? std::max(worth, Worth::kConnected) : worth);
  if (worth == Worth::kHasPublicAddress) return services_[worth_.size() - 1];
  return AskService(now, line);
}

IgdFinder::Progress IgdFinder::OnDescription(Instant now, ExchangeLine& line,
                                             const std::string& response) {
  const auto http = ParseHttpResponse(response);
  if (!http.ok()) return Proceed(now, line, http.status());
  auto services = ParseDescription(http->body, description_);
  if (!services.ok()) return Proceed(now, line, services.status());
  if (services->empty()) {
    return Proceed(now, line,
                   absl::NotFoundError(
                       "the UPnP description offers no service that maps"));
  }
  services_ = *std::move(services);
  worth_.clear();
  if (services_.size() == 1) return services_[0];
  return AskService(now, line);
}

IgdFinder::Progress IgdFinder::AskService(Instant now, ExchangeLine& line) {
  if (worth_.size() < services_.size()) {
    Ask(now, line, Question::kStatus);
    return std::monostate();
  }
  const auto best = std::ranges::max_element(worth_) - worth_.begin();
  return services_[static_cast<size_t>(best)];
}

void IgdFinder::Ask(Instant now, ExchangeLine& line, Question question) {
  question_ = question;
  const IgdService& service = services_[worth_.size()];
  const char* action =
      question == Question::kStatus ? "GetStatusInfo" : "GetExternalIPAddress";
  line.Start(now, service.control.host, BuildSoapRequest(service, action, {}));
}

IgdFinder::Worth IgdFinder::Judge(const std::string& response) const {
  if (question_ == Question::kStatus) {
    const auto reply = ParseSoapReply(response, "GetStatusInfo");
    if (!reply.ok()) return Worth::kUnknown;
    const absl::string_view status = reply->Value("NewConnectionStatus");
    return status == "Connected" || status == "Up" ? Worth::kConnected
                                                   : Worth::kUnknown;
  }
  const auto reply = ParseSoapReply(response, "GetExternalIPAddress");
  if (!reply.ok()) return Worth::kUnknown;
  const auto address =
      net::IpAddress::Parse(reply->Value("NewExternalIPAddress"));
  if (!address.ok() || !IsExternalAddress(*address)) return Worth::kUnknown;
  const Mapping mapping = {Protocol::kUpnp, {*address, 1}, Instant()};
  return mapping.Public() ? Worth::kHasPublicAddress : Worth::kHasAddress;
}

}  // namespace warren::portmap
