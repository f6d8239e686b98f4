#include "core/noise/control_handshake.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hex.h"
#include "gtest/gtest.h"

namespace warren::noise {
namespace {

using crypto::MachineKey;
using crypto::MachinePrivateKey;

// Always the same byte: makes the ephemeral keys of the vector.
class OneByteRng final : public Rng {
 public:
  explicit OneByteRng(uint8_t byte) : byte_(byte) {}
  void Fill(MutableBytes out) override { std::ranges::fill(out, byte_); }

 private:
  uint8_t byte_;
};

MachinePrivateKey KeyOf(uint8_t byte) {
  std::array<uint8_t, 32> bytes;
  bytes.fill(byte);
  return MachinePrivateKey::FromBytes(bytes);
}

// The parties of ts2021 §1.8.
class ControlHandshake : public ::testing::Test {
 protected:
  IkInitiator Initiator(const MachineKey& server) {
    OneByteRng rng(0x33);
    return *IkInitiator::Start(machine_, server, 145, rng);
  }
  absl::StatusOr<AcceptedInitiation> Answer(Bytes initiation) {
    OneByteRng rng(0x44);
    return ReadInitiation(server_, initiation, rng);
  }

  const MachinePrivateKey server_ = KeyOf(0x11);
  const MachinePrivateKey machine_ = KeyOf(0x22);
  const IkInitiator initiator_ = Initiator(server_.public_key());
};

std::vector<uint8_t> Sealed(RecordSealer& sealer, absl::string_view text) {
  std::vector<uint8_t> frames;
  EXPECT_TRUE(sealer.Seal(AsBytes(text), frames).ok());
  return frames;
}

TEST_F(ControlHandshake, SendsTheBytesOfTheSpecification) {
  EXPECT_EQ(ToHex(initiator_.initiation()),
            "0091010060"
            "7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14"
            "b903b541e3810f9a9f788541f1d8f2ec482568e39b9f0f56a9f4a7a56450f31a"
            "9dc60bcb4e75254359f9460a6bc3abd2a01b3a2deff662afe0b9497becb6a113");
  const auto accepted = Answer(initiator_.initiation());
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->machine, machine_.public_key());
  EXPECT_EQ(accepted->version, 145);
  EXPECT_EQ(ToHex(accepted->response),
            "020030"
            "ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b"
            "b724869747b9edde7346ebd00e8c83be");
}

TEST_F(ControlHandshake, SealsTheRecordsOfTheSpecification) {
  auto accepted = Answer(initiator_.initiation());
  auto client = initiator_.ReadResponse(accepted->response);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(ToHex(Sealed(client->sealer, "hello")),
            "04001514a9f922c148802d01a653ad5bc589a481c5458acc");
  EXPECT_EQ(ToHex(Sealed(client->sealer, "hello")),
            "0400152383fda3ae9709b771c7e70e177f2d20b9151658f9");
  EXPECT_EQ(ToHex(Sealed(accepted->transport.sealer, "hello")),
            "0400159f21fcc5ff6d62c30f202a451b042053172347c44a");
}

TEST_F(ControlHandshake, CarriesDataBothWays) {
  auto accepted = Answer(initiator_.initiation());
  auto client = initiator_.ReadResponse(accepted->response);
  Transport& server = accepted->transport;
  std::vector<uint8_t> at_server, at_client;
  ASSERT_TRUE(server.reader.Read(Sealed(client->sealer, "up"), at_server).ok());
  ASSERT_TRUE(
      client->reader.Read(Sealed(server.sealer, "down"), at_client).ok());
  EXPECT_EQ(AsText(at_server), "up");
  EXPECT_EQ(AsText(at_client), "down");
}

TEST_F(ControlHandshake, GivesBothEndsOneTokenPerChannel) {
  auto first = Answer(initiator_.initiation());
  auto client = initiator_.ReadResponse(first->response);
  const auto token = first->transport.channel_token.Expose();
  EXPECT_EQ(ToHex(client->channel_token.Expose()), ToHex(token));
  // A replay of the same initiation gives another channel, another token.
  OneByteRng rng(0x45);
  auto second = ReadInitiation(server_, initiator_.initiation(), rng);
  EXPECT_NE(ToHex(second->transport.channel_token.Expose()), ToHex(token));
}

TEST_F(ControlHandshake, RefusesAChangeOfAnyByteOfTheInitiation) {
  const auto& good = initiator_.initiation();
  for (size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 1;
    const bool header = i >= 2 && i < 5;
    EXPECT_EQ(Answer(bad).status().code(),
              header ? absl::StatusCode::kInvalidArgument
                     : absl::StatusCode::kUnauthenticated)
        << i;
    EXPECT_EQ(Answer(Bytes(good).first(i)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << i;
  }
}

TEST_F(ControlHandshake, RefusesAChangeOfAnyByteOfTheResponse) {
  const auto good = Answer(initiator_.initiation())->response;
  for (size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(initiator_.ReadResponse(bad).ok()) << i;
    EXPECT_FALSE(initiator_.ReadResponse(Bytes(good).first(i)).ok()) << i;
  }
  EXPECT_TRUE(initiator_.ReadResponse(good).ok());
}

TEST_F(ControlHandshake, RefusesAnInitiationForAnotherServer) {
  const auto other = Initiator(KeyOf(0x55).public_key());
  EXPECT_EQ(Answer(other.initiation()).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(ControlHandshake, RefusesKeysOfLowOrder) {
  OneByteRng rng(0x33);
  EXPECT_EQ(
      IkInitiator::Start(machine_, MachineKey(), 145, rng).status().code(),
      absl::StatusCode::kInvalidArgument);
  auto initiation = initiator_.initiation();
  std::fill_n(initiation.begin() + 5, 32, uint8_t{0});
  EXPECT_EQ(Answer(initiation).status().code(),
            absl::StatusCode::kUnauthenticated);
  auto response = Answer(initiator_.initiation())->response;
  std::fill_n(response.begin() + 3, 32, uint8_t{0});
  EXPECT_EQ(initiator_.ReadResponse(response).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(ControlHandshake, ReportsTheServersRefusalInPrintableForm) {
  const auto status =
      initiator_.ReadResponse(ErrorFrame("no\n\x1b[31mway")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("no??[31mway"), absl::string_view::npos);
}

TEST(HandshakeFrameSize, IsTheWholeFrameOnceTheHeaderIsThere) {
  const auto frame = ErrorFrame("busy");
  EXPECT_EQ(*HandshakeFrameSize(Bytes(frame).first(2)), std::nullopt);
  EXPECT_EQ(*HandshakeFrameSize(Bytes(frame).first(3)), frame.size());
  const std::vector<uint8_t> largest = {3, 0x0f, 0xfd},
                             larger = {3, 0x0f, 0xfe};
  EXPECT_EQ(*HandshakeFrameSize(largest), kMaxFrameSize);
  EXPECT_FALSE(HandshakeFrameSize(larger).ok());
  EXPECT_EQ(ErrorFrame(std::string(70000, 'x')).size(), kMaxFrameSize);
}

}  // namespace
}  // namespace warren::noise
