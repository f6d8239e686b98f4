#include "core/crypto/keys.h"

#include <string>
#include <type_traits>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<NodePrivateKey>);
static_assert(!std::is_convertible_v<NodeKey, DiscoKey>);
static_assert(!std::is_constructible_v<NodeKey, MachineKey>);

// `first`, first + 1, ... clamped: the keys of the data plane specification.
std::array<uint8_t, 32> CountFrom(uint8_t first) {
  std::array<uint8_t, 32> key;
  for (size_t i = 0; i < 32; ++i) key[i] = static_cast<uint8_t>(first + i);
  key[0] &= 0xf8;
  key[31] = static_cast<uint8_t>((key[31] & 0x7f) | 0x40);
  return key;
}

struct KnownKey {
  const char* name;
  uint8_t first;
  const char* public_hex;
};

class KnownKeyTest : public ::testing::TestWithParam<KnownKey> {};

TEST_P(KnownKeyTest, HasThePublicKeyOfTheSpecification) {
  const auto key = NodePrivateKey::FromBytes(CountFrom(GetParam().first));
  EXPECT_EQ(key.public_key().ToHex(), GetParam().public_hex);
}

INSTANTIATE_TEST_SUITE_P(
    , KnownKeyTest,
    ::testing::ValuesIn(std::vector<KnownKey>{
        {"NodeA", 0x00,
         "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"},
        {"NodeB", 0x20,
         "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"},
        {"DiscoA", 0x40,
         "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a"},
        {"DiscoB", 0x60,
         "675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f"},
        {"Derp", 0x80,
         "493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d"},
        {"Relay", 0xa0,
         "605a725d2a4adfeeb1a29e17edd621c1b7593ee8cdbc44ac6c4ab6e2f805d23c"},
    }),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PublicKey, PrintsAndParsesItsTextWithThePrefixOfItsRole) {
  const NodeKey node = NodePrivateKey::FromBytes(CountFrom(0)).public_key();
  EXPECT_EQ(node.ToString(), "nodekey:" + node.ToHex());
  EXPECT_EQ(*NodeKey::Parse(node.ToString()), node);
  EXPECT_EQ(*NodeKey::ParseHex(node.ToHex()), node);
  EXPECT_EQ(DiscoKey().ToString(), "discokey:" + std::string(64, '0'));
  EXPECT_EQ(MachineKey().ToString(), "mkey:" + std::string(64, '0'));
}

TEST(PublicKey, ParsesUpperCaseAndPrintsLowerCase) {
  const auto key = DiscoKey::Parse("discokey:" + std::string(64, 'A'));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->ToString(), "discokey:" + std::string(64, 'a'));
}

TEST(PublicKey, RefusesEveryOtherText) {
  const std::string digits(64, 'a');
  for (const std::string& text :
       {std::string(), std::string("nodekey:"), digits, "mkey:" + digits,
        "NODEKEY:" + digits, "nodekey:" + digits + "a",
        "nodekey:" + digits.substr(1), "nodekey: " + digits.substr(1),
        "nodekey:" + digits.substr(1) + "g", " nodekey:" + digits,
        "nodekey:" + digits + "\n"}) {
    EXPECT_EQ(NodeKey::Parse(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(PublicKey, HasTheShortFormOfOtherTools) {
  const auto node = NodePrivateKey::FromBytes(CountFrom(0)).public_key();
  const auto disco = DiscoPrivateKey::FromBytes(CountFrom(0x40)).public_key();
  EXPECT_EQ(node.ShortString(), "[j0DFr]");
  EXPECT_EQ(disco.ShortString(), "d:79a631eede1bf9c9");
  EXPECT_EQ(NodeKey().ShortString(), "");
}

TEST(PublicKey, IsOrderedByItsBytesAndHashes) {
  const auto a = DiscoPrivateKey::FromBytes(CountFrom(0x40)).public_key();
  const auto b = DiscoPrivateKey::FromBytes(CountFrom(0x60)).public_key();
  EXPECT_LT(b, a);  // 67... sorts before 79...
  EXPECT_TRUE(DiscoKey().IsZero());
  EXPECT_FALSE(a.IsZero());
  EXPECT_EQ((absl::flat_hash_set<DiscoKey>{a, b, a}).size(), 2u);
}

TEST(PrivateKey, IsClampedWhenGeneratedAndKeptWhenRead) {
  SeededRng rng(1);
  for (int i = 0; i < 100; ++i) {
    const auto key = MachinePrivateKey::Generate(rng);
    EXPECT_EQ(key.Expose()[0] & 0x07, 0);
    EXPECT_EQ(key.Expose()[31] & 0xc0, 0x40);
  }
  const std::string text = "privkey:" + std::string(64, 'f');
  const auto read = MachinePrivateKey::Parse(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->ExposeText(), text);
}

TEST(PrivateKey, ErrorsDoNotRepeatTheText) {
  const std::string digits = "0123456789abcdefz";
  const auto status = NodePrivateKey::Parse("privkey:" + digits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message().find("abcdef"), absl::string_view::npos);
}

TEST(PrivateKey, IsWipedWhenMovedFrom) {
  SeededRng rng(1);
  auto from = NodePrivateKey::Generate(rng);
  const auto copy = from.Clone();
  const auto to = std::move(from);
  EXPECT_TRUE(ConstantTimeEqual(to.Expose(), copy.Expose()));
  EXPECT_EQ(to.public_key(), copy.public_key());
  EXPECT_EQ(ToHex(from.Expose()), std::string(64, '0'));
}

TEST(Secret, IsWipedWhenMovedFrom) {
  SymmetricKey from(CountFrom(1));
  EXPECT_FALSE(from.IsZero());
  SymmetricKey to;
  EXPECT_TRUE(to.IsZero());
  to = std::move(from);
  EXPECT_FALSE(to.IsZero());
  EXPECT_TRUE(from.IsZero());
}

TEST(ConstantTimeEqual, ComparesContentsAndSizes) {
  EXPECT_TRUE(ConstantTimeEqual(AsBytes("same"), AsBytes("same")));
  EXPECT_FALSE(ConstantTimeEqual(AsBytes("same"), AsBytes("sams")));
  EXPECT_FALSE(ConstantTimeEqual(AsBytes("same"), AsBytes("samey")));
  EXPECT_TRUE(ConstantTimeEqual({}, {}));
}

}  // namespace
}  // namespace warren::crypto
