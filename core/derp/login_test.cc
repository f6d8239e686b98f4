#include "core/derp/login.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/base/rng.h"
#include "core/crypto/box.h"
#include "core/derp/derp_test_keys.h"
#include "core/derp/frame.h"
#include "gtest/gtest.h"

namespace warren::derp {
namespace {

Bytes Payload(const std::vector<uint8_t>& frame) {
  return Bytes(frame).subspan(kFrameHeaderSize);
}

// A ClientInfo payload of node A around any text.
std::vector<uint8_t> InfoWith(absl::string_view json) {
  SeededRng rng(1);
  const auto shared =
      crypto::BoxSharedKey::Create(NodeA(), RelayServer().public_key());
  ByteWriter w;
  w.Append(NodeA().public_key().bytes());
  w.Append(shared->Seal(rng, AsBytes(json)));
  return std::move(w).Take();
}

TEST(Login, FramesAreAsSpecified) {
  EXPECT_EQ(ToHex(BuildServerKey(RelayServer().public_key())),
            "010000002844455250f09f9491493e82fc74464a59268817623d2053c5eb8e2cc4"
            "a988b4fee179ec6b010d531d");
  RisingRng n1(0x01);
  EXPECT_EQ(
      ToHex(*BuildClientInfo(NodeA(), RelayServer().public_key(), {}, n1)),
      "02000000688f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e213828"
      "5f0102030405060708090a0b0c0d0e0f101112131415161718cc1b44ef1fe0ae371f27d1"
      "af8507ad9557be39ace1cd96072d09df5b77091847c4d5cc908a47fec7389eeda69e2202"
      "fd");
  RisingRng n2(0x31);
  EXPECT_EQ(
      ToHex(*BuildServerInfo(RelayServer(), NodeA().public_key(), {}, n2)),
      "03000000353132333435363738393a3b3c3d3e3f404142434445464748f873dce5935216"
      "98dcd29b3582e2074d25a1e733e43d51389c271033e0");
}

TEST(Login, TheServerLearnsWhoTheClientIs) {
  SeededRng rng(1);
  ClientInfo info;
  info.is_prober = true;
  info.app_name = "warren \"1\"";
  info.mesh_key = MeshKey(RelayServer().Expose());
  const auto frame =
      BuildClientInfo(NodeA(), RelayServer().public_key(), info, rng);
  const auto login = OpenClientInfo(Payload(*frame), RelayServer());
  ASSERT_TRUE(login.ok()) << login.status();
  EXPECT_EQ(login->client, NodeA().public_key());
  EXPECT_EQ(login->info.version, 2);
  EXPECT_TRUE(login->info.can_ack_pings);
  EXPECT_TRUE(login->info.is_prober);
  EXPECT_EQ(login->info.app_name, "warren \"1\"");
  ASSERT_TRUE(login->info.mesh_key);
  EXPECT_EQ(ToHex(login->info.mesh_key->Expose()),
            ToHex(RelayServer().Expose()));
}

TEST(Login, AnotherClientsKeyInFrontIsRefused) {
  SeededRng rng(1);
  auto frame = *BuildClientInfo(NodeA(), RelayServer().public_key(), {}, rng);
  const auto other = NodeB().public_key();
  std::copy(other.bytes().begin(), other.bytes().end(),
            frame.begin() + kFrameHeaderSize);
  EXPECT_FALSE(OpenClientInfo(Payload(frame), RelayServer()).ok());
}

struct JsonCase {
  const char* name;
  const char* json;
  bool accepted;
};

class ClientInfoJson : public testing::TestWithParam<JsonCase> {};

TEST_P(ClientInfoJson, IsAcceptedAsStockRelaysDo) {
  const auto payload = InfoWith(GetParam().json);
  EXPECT_EQ(OpenClientInfo(payload, RelayServer()).ok(), GetParam().accepted);
}

// Each row was given to tailscale.com v1.102.5's own reader, too.
INSTANTIATE_TEST_SUITE_P(
    , ClientInfoJson,
    testing::Values(
        JsonCase{"Empty", "{}", true}, JsonCase{"Null", "null", true},
        JsonCase{"UnknownKeys", "{\"x\":[1,{\"y\":null}]}", true},
        JsonCase{"EmptyMeshKey", "{\"meshKey\":\"\"}", false},
        JsonCase{"NullMeshKey", "{\"meshKey\":null}", false},
        JsonCase{"ShortMeshKey", "{\"MESHKEY\":\"00ff\"}", false},
        JsonCase{"VersionIsText", "{\"version\":\"two\"}", false},
        JsonCase{"VersionIsAFraction", "{\"version\":2.5}", false},
        JsonCase{"VersionIsHuge", "{\"version\":1e400}", false},
        JsonCase{"VersionIsNegative", "{\"version\":-1}", true},
        JsonCase{"TwoVersions", "{\"version\":2,\"version\":3}", true},
        JsonCase{"FlagIsText", "{\"CanAckPings\":\"yes\"}", false},
        JsonCase{"FlagIsNull", "{\"IsProber\":null}", true},
        JsonCase{"NameIsANumber", "{\"AppName\":5}", false},
        JsonCase{"MoreBehind", "{\"version\":2} x", false},
        JsonCase{"NotJson", "hello", false}, JsonCase{"Nothing", "", false},
        JsonCase{"AList", "[]", false},
        JsonCase{"Cut", "{\"version\":2", false},
        JsonCase{"BadUtf8", "{\"AppName\":\"\xff\xfe\"}", true}),
    [](const auto& param) { return std::string(param.param.name); });

// What tailscale.com v1.102.5 sent with our keys; its nonces are random.
TEST(Login, OpensWhatStockSoftwareSealed) {
  const auto client = ParseHex(
      "020000007f8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f"
      "3e2138285f860e87875aa1dbf598c530ade5c7f7c8cf42944deabca836ba7eb9"
      "3765ed9160b72267d769726f7f5083229d0a41c9980fd30ab2c88478fc6cfa49"
      "ae8b3a004d6e8566eb8029defbf1c579524cbf08d4267047dbc5e5f3030045ee"
      "09e55800");
  const auto login = OpenClientInfo(Payload(*client), RelayServer());
  ASSERT_TRUE(login.ok()) << login.status();
  EXPECT_EQ(login->client, NodeA().public_key());
  EXPECT_EQ(login->info.version, 2);
  EXPECT_TRUE(login->info.can_ack_pings);
  EXPECT_FALSE(login->info.is_prober);
  EXPECT_EQ(login->info.app_name, "tailscaled");
  EXPECT_FALSE(login->info.mesh_key);

  const auto server = ParseHex(
      "03000000354030ce59efecf873e07d0610f6f651225f27ed870e517aaf081596"
      "ba01c36465d865359b76a538a1053367b0d33f32a63cbf6060a3");
  const auto info =
      OpenServerInfo(Payload(*server), NodeA(), RelayServer().public_key());
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->version, 2);
  EXPECT_EQ(info->bytes_per_second, 0u);
}

TEST(Login, WhatAClientDoesNotSayIsNo) {
  const auto login = OpenClientInfo(InfoWith("{}"), RelayServer());
  ASSERT_TRUE(login.ok()) << login.status();
  EXPECT_EQ(login->info.version, 0);
  EXPECT_FALSE(login->info.can_ack_pings);
  EXPECT_FALSE(login->info.is_prober);
  EXPECT_EQ(login->info.app_name, "");
}

TEST(Login, DeepNestingIsHarmless) {
  const std::string deep(kMaxClientInfoSize - 200, '[');
  EXPECT_FALSE(OpenClientInfo(InfoWith(deep), RelayServer()).ok());
}

TEST(Login, TheClientLearnsItsLimits) {
  SeededRng rng(1);
  ServerInfo info;
  info.bytes_per_second = 1000;
  info.burst_bytes = 2000;
  const auto frame =
      BuildServerInfo(RelayServer(), NodeA().public_key(), info, rng);
  const auto read =
      OpenServerInfo(Payload(*frame), NodeA(), RelayServer().public_key());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->bytes_per_second, 1000u);
  EXPECT_EQ(read->burst_bytes, 2000u);
  EXPECT_FALSE(
      OpenServerInfo(Payload(*frame), NodeB(), RelayServer().public_key())
          .ok());
}

TEST(Login, AnAbsentKeyMakesNoLogin) {
  SeededRng rng(1);
  EXPECT_FALSE(BuildClientInfo(NodeA(), crypto::NodeKey(), {}, rng));
  EXPECT_FALSE(OpenClientInfo(std::vector<uint8_t>(80, 0), RelayServer()).ok());
}

TEST(MetaCertificate, NamesTheRelaysKeyOrNothing) {
  const auto key = RelayServer().public_key();
  const std::string name = MetaCertificateName(key);
  EXPECT_EQ(name, absl::StrCat("derpkey", key.ToHex()));
  EXPECT_EQ(KeyOfMetaCertificate(name, 2), key);
  EXPECT_FALSE(KeyOfMetaCertificate(name, 0));
  EXPECT_FALSE(KeyOfMetaCertificate(name, 256));
  EXPECT_FALSE(KeyOfMetaCertificate(name.substr(0, 70), 2));
  EXPECT_FALSE(KeyOfMetaCertificate("relay.example", 2));
}

}  // namespace
}  // namespace warren::derp
