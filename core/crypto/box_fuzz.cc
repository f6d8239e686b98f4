#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/crypto/box.h"

// The first 32 bytes are a peer's public key, the rest a box from it. Nobody
// without our key can make one that opens.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using warren::Bytes;
  using warren::crypto::BoxSharedKey;
  using warren::crypto::DiscoKey;
  using warren::crypto::DiscoPrivateKey;

  if (size < DiscoKey::kSize) return 0;
  const Bytes input(data, size);
  warren::SeededRng rng(1);
  const auto mine = DiscoPrivateKey::Generate(rng);
  const auto theirs = DiscoKey::FromBytes(input.first<DiscoKey::kSize>());
  const auto key = BoxSharedKey::Create(mine, theirs);
  if (!key) return 0;
  const Bytes message = input.subspan(DiscoKey::kSize);
  (void)key->Open(message);
  const auto opened = key->Open(key->Seal(rng, message));
  WARREN_CHECK(opened && std::ranges::equal(*opened, message));
  return 0;
}
