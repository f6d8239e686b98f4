#include "core/portmap/ssdp.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

using testing::At;
using testing::Ip;

TEST(Ssdp, SearchesAtTheRouterAndAmongAll) {
  const auto searches = BuildSearches(Ip("192.168.1.1"));
  ASSERT_EQ(searches.size(), 3u);
  EXPECT_EQ(searches[0].to, At("192.168.1.1:1900"));
  EXPECT_EQ(searches[1].to, At("239.255.255.250:1900"));
  EXPECT_EQ(searches[2].to, At("239.255.255.250:1900"));
  EXPECT_EQ(AsText(searches[0].bytes),
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
            "ST: ssdp:all\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n");
  EXPECT_EQ(AsText(searches[2].bytes),
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
            "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
            "MAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n");
}

constexpr char kReply[] =
    "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n"
    "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2\r\n"
    "USN: uuid:1::urn:schemas-upnp-org:device:InternetGatewayDevice:2\r\n"
    "EXT:\r\nSERVER: Linux UPnP/1.1 x\r\n"
    "LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n";

TEST(Ssdp, ReadsAGatewaysAnswer) {
  const auto reply = ParseSearchReply(AsBytes(kReply));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->location, "http://192.168.1.1:5000/rootDesc.xml");
  EXPECT_EQ(reply->server, "Linux UPnP/1.1 x");
  EXPECT_EQ(reply->usn,
            "uuid:1::urn:schemas-upnp-org:device:InternetGatewayDevice:2");
}

TEST(Ssdp, RefusesWhatIsNoGatewaysAnswer) {
  const std::string good = kReply;
  const auto without = [&good](const std::string& part) {
    std::string text = good;
    text.erase(text.find(part), part.size());
    return text;
  };
  const std::string padding = "A: " + std::string(5000, 'a') + "\r\n\r\n";
  for (const std::string& text : {
           std::string(),
           without("HTTP/1.1 200 OK\r\n"),
           without("LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n"),
           good.substr(0, good.size() - 4),
           absl::StrCat("HTTP/1.1 404", good.substr(12)),
           absl::StrCat(good.substr(0, good.size() - 2), padding),
           std::string("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n"
                       "LOCATION: http://192.168.1.9/nas.xml\r\n\r\n"),
       }) {
    EXPECT_FALSE(ParseSearchReply(AsBytes(text)).ok()) << text;
  }
}

}  // namespace
}  // namespace warren::portmap
