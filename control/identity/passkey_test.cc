#include "control/identity/passkey.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/base64url.h"
#include "core/base/bytes.h"
#include "core/crypto/digest.h"
#include "core/crypto/test_signer.h"

namespace warren::control {
namespace {

using crypto::SignatureAlgorithm;
using crypto::TestSigner;
using ByteVector = std::vector<uint8_t>;

const PasskeyExpectation kExpected = {"control.example",
                                      "https://control.example",
                                      "a challenge of 32 random bytes.."};

std::string Text(const ByteVector& bytes) { return std::string(AsText(bytes)); }

// CBOR by hand: what an authenticator writes.
void AddHead(int type, size_t size, ByteWriter& out) {
  const auto major = static_cast<uint8_t>(type << 5);
  if (size < 24) {
    out.U8(static_cast<uint8_t>(major | size));
  } else {
    out.U8(major | 25).U16(static_cast<uint16_t>(size));
  }
}
void AddText(absl::string_view text, ByteWriter& out) {
  AddHead(3, text.size(), out);
  out.Append(AsBytes(text));
}
void AddBytes(Bytes bytes, ByteWriter& out) {
  AddHead(2, bytes.size(), out);
  out.Append(bytes);
}

// {1: type, 3: algorithm, ...}
ByteVector CoseEc(const TestSigner& signer) {
  ByteWriter out;
  out.U8(0xa5).U8(1).U8(2).U8(3).U8(0x26).U8(0x20).U8(1).U8(0x21);
  AddBytes(signer.first(), out);
  out.U8(0x22);
  AddBytes(signer.second(), out);
  return std::move(out).Take();
}
ByteVector CoseEd(const TestSigner& signer) {
  ByteWriter out;
  out.U8(0xa4).U8(1).U8(1).U8(3).U8(0x27).U8(0x20).U8(6).U8(0x21);
  AddBytes(signer.first(), out);
  return std::move(out).Take();
}
ByteVector CoseRsa(const TestSigner& signer) {
  ByteWriter out;
  out.U8(0xa4).U8(1).U8(3).U8(3).U8(0x39).U16(256).U8(0x20);
  AddBytes(signer.first(), out);
  out.U8(0x21);
  AddBytes(signer.second(), out);
  return std::move(out).Take();
}

// DER of r || s, as authenticators sign.
ByteVector ToDer(const ByteVector& raw) {
  ByteWriter body;
  for (const size_t at : {size_t{0}, size_t{32}}) {
    Bytes number = Bytes(raw).subspan(at, 32);
    while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
    const bool pad = number[0] >= 0x80;
    body.U8(2).U8(static_cast<uint8_t>(number.size() + (pad ? 1 : 0)));
    if (pad) body.U8(0);
    body.Append(number);
  }
  ByteWriter out;
  out.U8(0x30).U8(static_cast<uint8_t>(body.size())).Append(body.bytes());
  return std::move(out).Take();
}

struct Answer {
  std::string rp_id = "control.example";
  std::string origin = "https://control.example";
  std::string challenge = kExpected.challenge;
  std::string extra = "";  // in the client data
  uint8_t flags = 0x05;    // present, verified
  uint32_t count = 5;
};

std::string ClientData(const Answer& answer, const char* type) {
  return absl::StrCat("{\"type\":\"", type, "\",\"challenge\":\"",
                      ToBase64Url(AsBytes(answer.challenge)),
                      "\",\"origin\":\"", answer.origin, "\"", answer.extra,
                      "}");
}

ByteVector AuthData(const Answer& answer, const ByteVector& cose = {},
                    absl::string_view id = "credential") {
  ByteWriter out;
  out.Append(crypto::Sha256(AsBytes(answer.rp_id)));
  out.U8(static_cast<uint8_t>(answer.flags | (cose.empty() ? 0 : 0x40)));
  out.U32(answer.count);
  if (!cose.empty()) {
    out.Zeros(16).U16(static_cast<uint16_t>(id.size()));
    out.Append(AsBytes(id)).Append(cose);
  }
  return std::move(out).Take();
}

std::string Attestation(const ByteVector& auth_data) {
  ByteWriter out;
  out.U8(0xa3);
  AddText("fmt", out);
  AddText("none", out);
  AddText("attStmt", out);
  out.U8(0xa0);
  AddText("authData", out);
  AddBytes(auth_data, out);
  return Text(std::move(out).Take());
}

struct Kind {
  const char* name;
  std::function<TestSigner()> make;
  std::function<ByteVector(const TestSigner&)> cose;
  SignatureAlgorithm algorithm;
};

class PasskeyKindTest : public testing::TestWithParam<Kind> {};

TEST_P(PasskeyKindTest, RegistersAndSignsIn) {
  const TestSigner signer = GetParam().make();
  const Answer answer;
  const auto made =
      CheckRegistration(kExpected, ClientData(answer, "webauthn.create"),
                        Attestation(AuthData(answer, GetParam().cose(signer))));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->credential_id, "credential");
  EXPECT_EQ(made->sign_count, 5u);

