#include "core/noise/symmetric_state.h"

#include <array>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "gtest/gtest.h"

namespace warren::noise {
namespace {

using crypto::NodeKey;
using crypto::NodePrivateKey;

constexpr char kIkPsk2[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
constexpr char kIk[] = "Noise_IK_25519_ChaChaPoly_BLAKE2s";

// Debian's golang-github-flynn-noise-dev: name=value lines, a blank line
// between vectors, values in hex.
constexpr char kFlynnVectors[] =
    "/usr/share/gocode/src/github.com/flynn/noise/vectors.txt";

using Vector = std::map<std::string, std::string>;

std::vector<Vector> ReadVectors(std::istream& file) {
  std::vector<Vector> all(1);
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (line.empty()) {
      all.emplace_back();
    } else if (equals != std::string::npos) {
      all.back()[line.substr(0, equals)] = line.substr(equals + 1);
    }
  }
  return all;
}

NodePrivateKey Key(const std::string& hex) {
  return *NodePrivateKey::Parse("privkey:" + hex);
}

std::vector<uint8_t> Seal(SymmetricState& state, Bytes plain) {
  std::vector<uint8_t> sealed(plain.size() + kTagSize);
  state.EncryptAndHash(plain, sealed);
  return sealed;
}

std::string Open(SymmetricState& state, Bytes sealed) {
  std::vector<uint8_t> plain(sealed.size() - kTagSize);
  if (!state.DecryptAndHash(sealed, plain)) return "not authentic";
  return ToHex(plain);
}

// One IK or IKpsk2 handshake of a vector, both sides at once, then the
// transport messages.
class Handshake {
 public:
  explicit Handshake(Vector v)
      : v_(std::move(v)), psk_(v_.count("preshared_key") > 0) {
    for (SymmetricState* state : {&initiator_, &responder_}) {
      state->MixHash(*ParseHex(v_["prologue"]));
      state->MixHash(rs_.public_key().bytes());
    }
  }

  void Run() {
    First();
    Second();
    EXPECT_EQ(initiator_.hash(), responder_.hash());
    const SplitKeys keys = initiator_.Split();
    Transport(2, keys.from_initiator);
    Transport(3, keys.from_responder);
  }

 private:
  std::string Get(int message, const char* what) {
    return v_[absl::StrCat("msg_", message, "_", what)];
  }
  void MixEphemeral(const NodeKey& key) {
    for (SymmetricState* state : {&initiator_, &responder_}) {
      state->MixHash(key.bytes());
      if (psk_) state->MixKey(key.bytes());
    }
  }
  void First() {  // e, es, s, ss
    const auto payload = *ParseHex(Get(0, "payload"));
    MixEphemeral(ie_.public_key());
    ASSERT_TRUE(initiator_.MixDh(ie_, rs_.public_key()));
    const auto s = Seal(initiator_, is_.public_key().bytes());
    ASSERT_TRUE(initiator_.MixDh(is_, rs_.public_key()));
    const auto sealed = Seal(initiator_, payload);
    EXPECT_EQ(ie_.public_key().ToHex() + ToHex(s) + ToHex(sealed),
              Get(0, "ciphertext"));
    ASSERT_TRUE(responder_.MixDh(rs_, ie_.public_key()));
    EXPECT_EQ(Open(responder_, s), is_.public_key().ToHex());
    ASSERT_TRUE(responder_.MixDh(rs_, is_.public_key()));
    EXPECT_EQ(Open(responder_, sealed), Get(0, "payload"));
  }
  void Second() {  // e, ee, se, and psk
    MixEphemeral(re_.public_key());
    ASSERT_TRUE(responder_.MixDh(re_, ie_.public_key()));
    ASSERT_TRUE(responder_.MixDh(re_, is_.public_key()));
    ASSERT_TRUE(initiator_.MixDh(ie_, re_.public_key()));
    ASSERT_TRUE(initiator_.MixDh(is_, re_.public_key()));
    if (psk_) {
      const auto psk = Key(v_["preshared_key"]);
      initiator_.MixKeyAndHash(crypto::PresharedKey(psk.Expose()));
      responder_.MixKeyAndHash(crypto::PresharedKey(psk.Expose()));
    }
    const auto sealed = Seal(responder_, *ParseHex(Get(1, "payload")));
    EXPECT_EQ(re_.public_key().ToHex() + ToHex(sealed), Get(1, "ciphertext"));
    EXPECT_EQ(Open(initiator_, sealed), Get(1, "payload"));
  }
  void Transport(int message, const crypto::SymmetricKey& key) {
    auto data = *ParseHex(Get(message, "payload"));
    const size_t size = data.size();
    data.resize(size + kTagSize);
    crypto::AeadKey(key.Expose()).Seal(0, {}, data.data(), size);
    EXPECT_EQ(ToHex(data), Get(message, "ciphertext"));
  }

