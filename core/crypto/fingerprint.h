#ifndef WARREN_CORE_CRYPTO_FINGERPRINT_H_
#define WARREN_CORE_CRYPTO_FINGERPRINT_H_

#include <string>

#include "core/crypto/keys.h"

namespace warren::crypto {

// What people compare by eye, on a device and on a page about it: the first 8
// bytes of BLAKE2s-256 of the key, "a1b2-c3d4-e5f6-0718".
std::string Fingerprint(const MachineKey& key);

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_FINGERPRINT_H_
