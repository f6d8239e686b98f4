#include "core/disco/disco.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::disco {
namespace {

std::vector<uint8_t> Hex(absl::string_view text) { return *ParseHex(text); }

// The keys of specs/dataplane.md §0.4: 32 rising bytes, clamped.
template <class Private>
Private KeyFrom(uint8_t first) {
  std::array<uint8_t, 32> raw{};
  for (size_t i = 0; i < raw.size(); ++i) {
    raw[i] = static_cast<uint8_t>(first + i);
  }
  raw[0] &= 0xf8;
  raw[31] = static_cast<uint8_t>((raw[31] & 0x7f) | 0x40);
  return Private::FromBytes(raw);
}
crypto::DiscoPrivateKey DiscoA() {
  return KeyFrom<crypto::DiscoPrivateKey>(0x40);
}
crypto::DiscoPrivateKey DiscoB() {
  return KeyFrom<crypto::DiscoPrivateKey>(0x60);
}
crypto::DiscoPrivateKey PeerRelay() {
  return KeyFrom<crypto::DiscoPrivateKey>(0xa0);
}
crypto::NodeKey NodeA() {
  return KeyFrom<crypto::NodePrivateKey>(0x00).public_key();
}

// Gives the bytes from `first` on: the nonces N1 and N2.
class RisingRng final : public Rng {
 public:
  explicit RisingRng(uint8_t first) : next_(first) {}
  void Fill(MutableBytes out) override {
    for (uint8_t& byte : out) byte = next_++;
  }

