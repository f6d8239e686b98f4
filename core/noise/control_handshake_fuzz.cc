#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/noise/control_handshake.h"

// The input as an initiation and as a response. The keys are those of the
// specification's vector, so that the corpus gets through.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using warren::Bytes;
  using warren::crypto::MachinePrivateKey;

  const auto key_of = [](uint8_t byte) {
    std::array<uint8_t, 32> bytes;
    bytes.fill(byte);
    return MachinePrivateKey::FromBytes(bytes);
  };
  static const MachinePrivateKey server = key_of(0x11);
  static const MachinePrivateKey machine = key_of(0x22);
  const Bytes input(data, size);
  warren::SeededRng rng(1);

  const auto accepted = warren::noise::ReadInitiation(server, input, rng);
  if (accepted.ok()) WARREN_CHECK(size == warren::noise::kInitiationSize);

  const auto frame_size = warren::noise::HandshakeFrameSize(input);
  WARREN_CHECK(!frame_size.ok() || !*frame_size ||
               **frame_size <= warren::noise::kMaxFrameSize);
  static const auto initiator = *warren::noise::IkInitiator::Start(
      machine, server.public_key(), 145, rng);
  const auto transport = initiator.ReadResponse(input);
  if (transport.ok()) WARREN_CHECK(size == warren::noise::kResponseSize);
  return 0;
}
