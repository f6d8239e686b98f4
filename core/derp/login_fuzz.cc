#include <cstddef>
#include <cstdint>

#include "core/base/rng.h"
#include "core/crypto/box.h"
#include "core/derp/derp_test_keys.h"
#include "core/derp/login.h"

// Any bytes as a payload, and any bytes as the text inside a good box.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warren;
  static const auto* const kServer =
      new crypto::NodePrivateKey(derp::RelayServer());
  static const auto* const kClient = new crypto::NodePrivateKey(derp::NodeA());
  static const auto* const kShared = new crypto::BoxSharedKey(
      *crypto::BoxSharedKey::Create(*kClient, kServer->public_key()));
  const Bytes input(data, size);
  (void)derp::ParseServerKey(input);
  (void)derp::OpenClientInfo(input, *kServer);
  SeededRng rng(size);
  const auto box = kShared->Seal(rng, input);
  ByteWriter payload;
  payload.Append(kClient->public_key().bytes()).Append(box);
  (void)derp::OpenClientInfo(payload.bytes(), *kServer);
  (void)derp::OpenServerInfo(box, *kClient, kServer->public_key());
  (void)derp::KeyOfMetaCertificate(AsText(input), 2);
  return 0;
}
