#include "core/portmap/ssdp.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/portmap/http.h"

namespace warren::portmap {
namespace {

constexpr uint16_t kSsdpPort = 1900;
constexpr size_t kMaxReply = 4096;
constexpr char kEverything[] = "ssdp:all";
constexpr char kGateways[] =
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

Datagram Search(const net::IpAddress& to, absl::string_view target) {
  const std::string text = absl::StrCat(
      "M-SEARCH * HTTP/1.1\r\n"
      "HOST: 239.255.255.250:1900\r\n"
      "ST: ",
      target,
      "\r\n"
      "MAN: \"ssdp:discover\"\r\n"
      "MX: 2\r\n\r\n");
  return {{to, kSsdpPort}, {text.begin(), text.end()}};
}

std::string ValueOf(const HttpHead& head, absl::string_view name) {
  const std::string* value = head.Find(name);
  return value == nullptr ? std::string() : *value;
}

}  // namespace

std::vector<Datagram> BuildSearches(const net::IpAddress& router) {
  const net::IpAddress all = net::IpAddress::V4(0xeffffffa);
  return {Search(router, kEverything), Search(all, kEverything),
          Search(all, kGateways)};
}

absl::StatusOr<SearchReply> ParseSearchReply(Bytes datagram) {
  const absl::string_view text = AsText(datagram);
  if (text.size() > kMaxReply ||
      !absl::StrContains(text, ":InternetGatewayDevice:")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "SSDP: no answer of a gateway in ", text.size(), " bytes"));
  }
  WARREN_ASSIGN_OR_RETURN(const HttpHead head, ParseHttpHead(text));
  SearchReply reply = {ValueOf(head, "location"), ValueOf(head, "server"),
                       ValueOf(head, "usn")};
  if (head.status != 200 || reply.location.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("SSDP: an answer of status ", head.status,
                     " with a location of ", reply.location.size(), " bytes"));
  }
  return reply;
}

}  // namespace warren::portmap
