#include "core/portmap/scripted_router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/portmap/igd.h"
#include "core/portmap/nat_pmp.h"

namespace warren::portmap {
namespace {

// The text of <name> in a request of ours.
std::string ArgumentOf(absl::string_view request, const std::string& name) {
  const std::string open = absl::StrCat("<", name, ">");
  const size_t begin = request.find(open);
  if (begin == absl::string_view::npos) return "";
  const absl::string_view rest = request.substr(begin + open.size());
  return std::string(rest.substr(0, rest.find('<')));
}

uint16_t PortOf(absl::string_view request, const std::string& name) {
  uint32_t port = 0;
  (void)absl::SimpleAtoi(ArgumentOf(request, name), &port);
  return static_cast<uint16_t>(port);
}

std::string Http(int status, const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status,
                      " X\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

std::string Envelope(int status, const std::string& body) {
  return Http(status, absl::StrCat("<?xml version=\"1.0\"?><s:Envelope "
                                   "xmlns:s=\"http://schemas.xmlsoap.org/soap/"
                                   "envelope/\"><s:Body>",
                                   body, "</s:Body></s:Envelope>"));
}

std::string Fault(int code) {
  return Envelope(500,
                  absl::StrCat("<s:Fault><detail><UPnPError><errorCode>", code,
                               "</errorCode></UPnPError></detail></s:Fault>"));
}

std::string Response(absl::string_view action, const std::string& values) {
  return Envelope(
      200, absl::StrCat("<u:", action, "Response xmlns:u=\"urn:x\">", values,
                        "</u:", action, "Response>"));
}

std::string Service(IgdServiceType type, const std::string& path) {
  return absl::StrCat("<service><serviceType>", UrnOf(type),
                      "</serviceType><controlURL>", path,
                      "</controlURL></service>");
}

}  // namespace

net::IpAddress ScriptedRouter::Address() {
  return net::IpAddress::V4(0xc0a80101);
}
net::IpAddress ScriptedRouter::Client() {
  return net::IpAddress::V4(0xc0a80132);
}

void ScriptedRouter::Reboot(Instant now) {
  booted_ = now;
  mappings_.clear();
  nonce_.reset();
}

std::vector<ScriptedRouter::Answer> ScriptedRouter::OnDatagram(
    Instant now, const Datagram& datagram) {
  std::vector<uint8_t> bytes;
  net::Endpoint from = {Address(), datagram.to.port()};
  if (datagram.to.port() == kPortControlPort) {
    const bool pcp = !datagram.bytes.empty() && datagram.bytes[0] == 2;
    bytes = pcp ? OnPcp(now, datagram.bytes) : OnPmp(now, datagram.bytes);
  } else if (script_.upnp) {
    const std::string text = OnSearch();
    bytes.assign(text.begin(), text.end());
  }
  if (bytes.empty()) return {};
  if (script_.garbage) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<uint8_t>(bytes[i] * 31 + i * 7 + 5);
    }
  }
  if (script_.other_source) {
    from = {net::IpAddress::V4(0xc0a80163), from.port()};
  }
  if (script_.other_port) from = {from.address(), 40000};
  return {{from, bytes}};
}

int ScriptedRouter::Verdict() {
  if (script_.refuses_once != 0) return std::exchange(script_.refuses_once, 0);
  return script_.refuses;
}

uint32_t ScriptedRouter::EpochAt(Instant now) const {
  return static_cast<uint32_t>(absl::ToInt64Seconds(now - booted_));
}

void ScriptedRouter::Map(uint16_t internal, uint16_t external,
                         uint32_t lifetime_s) {
  std::erase_if(mappings_, [&](const auto& m) { return m.second == internal; });
  if (lifetime_s != 0) mappings_[external] = internal;
}

std::vector<uint8_t> ScriptedRouter::OnPcp(Instant now, Bytes request) {
  ByteWriter w;
  if (!script_.pcp) {
    if (!script_.nat_pmp) return {};
    w.U8(0).U8(0x80 | request[1]).U16(1).U32(EpochAt(now));  // RFC 6886 §3.5
    return std::move(w).Take();
  }
  const bool map = request[1] == 1;
  const uint32_t lifetime = LoadBe32(&request[4]);
  int result = map && lifetime != 0 ? Verdict() : 0;
  PcpNonce nonce = {};
  if (map) std::copy_n(&request[24], nonce.size(), nonce.begin());
  // A strict server: a mapping is its nonce's (RFC 6887 §11.1).
  if (map && nonce_ && *nonce_ != nonce) result = 2;
  const uint32_t granted = lifetime == 0 ? 0 : script_.grants_s;
  w.U8(2).U8(0x80 | request[1]).U8(0).U8(static_cast<uint8_t>(result));
  w.U32(result == 0 ? granted : 30).U32(EpochAt(now)).Zeros(12);
  if (!map) return std::move(w).Take();
  const uint16_t internal = LoadBe16(&request[40]);
  const auto external =
      static_cast<uint16_t>(LoadBe16(&request[42]) + script_.port_shift);
  if (result == 0) {
    nonce_ = nonce;
    if (lifetime == 0) nonce_.reset();
    Map(internal, external, lifetime);
  }
  if (script_.other_nonce) nonce[0] ^= 1;
  w.Append(nonce).U8(17).Zeros(3).U16(internal).U16(external);
  w.Append(external_.Mapped16());
  return std::move(w).Take();
}