  const std::string data = ClientData(answer, "webauthn.get");
  const ByteVector auth = AuthData(answer);
  ByteVector message = auth;
  const auto hash = crypto::Sha256(AsBytes(data));
  message.insert(message.end(), hash.begin(), hash.end());
  ByteVector signature = signer.Sign(GetParam().algorithm, message);
  if (GetParam().algorithm == SignatureAlgorithm::kEs256) {
    signature = ToDer(signature);
  }
  const auto check = [&](const std::string& client_data) {
    return CheckAssertion(kExpected, made->public_key, client_data, Text(auth),
                          Text(signature));
  };
  EXPECT_EQ(check(data).value(), 5u);
  // The same with a space more: signed was something else.
  EXPECT_EQ(check(data + " ").status().code(),
            absl::StatusCode::kUnauthenticated);
  signature.back() ^= 1;
  EXPECT_FALSE(check(data).ok());
}

INSTANTIATE_TEST_SUITE_P(, PasskeyKindTest,
                         testing::ValuesIn(std::vector<Kind>{
                             {"Es256", [] { return TestSigner::Ec(); }, CoseEc,
                              SignatureAlgorithm::kEs256},
                             {"EdDsa", [] { return TestSigner::Ed25519(); },
                              CoseEd, SignatureAlgorithm::kEdDsa},
                             {"Rs256", [] { return TestSigner::Rsa(); },
                              CoseRsa, SignatureAlgorithm::kRs256},
                         }),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

struct BadAnswer {
  const char* name;
  Answer answer;
  const char* says;
};

class BadPasskeyTest : public testing::TestWithParam<BadAnswer> {};

TEST_P(BadPasskeyTest, IsRefused) {
  const Answer& answer = GetParam().answer;
  const ByteVector cose = CoseEc(TestSigner::Ec());
  const auto made =
      CheckRegistration(kExpected, ClientData(answer, "webauthn.create"),
                        Attestation(AuthData(answer, cose)));
  EXPECT_NE(made.status().message().find(GetParam().says),
            absl::string_view::npos)
      << made.status();
  const auto used =
      CheckAssertion(kExpected, Text(cose), ClientData(answer, "webauthn.get"),
                     Text(AuthData(answer)), "signature");
  EXPECT_NE(used.status().message().find(GetParam().says),
            absl::string_view::npos)
      << used.status();
}

INSTANTIATE_TEST_SUITE_P(
    , BadPasskeyTest,
    testing::ValuesIn(std::vector<BadAnswer>{
        {"OtherServer", {.rp_id = "evil.example"}, "another server"},
        {"OtherOrigin", {.origin = "https://evil.example"}, "another site"},
        {"SubOrigin", {.origin = "https://a.control.example"}, "another site"},
        {"PlainHttp", {.origin = "http://control.example"}, "another site"},
        {"OtherChallenge", {.challenge = "old"}, "another challenge"},
        {"NoChallenge", {.challenge = ""}, "another challenge"},
        {"InAFrame", {.extra = ",\"crossOrigin\":true"}, "inside another site"},
        {"NobodyThere", {.flags = 0x04}, "nobody was there"},
        {"NobodyVerified", {.flags = 0x01}, "did not check"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Passkey, AnAnswerForOnePurposeIsNoneForTheOther) {
  const Answer answer;
  const ByteVector cose = CoseEc(TestSigner::Ec());
  EXPECT_FALSE(CheckRegistration(kExpected, ClientData(answer, "webauthn.get"),
                                 Attestation(AuthData(answer, cose)))
                   .ok());
}

TEST(Passkey, TruncatedAnswersAreRefused) {
  const Answer answer;
  const ByteVector cose = CoseEc(TestSigner::Ec());
  const std::string data = ClientData(answer, "webauthn.create");
  const ByteVector auth = AuthData(answer, cose);
  for (size_t size = 0; size < auth.size(); ++size) {
    EXPECT_FALSE(
        CheckRegistration(
            kExpected, data,
            Attestation(ByteVector(
                auth.begin(), auth.begin() + static_cast<ptrdiff_t>(size))))
            .ok())
        << size;
  }
  const std::string object = Attestation(auth);
  for (size_t size = 0; size < object.size(); ++size) {
    EXPECT_FALSE(
        CheckRegistration(kExpected, data, object.substr(0, size)).ok())
        << size;
  }
}

TEST(Passkey, KeysThatCannotBeCheckedAreRefused) {
  const Answer answer;
  const std::string data = ClientData(answer, "webauthn.create");
  ByteVector off_curve = CoseEc(TestSigner::Ec());
  off_curve.back() ^= 1;
  ByteVector other_algorithm = CoseEc(TestSigner::Ec());
  other_algorithm[4] = 0x27;  // EdDSA on P-256
  const ByteVector weak = CoseRsa(TestSigner::Rsa(1024));
  for (const ByteVector& cose :
       {off_curve, other_algorithm, weak, ByteVector{0xa0},
        ByteVector{0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        ByteVector{0xff}}) {
    EXPECT_FALSE(
        CheckRegistration(kExpected, data, Attestation(AuthData(answer, cose)))
            .ok());
  }
}

}  // namespace
}  // namespace warren::control
