// What a WireGuard device costs without sockets: packets by the batch, and
// handshakes. One thread; bytes are inner bytes.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/net/packet_batch.h"
#include "core/wg/device.h"

namespace warren::wg {
namespace {

constexpr uint16_t kMtu = 1420;
// Inner packets from 10.0.0.1 to 10.0.0.2, side by side as in a TUN read.
class Arena {
 public:
  explicit Arena(size_t size) : size_(size), bytes_(kStride * 128) {}
  // Writes the headers anew: sealing in place overwrites them.
  void Fill(net::PacketBatch& batch) {
    batch.clear();
    for (size_t i = 0; i < 128; ++i) {
      net::Packet packet;
      packet.data = &bytes_[i * kStride + net::kSealHeadroom];
      packet.size = static_cast<uint32_t>(size_);
      packet.headroom = net::kSealHeadroom;
      packet.tailroom = net::kSealTailroom;
      packet.data[0] = 0x45;
      StoreBe16(packet.data + 2, static_cast<uint16_t>(size_));
      StoreBe32(packet.data + 12, 0x0a000001);
      StoreBe32(packet.data + 16, 0x0a000002);
      batch.Add(packet);
    }
  }

 private:
  static constexpr size_t kStride = 1536;
  size_t size_;
  std::vector<uint8_t> bytes_;
};

struct Side {
  Side(uint64_t seed, Instant now)
      : rng(seed),
        device({.mtu_bytes = kMtu, .handshakes_per_second = 1000000}, rng, now,
               absl::Hours(1)) {
    device.SetPrivateKey(now, crypto::NodePrivateKey::Generate(rng));
  }
  void Know(Instant now, const Side& other, uint32_t address) {
    PeerConfig config;
    config.key = other.device.private_key()->public_key();
    config.endpoint = other.endpoint;
    config.allowed_ips = {net::IpPrefix::Single(net::IpAddress::V4(address))};
    WARREN_CHECK(device.AddPeer(now, std::move(config)).ok());
  }
  // All that `other` has to say comes here.
  size_t TakeFrom(Instant now, Side& other) {
    net::PacketBatch batch, plain;
    other.device.PollTransmit(batch);
    const size_t count = batch.size();
    for (net::Packet& packet : batch) packet.endpoint = other.endpoint;
    device.Open(now, batch, plain);
    while (device.PollEvent()) {
    }
    return count;
  }
  SeededRng rng;
  net::Endpoint endpoint{net::IpAddress::V4(0xc0000201), 1000};
  Device device;
};

// Two devices with a session; `num_peers` more that are idle.
struct Pair {
  explicit Pair(int64_t num_peers = 0) {
    a.Know(now, b, 0x0a000002);
    b.Know(now, a, 0x0a000001);
    for (int64_t i = 0; i < num_peers; ++i) {
      for (Side* side : {&a, &b}) {
        PeerConfig config;
        config.key = crypto::NodePrivateKey::Generate(side->rng).public_key();
        config.allowed_ips = {net::IpPrefix::Single(
            net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(i)))};
        WARREN_CHECK(side->device.AddPeer(now, std::move(config)).ok());
      }
    }
    Handshake();
  }
  void Handshake() {
    a.device.StartHandshake(now, 0);
    while (b.TakeFrom(now, a) + a.TakeFrom(now, b) > 0) {
    }
  }
  Instant now;
  Side a{1, now};
  Side b{2, now};
};

void BM_SealThenOpen(benchmark::State& state) {
  Pair pair(state.range(1));
  Arena arena(static_cast<size_t>(state.range(0)));
  net::PacketBatch plain, sealed;
  for (auto _ : state) {
    arena.Fill(plain);
    pair.a.device.Seal(pair.now, plain, sealed);
    pair.b.device.Open(pair.now, sealed, plain);
    WARREN_CHECK(plain.full());
  }
  state.SetItemsProcessed(state.iterations() * 128);
  state.SetBytesProcessed(state.iterations() * 128 * state.range(0));
}
BENCHMARK(BM_SealThenOpen)
    ->ArgNames({"bytes", "idle_peers"})
    ->Args({64, 0})
    ->Args({1420, 0})
    ->Args({64, 5000});

void BM_Seal(benchmark::State& state) {
  Pair pair;
  Arena arena(static_cast<size_t>(state.range(0)));
  net::PacketBatch plain, sealed;
  for (auto _ : state) {
    arena.Fill(plain);
    pair.a.device.Seal(pair.now, plain, sealed);
    WARREN_CHECK(sealed.full());
    sealed.clear();
  }
  state.SetItemsProcessed(state.iterations() * 128);
  state.SetBytesProcessed(state.iterations() * 128 * state.range(0));
}
BENCHMARK(BM_Seal)->ArgName("bytes")->Arg(64)->Arg(1420);

// Both ends of a whole handshake, keepalive included.
void BM_Handshake(benchmark::State& state) {
  Pair pair;
  for (auto _ : state) {
    pair.now += absl::Seconds(6);
    pair.Handshake();
  }
  WARREN_CHECK(pair.b.device.counters().sessions_established ==
               static_cast<uint64_t>(state.iterations()) + 1);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Handshake);

// One end: an initiation in, a response out.
void BM_Respond(benchmark::State& state) {
  Pair pair;
  for (auto _ : state) {
    state.PauseTiming();
    pair.now += absl::Seconds(6);
    pair.a.device.StartHandshake(pair.now, 0);
    state.ResumeTiming();
    pair.b.TakeFrom(pair.now, pair.a);
    state.PauseTiming();
    pair.a.TakeFrom(pair.now, pair.b);
    pair.b.TakeFrom(pair.now, pair.a);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Respond);

// A flood that is answered with cookies.
void BM_CookieUnderLoad(benchmark::State& state) {
  Instant now;
  SeededRng rng(1);
  Device device({.handshakes_per_second = 0}, rng, now, absl::Hours(1));
  device.SetPrivateKey(now, crypto::NodePrivateKey::Generate(rng));
  Side a(2, now);
  PeerConfig config;
  config.key = device.private_key()->public_key();
  config.endpoint = a.endpoint;
  WARREN_CHECK(a.device.AddPeer(now, std::move(config)).ok());
  a.device.StartHandshake(now, 0);
  net::PacketBatch initiation, datagrams, out;
  a.device.PollTransmit(initiation);
  initiation[0].endpoint = a.endpoint;
  for (auto _ : state) {
    datagrams = initiation;
    device.Open(now, datagrams, out);
    device.PollTransmit(out);
    WARREN_CHECK(out.size() == 1);
    out.clear();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CookieUnderLoad);

}  // namespace
}  // namespace warren::wg