 private:
  uint8_t next_;
};

TxId TheTxId() {
  RisingRng rng(1);
  return NewTxId(rng);
}
net::Endpoint At(absl::string_view text) { return *net::Endpoint::Parse(text); }
std::array<uint8_t, 32> Challenge() {
  std::array<uint8_t, 32> out{};
  const auto bytes =
      Hex("15966d4167cfb7f3a69615b066c43fc59a2d10907372312a979d1cc359a91d7f");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}
template <class T>
T Binding(const std::array<uint8_t, 32>& challenge) {
  T out;
  out.vni = 0xa1;
  out.generation = 7;
  out.remote = DiscoB().public_key();
  out.challenge = challenge;
  return out;
}
RelayEndpoint TheRelayEndpoint() {
  return {.server = PeerRelay().public_key(),
          .clients = {DiscoB().public_key(), DiscoA().public_key()},
          .lamport_id = 3,
          .vni = 0xa1,
          .bind_lifetime = absl::Seconds(30),
          .steady_state_lifetime = absl::Seconds(300),
          .addresses = {At("198.51.100.4:7777")}};
}

const char kBindTail[] =
    "00000000a100000007675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958"
    "371ea52f";
const char kZeros32[] =
    "0000000000000000000000000000000000000000000000000000000000000000";
const char kChallenge[] =
    "15966d4167cfb7f3a69615b066c43fc59a2d10907372312a979d1cc359a91d7f";
const char kEndpoint[] =
    "605a725d2a4adfeeb1a29e17edd621c1b7593ee8cdbc44ac6c4ab6e2f805d23c675dd574ed"
    "7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f79a631eede1bf9c98f12"
    "032cdeadd0e7a079398fc786b88cc846ec89af85a51a0000000000000003000000a1000000"
    "06fc23ac0000000045d964b80000000000000000000000ffffc63364041e61";

struct PlainCase {
  const char* name;
  Message message;
  std::string hex;
};

std::vector<PlainCase> PlainCases() {
  const char kKeys[] =
      "675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f79a631ee"
      "de1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a";
  return {
      {"Ping", Ping{TheTxId(), NodeA()},
       "01000102030405060708090a0b0c8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7"
       "b"
       "5e1ad1ba6f3e2138285f"},
      {"PingWithoutKey", Ping{TheTxId()}, "01000102030405060708090a0b0c"},
      {"PingPadded", Ping{TheTxId(), NodeA(), 3},
       "01000102030405060708090a0b0c8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7"
       "b"
       "5e1ad1ba6f3e2138285f000000"},
      {"Pong", Pong{TheTxId(), At("2.3.4.5:1234")},
       "02000102030405060708090a0b0c00000000000000000000ffff0203040504d2"},
      {"PongSeenByRelay", Pong{TheTxId(), net::Endpoint::Relay(RelayId(1))},
       "02000102030405060708090a0b0c00000000000000000000ffff7f0303280001"},
      {"CallMeMaybe",
       CallMeMaybe{{At("192.0.2.7:41641"), At("[2001:db8::9]:41641")}},
       "030000000000000000000000ffffc0000207a2a920010db80000000000000000000000"
       "09a2a9"},
      {"CallMeMaybeEmpty", CallMeMaybe{}, "0300"},
      {"Bind", Binding<BindRelayEndpoint>({}),
       absl::StrCat("04", kBindTail, kZeros32)},
      {"BindChallenge", Binding<BindRelayEndpointChallenge>(Challenge()),
       absl::StrCat("05", kBindTail, kChallenge)},
      {"BindAnswer", Binding<BindRelayEndpointAnswer>(Challenge()),
       absl::StrCat("06", kBindTail, kChallenge)},
      {"CallMeMaybeVia", CallMeMaybeVia{TheRelayEndpoint()},
       absl::StrCat("0700", kEndpoint)},
      {"AllocateRequest",
       AllocateRelayEndpointRequest{
           {DiscoB().public_key(), DiscoA().public_key()}, 7},
       absl::StrCat("0800", kKeys, "00000007")},
      {"AllocateResponse", AllocateRelayEndpointResponse{7, TheRelayEndpoint()},
       absl::StrCat("090000000007", kEndpoint)},
  };
}

class PlainTest : public testing::TestWithParam<PlainCase> {};

TEST_P(PlainTest, EncodesAsSpecifiedAndReadsBack) {
  EXPECT_EQ(ToHex(Encode(GetParam().message)), GetParam().hex);
  const auto parsed = Parse(Hex(GetParam().hex));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(*parsed == GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(, PlainTest, testing::ValuesIn(PlainCases()),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

TEST_P(PlainTest, NoPrefixCrashesOrReadsBeyondItsEnd) {
  const auto bytes = Hex(GetParam().hex);
  for (size_t n = 0; n < bytes.size(); ++n) {
    const std::vector<uint8_t> prefix(bytes.begin(), bytes.begin() + n);
    (void)Parse(prefix);
  }
}

TEST(DiscoParse, TakesAnOddCallMeMaybeAsEmpty) {
  const auto odd = Parse(Hex("0300000000"));
  const auto other_version =
      Parse(Hex("030100000000000000000000ffffc0000207a2a9"));
  ASSERT_TRUE(odd.ok() && other_version.ok());
  EXPECT_TRUE(*odd == Message(CallMeMaybe{}));
  EXPECT_TRUE(*other_version == Message(CallMeMaybe{}));
}

TEST(DiscoParse, TakesOtherVersionsOfEndpointMessagesAsEmpty) {
  EXPECT_TRUE(*Parse(Hex("0701")) == Message(CallMeMaybeVia{}));
  EXPECT_TRUE(*Parse(Hex("0801")) == Message(AllocateRelayEndpointRequest{}));
  EXPECT_TRUE(*Parse(Hex("0901")) == Message(AllocateRelayEndpointResponse{}));
}

TEST(DiscoParse, RefusesAnEndpointWithoutWholeAddresses) {
  const std::string tail(kEndpoint);
  EXPECT_FALSE(Parse(Hex(absl::StrCat("0700", tail, "00"))).ok());
  const std::string none = tail.substr(0, tail.size() - 36);
  EXPECT_FALSE(Parse(Hex(absl::StrCat("0700", none))).ok());
}

TEST(DiscoParse, RefusesUnknownTypesAndTruncations) {
  EXPECT_EQ(Parse(Hex("0a00")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Parse({}).ok());
  EXPECT_FALSE(Parse(Hex("01")).ok());
  EXPECT_FALSE(Parse(Hex("01000102030405060708090a0b")).ok());
  EXPECT_FALSE(Parse(Hex("0200010203040506070809")).ok());
}

TEST(DiscoParse, ReadsOnlySoManyEndpoints) {
  CallMeMaybe many;
  many.endpoints.assign(1000, At("192.0.2.7:1"));
  const auto parsed = Parse(Encode(many));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(std::get<CallMeMaybe>(*parsed).endpoints.size(), kMaxEndpoints);
}

TEST(DiscoDatagram, MatchesTheSpecification) {
  const auto a_to_b =
      crypto::BoxSharedKey::Create(DiscoA(), DiscoB().public_key());
  ASSERT_TRUE(a_to_b);
  RisingRng n1(0x01), n2(0x31);
  EXPECT_EQ(
      ToHex(Seal(Ping{TheTxId(), NodeA()}, DiscoA().public_key(), *a_to_b, n1)),
      "5453f09f92ac79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85"
      "a51a0102030405060708090a0b0c0d0e0f10111213141516171800826cc5c757fe134da6"
      "fa8aefb5c8f4503bc4ae733b46732a560db9176657a748559609bc7940e8aeb2b844c1dd"
      "40b8f4540c82742487a389cc4257c0f8");
  EXPECT_EQ(
      ToHex(Seal(Pong{TheTxId(), At("2.3.4.5:1234")}, DiscoB().public_key(),
                 *a_to_b, n2)),
      "5453f09f92ac675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371e"
      "a52f3132333435363738393a3b3c3d3e3f4041424344454647483b3b657de8514c13d7c2"
      "9632ec0c83de86c4c0796fbab4b414e4c6b229c01ea6467c9cee9f3895561acc2946f77d"
      "772f");
}

TEST(DiscoDatagram, OpensAtTheReceiverAndNamesItsSender) {
  SeededRng rng(1);
  const auto sender =
      crypto::BoxSharedKey::Create(DiscoA(), DiscoB().public_key());
  const auto receiver =
      crypto::BoxSharedKey::Create(DiscoB(), DiscoA().public_key());
  for (const PlainCase& c : PlainCases()) {
    SCOPED_TRACE(c.name);
    auto datagram = Seal(c.message, DiscoA().public_key(), *sender, rng);
    EXPECT_TRUE(LooksLikeDisco(datagram));
    EXPECT_EQ(SenderOf(datagram), DiscoA().public_key());
    const auto opened = Open(datagram, *receiver);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_TRUE(*opened == c.message);
    datagram.back() ^= 1;
    EXPECT_EQ(Open(datagram, *receiver).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(DiscoDatagram, PaddingMakesThePingAsLongAsAsked) {
  SeededRng rng(1);
  const auto shared =
      crypto::BoxSharedKey::Create(DiscoA(), DiscoB().public_key());
  const auto size = [&](uint32_t padding) {
    return Seal(Ping{TheTxId(), NodeA(), padding}, DiscoA().public_key(),
                *shared, rng)
        .size();
  };
  EXPECT_EQ(size(0), 124u);
  EXPECT_EQ(size(1280 - 124), 1280u);
}

TEST(LooksLikeDisco, NeedsTheMagicAndAWholeHeader) {
  std::vector<uint8_t> datagram(kHeaderSize, 0);
  std::copy(kMagic.begin(), kMagic.end(), datagram.begin());
  EXPECT_TRUE(LooksLikeDisco(datagram));
  datagram.pop_back();
  EXPECT_FALSE(LooksLikeDisco(datagram));
  EXPECT_FALSE(SenderOf(datagram));
  datagram.assign(kHeaderSize, 0x54);
  EXPECT_FALSE(LooksLikeDisco(datagram));
}

// Any message survives Encode and Parse.
Message RandomMessage(Rng& rng) {
  TxId txid = NewTxId(rng);
  std::array<uint8_t, 32> raw{};
  rng.Fill(raw);
  std::vector<net::Endpoint> endpoints;
  for (uint64_t n = rng.Below(kMaxEndpoints); n > 0; --n) {
    endpoints.emplace_back(net::IpAddress::V4(rng.U32()),
                           static_cast<uint16_t>(rng.U32()));
  }
  RelayEndpoint relay = TheRelayEndpoint();
  relay.lamport_id = rng.U64();
  relay.bind_lifetime = absl::Nanoseconds(static_cast<int64_t>(rng.U32()));
  relay.addresses.insert(relay.addresses.end(), endpoints.begin(),
                         endpoints.end());
  if (relay.addresses.size() > kMaxEndpoints) relay.addresses.pop_back();
  switch (rng.Below(6)) {
    case 0:
      return Ping{txid, crypto::NodeKey::FromBytes(raw),
                  static_cast<uint32_t>(rng.Below(2000))};
    case 1:
      return Pong{txid,
                  net::Endpoint(net::IpAddress::V6(std::span(raw).first<16>()),
                                static_cast<uint16_t>(rng.U32()))};
    case 2:
      return CallMeMaybe{endpoints};
    case 3:
      return Binding<BindRelayEndpointAnswer>(raw);
    case 4:
      return CallMeMaybeVia{relay};
    default:
      return AllocateRelayEndpointResponse{rng.U32(), relay};
  }
}

TEST(DiscoProperty, ParseUndoesEncode) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    const Message message = RandomMessage(rng);
    const auto parsed = Parse(Encode(message));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_TRUE(*parsed == message);
  }
}

// A ping that tailscale.com v1.102.5 sealed with our keys; its nonce is random.
TEST(DiscoDatagram, OpensWhatStockSoftwareSealed) {
  const auto datagram =
      Hex("5453f09f92ac79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846"
          "ec89af85a51a616d52f3cf75e5114a1bc106291f1760ef8816cbe4395dac9cb1"
          "65695c4c20dcdbc86cdda475509661bee3cd4be0cb9b2e7cd563bfe37c08894d"
          "458a4ccca7c776ccb16fe914a6fc88292e08593b5eb231a267889362");
  EXPECT_EQ(SenderOf(datagram), DiscoA().public_key());
  const auto shared =
      crypto::BoxSharedKey::Create(DiscoB(), DiscoA().public_key());
  const auto opened = Open(datagram, *shared);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, Message(Ping{TheTxId(), NodeA()}));
}

}  // namespace
}  // namespace warren::disco
