#include "client/wg/uapi.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

const std::string kKeyA(64, 'a');
const std::string kKeyB(64, 'b');
const std::string kKeyC(64, 'c');
const std::string kZeros(64, '0');

// `text` with <A>, <B>, <C> and <0> written out as keys.
std::string Lines(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"<A>", kKeyA}, {"<B>", kKeyB}, {"<C>", kKeyC}, {"<0>", kZeros}});
}

const char kEverything[] =
    "private_key=<A>\nlisten_port=51820\nfwmark=7\nreplace_peers=true\n"
    "public_key=<B>\npreshared_key=<C>\nendpoint=192.0.2.1:5\n"
    "persistent_keepalive_interval=25\nreplace_allowed_ips=true\n"
    "allowed_ip=10.0.0.2/24\nallowed_ip=fd00::/8\nprotocol_version=1\n"
    "public_key=<C>\nendpoint=[2001:db8::1]:65535\nallowed_ip=-10.1.0.0/16\n"
    "update_only=true\nremove=true";

TEST(ParseSet, UnderstandsEveryKey) {
  const auto request = ParseSet(Lines(kEverything));
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_TRUE(request->private_key.has_value());
  EXPECT_EQ((*request->private_key)->Expose()[31], 0xaa);
  EXPECT_EQ(request->listen_port, 51820);
  EXPECT_EQ(request->fwmark, 7u);
  EXPECT_TRUE(request->replace_peers);
  ASSERT_EQ(request->peers.size(), 2u);
  const PeerChange& b = request->peers[0];
  EXPECT_EQ(b.key.ToHex(), kKeyB);
  EXPECT_EQ(b.psk->Expose()[0], 0xcc);
  EXPECT_EQ(b.endpoint->ToString(), "192.0.2.1:5");
  EXPECT_EQ(b.persistent_keepalive, absl::Seconds(25));
  EXPECT_TRUE(b.replace_allowed_ips);
  ASSERT_EQ(b.allowed_ips.size(), 2u);
  EXPECT_EQ(b.allowed_ips[0].prefix.ToString(), "10.0.0.0/24");
  EXPECT_FALSE(b.remove || b.update_only);
  const PeerChange& c = request->peers[1];
  EXPECT_EQ(c.endpoint->ToString(), "[2001:db8::1]:65535");
  EXPECT_TRUE(c.remove && c.update_only && c.allowed_ips[0].remove);
}

TEST(ParseSet, WhatIsNotNamedStays) {
  const auto request = ParseSet(Lines("public_key=<B>"));
  ASSERT_TRUE(request.ok());
  EXPECT_FALSE(request->private_key || request->listen_port);
  EXPECT_FALSE(request->fwmark || request->replace_peers);
  const PeerChange& peer = request->peers[0];
  EXPECT_FALSE(peer.psk || peer.endpoint || peer.persistent_keepalive);
  EXPECT_FALSE(peer.replace_allowed_ips);
  EXPECT_TRUE(ParseSet("").ok());
}

TEST(ParseSet, APrivateKeyOfZerosTakesItAway) {
  const auto request = ParseSet(Lines("private_key=<0>"));
  ASSERT_TRUE(request.ok());
  ASSERT_TRUE(request->private_key.has_value());
  EXPECT_FALSE(request->private_key->has_value());
}

struct Bad {
  std::string name;
  std::string line;
};
class ParseSetRefuses : public testing::TestWithParam<Bad> {};