std::vector<uint8_t> ScriptedRouter::OnPmp(Instant now, Bytes request) {
  if (!script_.nat_pmp) return {};
  ByteWriter w;
  if (request[1] == 0) {
    w.U8(0).U8(0x80).U16(0).U32(EpochAt(now)).Append(external_.bytes());
    return std::move(w).Take();
  }
  const uint16_t internal = LoadBe16(&request[4]);
  const uint32_t lifetime = LoadBe32(&request[8]);
  const auto external =
      static_cast<uint16_t>(LoadBe16(&request[6]) + script_.port_shift);
  const int result = lifetime == 0 ? 0 : Verdict();
  w.U8(0).U8(0x81).U16(static_cast<uint16_t>(result)).U32(EpochAt(now));
  if (result != 0) return std::move(w).Take();
  Map(internal, external, lifetime);
  w.U16(internal).U16(external).U32(lifetime == 0 ? 0 : script_.grants_s);
  return std::move(w).Take();
}

std::string ScriptedRouter::OnSearch() const {
  return absl::StrCat(
      "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:"
      "InternetGatewayDevice:1\r\nUSN: uuid:1\r\nLOCATION: http://",
      script_.location_host, ":", kHttpPort, "/desc.xml\r\n\r\n");
}

absl::StatusOr<std::string> ScriptedRouter::OnExchange(
    const Exchange& exchange) {
  if (!script_.upnp || exchange.to != net::Endpoint(Address(), kHttpPort)) {
    return absl::UnavailableError("connection refused");
  }
  std::string answer;
  if (absl::StartsWith(exchange.request, "GET /desc.xml ")) {
    answer = Http(200, Description());
  } else {
    const absl::string_view request = exchange.request;
    const absl::string_view action = request.substr(request.find('#') + 1);
    answer = OnSoap(action.substr(0, action.find('"')), request);
  }
  if (script_.endless) answer.append(exchange.max_bytes, ' ');
  answer.resize(std::min(answer.size(), exchange.max_bytes));
  return answer;
}

std::string ScriptedRouter::Description() const {
  if (!script_.description.empty()) return script_.description;
  std::string services = Service(
      script_.igd2 ? IgdServiceType::kWanIp2 : IgdServiceType::kWanIp1, "/ip");
  if (script_.services > 1) {
    services = Service(IgdServiceType::kWanIp2, "/off") + services;
  }
  return absl::StrCat("<root><device><serviceList>", services,
                      "</serviceList></device></root>");
}

std::string ScriptedRouter::OnSoap(absl::string_view action,
                                   absl::string_view request) {
  const bool off = absl::StartsWith(request, "POST /off ");
  const uint16_t external = PortOf(request, "NewExternalPort");
  if (action == "GetStatusInfo") {
    return Response(action, absl::StrCat("<NewConnectionStatus>",
                                         off ? "Disconnected" : "Connected",
                                         "</NewConnectionStatus>"));
  }
  if (off) return Fault(501);
  if (action == "GetExternalIPAddress") {
    return Response(action,
                    absl::StrCat("<NewExternalIPAddress>", external_.ToString(),
                                 "</NewExternalIPAddress>"));
  }
  if (action == "GetSpecificPortMappingEntry") {
    const auto it = mappings_.find(external);
    if (it == mappings_.end()) return Fault(714);
    return Response(
        action,
        absl::StrCat("<NewInternalPort>", it->second,
                     "</NewInternalPort><NewInternalClient>",
                     script_.maps_for_other ? "192.168.1.9" : "192.168.1.50",
                     "</NewInternalClient><NewLeaseDuration>", script_.grants_s,
                     "</NewLeaseDuration>"));
  }
  if (action == "DeletePortMapping") {
    return mappings_.erase(external) ? Response(action, "") : Fault(714);
  }
  return OnAdd(action, request);
}

std::string ScriptedRouter::OnAdd(absl::string_view action,
                                  absl::string_view request) {
  const bool any = action == "AddAnyPortMapping";
  if (any && !script_.igd2) return Fault(401);
  const bool permanent = ArgumentOf(request, "NewLeaseDuration") == "0";
  int verdict = Verdict();
  if (verdict == kFaultOnlyPermanentLeases || verdict == kFaultInvalidArgs) {
    if (permanent) verdict = 0;
  }
  if (verdict != 0) return Fault(verdict);
  const auto external = static_cast<uint16_t>(
      PortOf(request, "NewExternalPort") + (any ? script_.port_shift : 0));
  if (!script_.maps_nothing) {
    Map(PortOf(request, "NewInternalPort"), external, 1);
  }
  return Response(action, any ? absl::StrCat("<NewReservedPort>", external,
                                             "</NewReservedPort>")
                              : "");
}

}  // namespace warren::portmap
