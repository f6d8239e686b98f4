#include "control/identity/totp.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/crypto/digest.h"
#include "core/crypto/secret.h"
#include "io/web_form.h"

namespace warren::control {
namespace {

constexpr uint32_t kModulus = 1'000'000;  // 6 digits
constexpr char kBase32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr char kCodeAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kCodeSize = 16;  // 5 bits each

}  // namespace

std::string MakeTotpSecret(Rng& rng) {
  std::array<uint8_t, kTotpSecretSize> secret;
  rng.Fill(secret);
  return std::string(AsText(secret));
}

std::string TotpCode(absl::string_view secret, int64_t step) {
  std::array<uint8_t, 8> counter;
  for (size_t i = 0; i < counter.size(); ++i) {
    counter[i] = static_cast<uint8_t>(static_cast<uint64_t>(step) >>
                                      (8 * (counter.size() - 1 - i)));
  }
  const std::vector<uint8_t> mac =
      crypto::Hmac(crypto::Hash::kSha1, AsBytes(secret), counter);
  const size_t offset = mac.back() & 0x0f;  // RFC 4226 §5.3
  const uint32_t number = LoadBe32(mac.data() + offset) & 0x7fffffff;
  return absl::StrFormat("%06d", number % kModulus);
}

std::optional<int64_t> MatchTotp(absl::string_view secret,
                                 absl::string_view typed, int64_t unix_seconds,
                                 int64_t last_step) {
  const std::string code = absl::StrReplaceAll(typed, {{" ", ""}});
  const int64_t now = unix_seconds / kTotpStepSeconds;
  for (const int64_t step : {now - 1, now, now + 1}) {
    if (step > last_step &&
        crypto::ConstantTimeEqual(AsBytes(TotpCode(secret, step)),
                                  AsBytes(code))) {
      return step;
    }
  }
  return std::nullopt;
}

std::string TotpUri(absl::string_view secret, absl::string_view issuer,
                    absl::string_view login) {
  return absl::StrCat("otpauth://totp/", io::PercentEncode(issuer), ":",
                      io::PercentEncode(login), "?secret=", Base32(secret),
                      "&issuer=", io::PercentEncode(issuer));
}

std::string Base32(absl::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    num_bits += 8;
    while (num_bits >= 5) {
      num_bits -= 5;
      out.push_back(kBase32[(bits >> num_bits) & 31]);
    }
  }
  if (num_bits > 0) out.push_back(kBase32[(bits << (5 - num_bits)) & 31]);
  return out;
}

std::vector<std::string> MakeRecoveryCodes(Rng& rng) {
  std::vector<std::string> codes(kRecoveryCodes);
  for (std::string& code : codes) {
    for (size_t i = 0; i < kCodeSize; ++i) {
      if (i % 4 == 0 && i > 0) code.push_back('-');
      code.push_back(kCodeAlphabet[rng.Below(32)]);
    }
  }
  return codes;
}

std::string TidyRecoveryCode(absl::string_view typed) {
  std::string tidy = absl::AsciiStrToLower(typed);
  std::erase_if(tidy, [](char c) { return c == ' ' || c == '-'; });
  return tidy;
}

}  // namespace warren::control