  Vector v_;
  bool psk_;
  SymmetricState initiator_{v_["handshake"]};
  SymmetricState responder_{v_["handshake"]};
  NodePrivateKey is_ = Key(v_["init_static"]);
  NodePrivateKey rs_ = Key(v_["resp_static"]);
  NodePrivateKey ie_ = Key(v_["gen_init_ephemeral"]);
  NodePrivateKey re_ = Key(v_["gen_resp_ephemeral"]);
};

TEST(SymmetricState, PassesTheVectorsOfFlynnNoise) {
  std::ifstream file(kFlynnVectors);
  if (!file) GTEST_SKIP() << "golang-github-flynn-noise-dev is not installed";
  std::map<std::string, int> num_run;
  for (const Vector& vector : ReadVectors(file)) {
    const auto name = vector.find("handshake");
    if (name == vector.end()) continue;
    if (name->second != kIk && name->second != kIkPsk2) continue;
    SCOPED_TRACE(absl::StrCat(name->second, " number ", num_run[name->second]));
    Handshake(vector).Run();
    ++num_run[name->second];
  }
  EXPECT_EQ(num_run[kIk], 4);
  EXPECT_EQ(num_run[kIkPsk2], 4);
}

// whitepaper §5.4.2; the values are of the data plane specification §9.12.
TEST(SymmetricState, BeginsAsWireGuardDoes) {
  SymmetricState state(kIkPsk2);
  state.MixHash(AsBytes("WireGuard v1 zx2c4 Jason@zx2c4.com"));
  EXPECT_EQ(ToHex(state.hash()),
            "2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3");
}

TEST(SymmetricState, PadsAShortNameInsteadOfHashingIt) {
  EXPECT_EQ(ToHex(SymmetricState("Noise").hash()),
            ToHex(AsBytes("Noise")) + std::string(54, '0'));
}

TEST(SymmetricState, ABadMessageLeavesItAsItWas) {
  SymmetricState alice(kIk), bob(kIk);
  alice.MixKey(AsBytes("secret"));
  bob.MixKey(AsBytes("secret"));
  const auto good = Seal(alice, AsBytes("text"));
  auto bad = good;
  bad[0] ^= 1;
  EXPECT_EQ(Open(bob, bad), "not authentic");
  std::array<uint8_t, 4> none;
  EXPECT_FALSE(bob.DecryptAndHash(Bytes(good).first(15), {}));
  EXPECT_FALSE(bob.MixDh(Key(std::string(64, '1')), NodeKey()));
  EXPECT_TRUE(bob.DecryptAndHash(good, none));
  EXPECT_EQ(AsText(none), "text");
  EXPECT_EQ(alice.hash(), bob.hash());
  EXPECT_EQ(ToHex(Seal(alice, {})), ToHex(Seal(bob, {})));  // Nonce 1.
}

TEST(SymmetricState, ExportsDependOnLabelAndTranscript) {
  SymmetricState state(kIk);
  const std::string one = ToHex(state.Export("one").Expose());
  EXPECT_EQ(ToHex(state.Clone().Export("one").Expose()), one);
  EXPECT_NE(ToHex(state.Export("two").Expose()), one);
  EXPECT_NE(ToHex(state.Split().from_initiator.Expose()), one);
  state.MixHash(AsBytes("more"));
  EXPECT_NE(ToHex(state.Export("one").Expose()), one);
}

}  // namespace
}  // namespace warren::noise
