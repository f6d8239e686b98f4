#include "core/crypto/fingerprint.h"

#include <array>

#include "core/base/hex.h"
#include "core/crypto/blake2s.h"

namespace warren::crypto {

std::string Fingerprint(const MachineKey& key) {
  std::array<uint8_t, 32> hash;
  Blake2s({}, hash.size()).Update(key.bytes()).Finish(hash);
  std::string text;
  for (size_t i = 0; i < 8; i += 2) {
    if (i > 0) text += '-';
    text += ToHex(Bytes(hash).subspan(i, 2));
  }
  return text;
}

}  // namespace warren::crypto
