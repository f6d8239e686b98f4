#include "control/identity/passkey.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "control/identity/cose_key.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"
#include "core/crypto/digest.h"
#include "core/crypto/secret.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

// Authenticator data, §6.1:
//
//   offset  size  field
//   0       32    SHA-256 of the server's id
//   32      1     flags
//   33      4     sign count
//   37      16    make of the authenticator  \.
//   53      2     n                           | with kHasKey
//   55      n     credential id               |
//   55+n    -     public key, COSE           /
constexpr size_t kFlagsAt = 32, kCountAt = 33, kShortSize = 37;
constexpr size_t kIdSizeAt = 53, kIdAt = 55;
constexpr uint8_t kUserPresent = 0x01, kUserVerified = 0x04, kHasKey = 0x40;
constexpr size_t kMaxClientData = 4096;
constexpr size_t kMaxObject = 64 * 1024;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("passkey: ", what));
}

std::string TextOf(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

// §5.8.1. `type`: "webauthn.create" or "webauthn.get".
absl::Status CheckClientData(const PasskeyExpectation& expected,
                             absl::string_view text, const char* type) {
  if (text.size() > kMaxClientData) return Wrong("the client data is too big");
  const auto json =
      nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) return Wrong("the client data is malformed");
  if (TextOf(json, "type") != type) return Wrong("it is for another purpose");
  const std::string challenge = ToBase64Url(AsBytes(expected.challenge));
  if (expected.challenge.empty() ||
      !crypto::ConstantTimeEqual(AsBytes(TextOf(json, "challenge")),
                                 AsBytes(challenge))) {
    return Wrong("it answers another challenge");
  }
  if (TextOf(json, "origin") != expected.origin) {
    return Wrong("it was made on another site");
  }
  const auto cross = json.find("crossOrigin");
  if (cross != json.end() && *cross != false) {
    return Wrong("it was made inside another site");
  }
  return absl::OkStatus();
}

absl::Status CheckAuthenticatorData(const PasskeyExpectation& expected,
                                    Bytes data) {
  if (data.size() < kShortSize) {
    return Wrong("the authenticator's data is too short");
  }
  const auto hash = crypto::Sha256(AsBytes(expected.rp_id));
  if (!crypto::ConstantTimeEqual(data.first(hash.size()), hash)) {
    return Wrong("it is for another server");
  }
  if ((data[kFlagsAt] & kUserPresent) == 0) return Wrong("nobody was there");
  if ((data[kFlagsAt] & kUserVerified) == 0) {
    return Wrong("the authenticator did not check who used it");
  }
  return absl::OkStatus();
}

// The bytes "authData" of an attestation object.
absl::StatusOr<std::vector<uint8_t>> AuthDataOf(absl::string_view object) {
  if (object.size() > kMaxObject) return Wrong("the answer is too big");
  const auto cbor = nlohmann::json::from_cbor(object.begin(), object.end(),
                                              /*strict=*/true,
                                              /*allow_exceptions=*/false);
  if (!cbor.is_object() || !cbor.contains("authData") ||
      !cbor["authData"].is_binary()) {
    return Wrong("the attestation object is malformed");
  }
  return std::vector<uint8_t>(cbor["authData"].get_binary());
}

}  // namespace

absl::StatusOr<NewPasskey> CheckRegistration(
    const PasskeyExpectation& expected, absl::string_view client_data_json,
    absl::string_view attestation_object) {
  WARREN_RETURN_IF_ERROR(
      CheckClientData(expected, client_data_json, "webauthn.create"));
  WARREN_ASSIGN_OR_RETURN(const std::vector<uint8_t> owned,
                          AuthDataOf(attestation_object));
  const Bytes data = owned;
  WARREN_RETURN_IF_ERROR(CheckAuthenticatorData(expected, data));
  if ((data[kFlagsAt] & kHasKey) == 0 || data.size() < kIdAt) {
    return Wrong("there is no key in it");
  }
  const size_t id_size = LoadBe16(data.data() + kIdSizeAt);
  if (id_size == 0 || id_size > kMaxCredentialId ||
      id_size > data.size() - kIdAt) {
    return Wrong("its id is malformed");
  }
  const Bytes rest = data.subspan(kIdAt + id_size);
  WARREN_ASSIGN_OR_RETURN(const CoseKey key, ReadCoseKey(rest));
  NewPasskey passkey;
  passkey.credential_id = std::string(AsText(data.subspan(kIdAt, id_size)));
  passkey.public_key = std::string(AsText(rest.first(key.size)));
  passkey.sign_count = LoadBe32(data.data() + kCountAt);
  return passkey;
}

absl::StatusOr<uint32_t> CheckAssertion(const PasskeyExpectation& expected,
                                        absl::string_view public_key,
                                        absl::string_view client_data_json,
                                        absl::string_view authenticator_data,
                                        absl::string_view signature) {
  const Bytes data = AsBytes(authenticator_data);
  absl::Status good =
      CheckClientData(expected, client_data_json, "webauthn.get");
  good.Update(CheckAuthenticatorData(expected, data));
  if (!good.ok()) return absl::UnauthenticatedError(good.message());
  WARREN_ASSIGN_OR_RETURN(const CoseKey key, ReadCoseKey(AsBytes(public_key)));
  std::vector<uint8_t> message(data.begin(), data.end());
  const auto hash = crypto::Sha256(AsBytes(client_data_json));
  message.insert(message.end(), hash.begin(), hash.end());
  std::vector<uint8_t> raw(signature.begin(), signature.end());
  if (key.algorithm == crypto::SignatureAlgorithm::kEs256) {
    raw = crypto::EcdsaFromDer(crypto::Curve::kP256, raw)
              .value_or(std::vector<uint8_t>());
  }
  if (!key.key.Verify(key.algorithm, message, raw)) {
    return absl::UnauthenticatedError("passkey: the signature is wrong");
  }
  return LoadBe32(data.data() + kCountAt);
}

}  // namespace warren::control
