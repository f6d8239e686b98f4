#include "core/portmap/igd.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/portmap/xml.h"

namespace warren::portmap {
namespace {

constexpr IgdServiceType kTypes[] = {
    IgdServiceType::kWanIp2, IgdServiceType::kWanIp1, IgdServiceType::kWanPpp1,
    IgdServiceType::kDslForumWanPpp1, IgdServiceType::kDslForumWanIp1};

std::optional<IgdServiceType> TypeOf(absl::string_view urn) {
  for (const IgdServiceType type : kTypes) {
    if (urn == UrnOf(type)) return type;
  }
  return std::nullopt;
}

// Adds the services of `device` and of the devices in it. The XML's depth
// bounds the recursion.
void CollectServices(const XmlElement& device, const HttpUrl& base,
                     std::vector<IgdService>& services) {
  if (const XmlElement* list = device.Child("serviceList")) {
    for (const XmlElement& service : list->children) {
      const auto type = TypeOf(service.TextOf("serviceType"));
      const absl::string_view control = service.TextOf("controlURL");
      const auto url = ResolveHttpUrl(base, control);
      if (type && !control.empty() && url.ok())
        services.push_back({*type, *url});
    }
  }
  if (const XmlElement* list = device.Child("deviceList")) {
    for (const XmlElement& inner : list->children) {
      CollectServices(inner, base, services);
    }
  }
}

// The child of a child; null if either is not there.
const XmlElement* Descend(const XmlElement* from, absl::string_view name) {
  return from == nullptr ? nullptr : from->Child(name);
}

absl::StatusOr<SoapReply> ReadFault(const XmlElement& fault) {
  const XmlElement* error = Descend(fault.Child("detail"), "UPnPError");
  SoapReply reply;
  if (error == nullptr ||
      !absl::SimpleAtoi(error->TextOf("errorCode"), &reply.fault) ||
      reply.fault == 0) {
    return absl::InvalidArgumentError("UPnP: a fault without an error code");
  }
  return reply;
}

}  // namespace

const char* UrnOf(IgdServiceType type) {
  switch (type) {
    case IgdServiceType::kWanIp2:
      return "urn:schemas-upnp-org:service:WANIPConnection:2";
    case IgdServiceType::kWanIp1:
      return "urn:schemas-upnp-org:service:WANIPConnection:1";
    case IgdServiceType::kWanPpp1:
      return "urn:schemas-upnp-org:service:WANPPPConnection:1";
    case IgdServiceType::kDslForumWanPpp1:
      return "urn:dslforum-org:service:WANPPPConnection:1";
    case IgdServiceType::kDslForumWanIp1:
      return "urn:dslforum-org:service:WANIPConnection:1";
  }
  return "?";
}

absl::StatusOr<std::vector<IgdService>> ParseDescription(absl::string_view xml,
                                                         const HttpUrl& at) {
  WARREN_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(xml));
  const XmlElement* device = root.Child("device");
  if (root.name != "root" || device == nullptr) {
    return absl::InvalidArgumentError(
        "UPnP: a description without root and device");
  }
  // Only in descriptions of UPnP 1.0; what is no URL is as good as none.
  const auto url_base = ParseHttpUrl(root.TextOf("URLBase"));
  std::vector<IgdService> services;
  CollectServices(*device, url_base.ok() ? *url_base : at, services);
  std::ranges::stable_sort(services, {}, &IgdService::type);
  if (services.size() > kMaxIgdServices) services.resize(kMaxIgdServices);
  for (IgdService& service : services) {
    service.control.host = {at.host.address(), service.control.host.port()};
  }
  return services;
}

std::string BuildGetRequest(const HttpUrl& url) {
  return absl::StrCat("GET ", url.path,
                      " HTTP/1.1\r\nHost: ", url.host.ToString(),
                      "\r\nConnection: close\r\n\r\n");
}

std::string BuildSoapRequest(const IgdService& service,
                             absl::string_view action,
                             const SoapArguments& arguments) {
  const char* urn = UrnOf(service.type);
  std::string body = absl::StrCat(
      "<?xml version=\"1.0\"?>\r\n"
      "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
      "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
      "<s:Body><u:",
      action, " xmlns:u=\"", urn, "\">");
  for (const auto& [name, value] : arguments) {
    absl::StrAppend(&body, "<", name, ">", value, "</", name, ">");
  }
  absl::StrAppend(&body, "</u:", action, "></s:Body></s:Envelope>\r\n");
  return absl::StrCat("POST ", service.control.path,
                      " HTTP/1.1\r\nHost: ", service.control.host.ToString(),
                      "\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
                      "SOAPAction: \"",
                      urn, "#", action,
                      "\"\r\nConnection: close\r\nContent-Length: ",
                      body.size(), "\r\n\r\n", body);
}

absl::string_view SoapReply::Value(absl::string_view name) const {
  const auto it = values.find(std::string(name));
  return it == values.end() ? absl::string_view() : it->second;
}

absl::StatusOr<SoapReply> ParseSoapReply(absl::string_view response,
                                         absl::string_view action) {
  WARREN_ASSIGN_OR_RETURN(const HttpResponse http, ParseHttpResponse(response));
  WARREN_ASSIGN_OR_RETURN(const XmlElement envelope, ParseXml(http.body));
  const XmlElement* body = envelope.Child("Body");
  if (envelope.name != "Envelope" || body == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "UPnP ", action, ": no SOAP envelope, HTTP status ", http.status));
  }
  if (const XmlElement* fault = body->Child("Fault")) return ReadFault(*fault);
  const XmlElement* result = body->Child(absl::StrCat(action, "Response"));
  if (result == nullptr || http.status != 200) {
    return absl::InvalidArgumentError(absl::StrCat(
        "UPnP ", action, ": no response, HTTP status ", http.status));
  }
  SoapReply reply;
  for (const XmlElement& value : result->children) {
    reply.values[value.name] = value.text;
  }
  return reply;
}

}  // namespace warren::portmap
