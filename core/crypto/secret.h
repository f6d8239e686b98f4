#ifndef WARREN_CORE_CRYPTO_SECRET_H_
#define WARREN_CORE_CRYPTO_SECRET_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>

#include "core/base/bytes.h"

namespace warren::crypto {

// Overwrites `bytes` with zeros in a way the compiler may not remove.
void Wipe(MutableBytes bytes);

// Whether `a` and `b` are equal, in a time that depends on their sizes only.
bool ConstantTimeEqual(Bytes a, Bytes b);

// N secret bytes, wiped on destruction and when moved from. It cannot be
// copied, compared with ==, hashed or printed: each is how a key leaks. `Tag`
// makes secrets of different kinds different types.
template <class Tag, size_t N>
class Secret {
 public:
  static constexpr size_t kSize = N;

  // All zeros.
  Secret() = default;
  explicit Secret(std::span<const uint8_t, N> bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  ~Secret() { Wipe(bytes_); }

  // A second copy, to be wiped like the first. Named so that a reviewer can
  // search for every place where a secret multiplies.
  Secret Clone() const { return Secret(Expose()); }

  // Named so that a reviewer can search for every use of the raw bytes.
  std::span<const uint8_t, N> Expose() const { return bytes_; }
  // For a function that fills the secret in place.
  std::span<uint8_t, N> ExposeMutable() { return bytes_; }

  // Whether every byte is 0, in constant time.
  bool IsZero() const {
    static constexpr std::array<uint8_t, N> kZeros{};
    return ConstantTimeEqual(bytes_, kZeros);
  }

  bool operator==(const Secret&) const = delete;  // Use ConstantTimeEqual().
  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  std::array<uint8_t, N> bytes_{};
};

// A key for a cipher or a MAC, or an output of a KDF.
using SymmetricKey = Secret<struct SymmetricKeyTag, 32>;
// What X25519 agreed on. Not uniform: feed it to a KDF, never use it as a key.
using SharedSecret = Secret<struct SharedSecretTag, 32>;
// WireGuard's optional extra secret of a pair of nodes. All zeros: none.
using PresharedKey = Secret<struct PresharedKeyTag, 32>;

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_SECRET_H_
