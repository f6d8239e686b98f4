#include "core/portmap/igd.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

using testing::At;

const HttpUrl kAt = {At("192.168.1.1:5000"), "/rootdesc/desc.xml"};

std::string Service(const std::string& urn, const std::string& url) {
  return absl::StrCat("<service><serviceType>", urn,
                      "</serviceType><controlURL>", url,
                      "</controlURL></service>");
}
std::string Device(const std::string& services, const std::string& devices) {
  return absl::StrCat("<device><serviceList>", services,
                      "</serviceList><deviceList>", devices,
                      "</deviceList></device>");
}
std::string Root(const std::string& inner) {
  return absl::StrCat(
      "<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-"
      "org:device-1-0\">",
      inner, "</root>");
}

TEST(Description, GivesTheServicesBestFirst) {
  // As routers nest them: gateway, WAN device, WAN connection device.
  const std::string xml = Root(Device(
      Service("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/l3f"),
      Device("", Device(Service(UrnOf(IgdServiceType::kWanPpp1), "ppp") +
                            Service(UrnOf(IgdServiceType::kWanIp2), "/ip2") +
                            Service(UrnOf(IgdServiceType::kWanIp1), "/ip1"),
                        ""))));
  const auto services = ParseDescription(xml, kAt);
  ASSERT_TRUE(services.ok()) << services.status();
  ASSERT_EQ(services->size(), 3u);
  EXPECT_EQ((*services)[0].type, IgdServiceType::kWanIp2);
  EXPECT_EQ((*services)[1].type, IgdServiceType::kWanIp1);
  EXPECT_EQ((*services)[2].type, IgdServiceType::kWanPpp1);
  EXPECT_EQ((*services)[0].control.path, "/ip2");
  EXPECT_EQ((*services)[2].control.path, "/rootdesc/ppp");
  EXPECT_EQ((*services)[2].control.host, At("192.168.1.1:5000"));
}

TEST(Description, NeverLeadsToAnotherHost) {
  const std::string ip1 = UrnOf(IgdServiceType::kWanIp1);
  const auto by_base =
      ParseDescription(Root("<URLBase>http://10.9.9.9:99/x/</URLBase>" +
                            Device(Service(ip1, "ctl"), "")),
                       kAt);
  ASSERT_TRUE(by_base.ok()) << by_base.status();
  ASSERT_EQ(by_base->size(), 1u);
  EXPECT_EQ((*by_base)[0].control.host, At("192.168.1.1:99"));
  EXPECT_EQ((*by_base)[0].control.path, "/x/ctl");
  const auto by_url = ParseDescription(
      Root(Device(Service(ip1, "http://10.9.9.9:98/ctl"), "")), kAt);
  ASSERT_TRUE(by_url.ok()) << by_url.status();
  EXPECT_EQ((*by_url)[0].control.host, At("192.168.1.1:98"));
}

TEST(Description, LeavesOutWhatCannotBeAsked) {
  const std::string ip1 = UrnOf(IgdServiceType::kWanIp1);
  const auto services = ParseDescription(
      Root(Device(
          Service(ip1, "") + Service(ip1, "/a b") +
              Service(ip1, "https://192.168.1.1/x") +
              Service("urn:schemas-upnp-org:service:WANIPConnection:9", "/ip9"),
          "")),
      kAt);
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_TRUE(services->empty());
}

TEST(Description, HasABoundedNumberOfServices) {
  std::string list;
  for (int i = 0; i < 20; ++i) {
    list += Service(UrnOf(IgdServiceType::kWanIp1), absl::StrCat("/", i));
  }
  EXPECT_EQ(ParseDescription(Root(Device(list, "")), kAt)->size(),
            kMaxIgdServices);
}

TEST(Description, IsOfADevice) {
  EXPECT_FALSE(ParseDescription("<root/>", kAt).ok());
  EXPECT_FALSE(ParseDescription("<html><device/></html>", kAt).ok());
  EXPECT_FALSE(ParseDescription("garbage", kAt).ok());
}

TEST(Requests, AreWholeHttpRequests) {
  EXPECT_EQ(BuildGetRequest(kAt),
            "GET /rootdesc/desc.xml HTTP/1.1\r\nHost: 192.168.1.1:5000\r\n"
            "Connection: close\r\n\r\n");
  const IgdService service = {IgdServiceType::kWanIp1,
                              {At("192.168.1.1:5000"), "/ctl"}};
  const std::string request =
      BuildSoapRequest(service, "DeletePortMapping",
                       {{"NewRemoteHost", ""}, {"NewExternalPort", "7"}});
  EXPECT_TRUE(absl::StartsWith(request, "POST /ctl HTTP/1.1\r\n"));
  EXPECT_TRUE(absl::StrContains(
      request,
      "SOAPAction: \"urn:schemas-upnp-org:service:WANIPConnection:1"
      "#DeletePortMapping\"\r\n"));
  EXPECT_TRUE(absl::StrContains(
      request,
      "<u:DeletePortMapping "
      "xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">"
      "<NewRemoteHost></NewRemoteHost><NewExternalPort>7</NewExternalPort>"
      "</u:DeletePortMapping>"));
  const size_t head = request.find("\r\n\r\n") + 4;
  EXPECT_TRUE(absl::StrContains(
      request, absl::StrCat("Content-Length: ", request.size() - head)));
}

std::string Soap(int status, const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status,
                      " X\r\n\r\n<s:Envelope "
                      "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">"
                      "<s:Body>",
                      body, "</s:Body></s:Envelope>");
}
std::string Fault(const std::string& code) {
  return Soap(500,
              "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError"
              "</faultstring><detail><UPnPError "
              "xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>" +
                  code + "</errorCode></UPnPError></detail></s:Fault>");
}

TEST(SoapReply, HasTheValues) {
  const auto reply = ParseSoapReply(
      Soap(200,
           "<u:AddAnyPortMappingResponse xmlns:u=\"urn:x\"><NewReservedPort>"
           "41642</NewReservedPort></u:AddAnyPortMappingResponse>"),
      "AddAnyPortMapping");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->fault, 0);
  EXPECT_EQ(reply->Value("NewReservedPort"), "41642");
  EXPECT_EQ(reply->Value("NewOther"), "");
}

TEST(SoapReply, OrTheFault) {
  const auto reply = ParseSoapReply(Fault("725"), "AddPortMapping");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->fault, kFaultOnlyPermanentLeases);
}

TEST(SoapReply, IsToThisCall) {
  const std::string other = Soap(200, "<u:OtherResponse xmlns:u=\"urn:x\"/>");
  EXPECT_FALSE(ParseSoapReply(other, "AddPortMapping").ok());
  EXPECT_TRUE(ParseSoapReply(other, "Other").ok());
  EXPECT_FALSE(
      ParseSoapReply(Soap(404, "<u:OtherResponse xmlns:u=\"urn:x\"/>"), "Other")
          .ok());
  EXPECT_FALSE(ParseSoapReply(Fault("x"), "Other").ok());
  EXPECT_FALSE(ParseSoapReply(Fault("0"), "Other").ok());
  EXPECT_FALSE(ParseSoapReply("HTTP/1.1 200 OK\r\n\r\n<html/>", "Other").ok());
  EXPECT_FALSE(ParseSoapReply("HTTP/1.1 200 OK\r\n\r\n", "Other").ok());
}

}  // namespace
}  // namespace warren::portmap
