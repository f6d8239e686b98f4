#include "control/identity/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"

namespace warren::control {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr size_t kMemory = 64 * 1024 * 1024;

// Of 12 characters or more, from lists of what people choose most.
constexpr const char* kUsual[] = {
    "123456789012",
    "1234567890123",
    "1qaz2wsx3edc4rfv",
    "qwertyuiop123",
    "qwertyuiop[]",
    "password1234",
    "password12345",
    "passwordpassword",
    "administrator",
    "administrator1",
    "letmeinletmein",
    "iloveyou1234",
    "correcthorsebatterystaple",
    "changemechangeme",
    "qwertyuiopasdfghjkl",
    "asdfghjkl123",
    "unbelievable",
    "abcdefghijkl",
    "abcdefghijklmnop",
    "welcome12345",
    "admin12345678",
    "qwerty123456",
    "asdfasdfasdf",
    "qwerqwerqwer",
    "111222333444",
    "password!234",
    "p@ssw0rd1234",
    "zxcvbnm123456",
    "superman1234",
    "football1234",
};

// "aaaaaaaaaaaa", "123456789012", "abababababab".
bool IsMonotone(absl::string_view text) {
  const std::string chars(text);
  for (const size_t period : {1u, 2u, 3u, 4u}) {
    bool repeats = true;
    for (size_t i = period; i < chars.size() && repeats; ++i) {
      repeats = chars[i] == chars[i - period];
    }
    if (repeats) return true;
  }
  return false;
}

}  // namespace

absl::Status CheckNewPassword(absl::string_view password,
                              absl::string_view login) {
  if (password.size() < kMinPassword) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the password is too short: at least ", kMinPassword, " characters"));
  }
  if (password.size() > kMaxPassword) {
    return absl::InvalidArgumentError(
        absl::StrCat("the password is over ", kMaxPassword, " bytes"));
  }
  const std::string lower = absl::AsciiStrToLower(password);
  if (IsMonotone(lower) ||
      std::ranges::find(kUsual, lower) != std::end(kUsual)) {
    return absl::InvalidArgumentError(
        "the password is one of the first that are guessed");
  }
  const std::string name = absl::AsciiStrToLower(login);
  if (name.size() >= 4 && lower.size() < name.size() + 8 &&
      absl::StrContains(lower, name)) {
    return absl::InvalidArgumentError(
        "the password is little more than the login");
  }
  return absl::OkStatus();
}

// One of the kAtOnce places, while it exists.
class PasswordHasher::Turn {
 public:
  explicit Turn(PasswordHasher& hasher) : hasher_(hasher) {
    absl::MutexLock lock(&hasher_.mutex_);
    hasher_.mutex_.Await(absl::Condition(&hasher_, &PasswordHasher::HasRoom));
    ++hasher_.running_;
  }
  ~Turn() {
    absl::MutexLock lock(&hasher_.mutex_);
    --hasher_.running_;
  }

 private:
  PasswordHasher& hasher_;
};

PasswordHasher::PasswordHasher() {
  WARREN_CHECK(sodium_init() >= 0);
  std::array<char, 32> random;
  randombytes_buf(random.data(), random.size());
  nobodys_ = Hash(absl::string_view(random.data(), random.size()));
}

std::string PasswordHasher::Hash(absl::string_view password) {
  const Turn turn(*this);
  std::array<char, crypto_pwhash_STRBYTES> out;
  // Fails only without memory.
  WARREN_CHECK(crypto_pwhash_str_alg(out.data(), password.data(),
                                     password.size(), kPasses, kMemory,
                                     crypto_pwhash_ALG_ARGON2ID13) == 0);
  return std::string(out.data());
}

bool PasswordHasher::Matches(absl::string_view hash,
                             absl::string_view password) {
  const Turn turn(*this);
  const bool usable =
      absl::StartsWith(hash, "$argon2id$") && password.size() <= kMaxPassword;
  const std::string against = usable ? std::string(hash) : nobodys_;
  const absl::string_view tried = password.substr(0, kMaxPassword);
  const bool matches = crypto_pwhash_str_verify(against.c_str(), tried.data(),
                                                tried.size()) == 0;
  return matches && usable;
}

}  // namespace warren::control
