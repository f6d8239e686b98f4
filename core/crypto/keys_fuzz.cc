#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/crypto/keys.h"

// Whatever parses prints back as the same key.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using warren::crypto::DiscoKey;
  using warren::crypto::MachineKey;
  using warren::crypto::NodeKey;
  using warren::crypto::NodePrivateKey;

  const absl::string_view text = warren::AsText({data, size});
  if (const auto key = NodeKey::Parse(text); key.ok()) {
    WARREN_CHECK(NodeKey::Parse(key->ToString()) == key);
  }
  if (const auto key = DiscoKey::Parse(text); key.ok()) {
    WARREN_CHECK(DiscoKey::Parse(key->ToString()) == key);
  }
  if (const auto key = MachineKey::ParseHex(text); key.ok()) {
    WARREN_CHECK(MachineKey::ParseHex(key->ToHex()) == key);
  }
  if (const auto key = NodePrivateKey::Parse(text); key.ok()) {
    WARREN_CHECK(key->ExposeText().size() == text.size());
  }
  return 0;
}
