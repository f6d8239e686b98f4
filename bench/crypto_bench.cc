// What one packet and one handshake cost in cryptography. `bytes_per_second`
// counts plaintext.
//
//   bazel run //bench:crypto_bench

#include <array>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/base/rng.h"
#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/x25519.h"
#include "core/noise/control_handshake.h"

namespace warren {
namespace {

using crypto::kAeadTagSize;
using crypto::MachinePrivateKey;

void CountBytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void AeadSeal(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  const crypto::AeadKey key{std::array<uint8_t, 32>{1}};
  std::vector<uint8_t> data(size + kAeadTagSize);
  uint64_t counter = 0;
  for (auto _ : state) {
    key.Seal(counter++, {}, data.data(), size);
    benchmark::ClobberMemory();
  }
  CountBytes(state);
}
BENCHMARK(AeadSeal)->Arg(64)->Arg(1420);

// Opening works in place, so each turn first copies the sealed bytes back:
// some 1% of the time.
void AeadOpen(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  const crypto::AeadKey key{std::array<uint8_t, 32>{1}};
  std::vector<uint8_t> sealed(size + kAeadTagSize);
  key.Seal(0, {}, sealed.data(), size);
  std::vector<uint8_t> data;
  for (auto _ : state) {
    data = sealed;
    if (!key.Open(0, {}, data.data(), data.size())) {
      state.SkipWithError("not authentic");
    }
  }
  CountBytes(state);
}
BENCHMARK(AeadOpen)->Arg(64)->Arg(1420);

void X25519Agree(benchmark::State& state) {
  SeededRng rng(1);
  const auto mine = MachinePrivateKey::Generate(rng);
  const auto theirs = MachinePrivateKey::Generate(rng).public_key();
  for (auto _ : state) {
    benchmark::DoNotOptimize(crypto::X25519(mine, theirs));
  }
}
BENCHMARK(X25519Agree);

void X25519Generate(benchmark::State& state) {
  SeededRng rng(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(MachinePrivateKey::Generate(rng));
  }
}
BENCHMARK(X25519Generate);

void Blake2s(benchmark::State& state) {
  const std::vector<uint8_t> data(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crypto::Blake2s256(data));
  CountBytes(state);
}
BENCHMARK(Blake2s)->Arg(64)->Arg(1420);

// mac1 of an initiation: what an unauthenticated flood costs us per packet.
void Blake2sMac116(benchmark::State& state) {
  const std::array<uint8_t, 32> key{1};
  const std::array<uint8_t, 116> message{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(crypto::Blake2sMac128(key, message));
  }
}
BENCHMARK(Blake2sMac116);

void Kdf2(benchmark::State& state) {
  const std::array<uint8_t, 32> key{1}, input{2};
  for (auto _ : state) benchmark::DoNotOptimize(crypto::Kdf2(key, input));
}
BENCHMARK(Kdf2);

// The control server's half: four agreements and one new key.
void ControlAccept(benchmark::State& state) {
  SeededRng rng(1);
  const auto server = MachinePrivateKey::Generate(rng);
  const auto machine = MachinePrivateKey::Generate(rng);
  const auto client =
      noise::IkInitiator::Start(machine, server.public_key(), 1, rng);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        noise::ReadInitiation(server, client->initiation(), rng));
  }
}
BENCHMARK(ControlAccept);

}  // namespace
}  // namespace warren