TEST_P(ParseSetRefuses, NamingLineAndKeyButNoSecret) {
  const auto request = ParseSet(Lines("public_key=<B>\n" + GetParam().line));
  ASSERT_FALSE(request.ok());
  const std::string message(request.status().message());
  EXPECT_EQ(message.rfind("line 3: ", 0), 0u) << message;
  const std::string key = GetParam().line.substr(0, GetParam().line.find('='));
  if (key != GetParam().line) {
    EXPECT_NE(message.find(key), std::string::npos) << message;
  }
  EXPECT_EQ(message.find("5ec7e7"), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    , ParseSetRefuses,
    testing::ValuesIn(std::vector<Bad>{
        {"NoEquals", "endpoint"},
        {"UnknownKey", "colour=blue"},
        {"DeviceKeyInPeer", "listen_port=1"},
        {"ShortKey", "preshared_key=5ec7e7"},
        {"LongKey", "preshared_key=5ec7e7<A>"},
        {"NotHex", "preshared_key=5ec7e7zz" + std::string(56, 'a')},
        {"ShortPublicKey", "public_key=5ec7e7"},
        {"EndpointWithoutPort", "endpoint=1.2.3.4"},
        {"EndpointPortZero", "endpoint=1.2.3.4:0"},
        {"EndpointPortTooLarge", "endpoint=1.2.3.4:65536"},
        {"EndpointName", "endpoint=example.com:51820"},
        {"EndpointV6WithoutBrackets", "endpoint=::1:5"},
        {"KeepaliveNegative", "persistent_keepalive_interval=-1"},
        {"KeepaliveTooLarge", "persistent_keepalive_interval=65536"},
        {"KeepaliveSpace", "persistent_keepalive_interval= 25"},
        {"KeepaliveHuge", "persistent_keepalive_interval=99999999999999999999"},
        {"AllowedIpBits", "allowed_ip=10.0.0.0/33"},
        {"AllowedIpBitsEmpty", "allowed_ip=10.0.0.0/"},
        {"AllowedIpV6Bits", "allowed_ip=fd00::/129"},
        {"AllowedIpTwice", "allowed_ip=10.0.0.0/8/8"},
        {"AllowedIpName", "allowed_ip=all"},
        {"RemoveFalse", "remove=false"},
        {"UpdateOnlyEmpty", "update_only="},
        {"Version", "protocol_version=2"},
        {"Nul", std::string("endpoint=1.2.3.4:5\0", 19)},
        {"CarriageReturn", "endpoint=1.2.3.4:5\r"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(ParseSet, RefusesBadDeviceLines) {
  for (const char* line :
       {"listen_port=65536", "listen_port=", "fwmark=4294967296", "fwmark=0x1",
        "replace_peers=1", "private_key=", "allowed_ip=10.0.0.0/8"}) {
    EXPECT_FALSE(ParseSet(line).ok()) << line;
  }
}

class DeviceTest : public testing::Test {
 protected:
  absl::Status Set(const std::string& text) {
    auto request = ParseSet(Lines(text));
    if (!request.ok()) return request.status();
    return ApplySet(now_, *std::move(request), device_);
  }
  std::string Get() { return FormatGet(device_, {51820, 7}); }
  bool Shows(const std::string& line) {
    return absl::StrCat("\n", Get()).find("\n" + Lines(line) + "\n") !=
           std::string::npos;
  }

  SeededRng rng_{1};
  Instant now_ = Instant::FromEpoch(absl::Hours(1));
  wg::Device device_{{}, rng_, now_, absl::Hours(500000)};
};

TEST_F(DeviceTest, GetShowsWhatSetSet) {
  ASSERT_TRUE(Set(kEverything).ok());
  EXPECT_EQ(Get(), Lines("private_key=<A>\nlisten_port=51820\nfwmark=7\n"
                         "public_key=<B>\npreshared_key=<C>\n"
                         "protocol_version=1\nendpoint=192.0.2.1:5\n"
                         "last_handshake_time_sec=0\n"
                         "last_handshake_time_nsec=0\n"
                         "tx_bytes=0\nrx_bytes=0\n"
                         "persistent_keepalive_interval=25\n"
                         "allowed_ip=10.0.0.0/24\nallowed_ip=fd00::/8\n"));
}

TEST_F(DeviceTest, RemoveAndReplaceRemovePeers) {
  ASSERT_TRUE(Set("public_key=<B>\npublic_key=<C>").ok());
  ASSERT_TRUE(Set("public_key=<B>\nremove=true").ok());
  EXPECT_FALSE(Shows("public_key=<B>"));
  EXPECT_TRUE(Shows("public_key=<C>"));
  ASSERT_TRUE(Set("replace_peers=true\npublic_key=<B>").ok());
  EXPECT_TRUE(Shows("public_key=<B>"));
  EXPECT_FALSE(Shows("public_key=<C>"));
}

TEST_F(DeviceTest, UpdateOnlyAddsNobody) {
  ASSERT_TRUE(Set("public_key=<B>\nupdate_only=true\nallowed_ip=1.2.3.4").ok());
  EXPECT_EQ(device_.Peers().size(), 0u);
}

TEST_F(DeviceTest, AllowedIpsAreAddedReplacedRemovedAndMoved) {
  ASSERT_TRUE(Set("public_key=<B>\nallowed_ip=10.0.0.1/32").ok());
  ASSERT_TRUE(Set("public_key=<B>\nallowed_ip=10.0.0.2/32").ok());
  EXPECT_TRUE(Shows("allowed_ip=10.0.0.1/32"));
  EXPECT_TRUE(Shows("allowed_ip=10.0.0.2/32"));
  ASSERT_TRUE(Set("public_key=<B>\nallowed_ip=-10.0.0.1/32").ok());
  EXPECT_FALSE(Shows("allowed_ip=10.0.0.1/32"));
  ASSERT_TRUE(Set("public_key=<B>\nreplace_allowed_ips=true\n"
                  "allowed_ip=10.0.0.3/32")
                  .ok());
  EXPECT_FALSE(Shows("allowed_ip=10.0.0.2/32"));
  ASSERT_TRUE(Set("public_key=<C>\nallowed_ip=10.0.0.3/32").ok());
  const auto b = device_.FindPeer(*crypto::NodeKey::ParseHex(kKeyB));
  EXPECT_TRUE(device_.Info(b)->allowed_ips.empty());
}

TEST_F(DeviceTest, OurOwnKeyAsAPeerIsIgnored) {
  ASSERT_TRUE(Set("private_key=<A>").ok());
  const std::string own = device_.private_key()->public_key().ToHex();
  EXPECT_TRUE(Set("public_key=" + own + "\npublic_key=<B>").ok());
  EXPECT_EQ(device_.Peers().size(), 1u);
}

TEST_F(DeviceTest, ABadLineAppliesNothing) {
  const std::string before = Get();
  EXPECT_FALSE(Set("private_key=<A>\npublic_key=<B>\nendpoint=x").ok());
  EXPECT_EQ(Get(), before);
}

TEST(ErrnoOf, IsZeroForOkOnly) {
  EXPECT_EQ(ErrnoOf(absl::OkStatus()), 0);
  EXPECT_EQ(ErrnoOf(absl::InvalidArgumentError("")), 22);
  EXPECT_EQ(ErrnoOf(absl::AlreadyExistsError("")), 98);
  EXPECT_NE(ErrnoOf(absl::InternalError("")), 0);
}

}  // namespace
}  // namespace warren::client
