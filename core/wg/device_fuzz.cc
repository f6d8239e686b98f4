#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/crypto/blake2s.h"
#include "core/wg/device.h"

// Two devices with a session, and an attacker who has the input to work with.
//
// The input is a list of steps: one byte of kind, one of length, then as many
// bytes. The kinds, modulo 6:
//   0  the bytes come as a datagram
//   1  the same with the right mac1, so that the handshake is looked at
//   2  the friend seals the bytes, whatever they are, and they come
//   3  the last datagram of the friend comes again, one byte of it changed
//   4  time passes: a byte of seconds
//   5  both devices exchange what they have to say
namespace warren::wg {
namespace {

// Makes mac1 of `message` right for the device with `key`.
void FixMac1(const crypto::NodeKey& key, std::vector<uint8_t>& message) {
  if (message.size() < 32) return;
  const auto mac_key = crypto::Blake2s256({AsBytes("mac1----"), key.bytes()});
  const auto mac1 =
      crypto::Blake2sMac128(mac_key, Bytes(message).first(message.size() - 32));
  std::copy(mac1.begin(), mac1.end(), message.end() - 32);
}

struct Party {
  Party(uint8_t first, uint16_t port, Rng& rng, Instant now)
      : endpoint(net::IpAddress::V4(0xc0000201), port),
        device({.handshakes_per_second = 50}, rng, now, absl::Hours(1)) {
    std::array<uint8_t, 32> key;
    key.fill(first);
    device.SetPrivateKey(now, crypto::NodePrivateKey::FromBytes(key));
  }
  void Know(Instant now, const Party& other) {
    PeerConfig config;
    config.key = other.device.private_key()->public_key();
    config.endpoint = other.endpoint;
    config.allowed_ips = {
        net::IpPrefix(),
        net::IpPrefix(net::IpAddress::V6(std::array<uint8_t, 16>{0xfd}), 8)};
    config.persistent_keepalive = absl::Seconds(25);
    WARREN_CHECK(device.AddPeer(now, std::move(config)).ok());
  }
  net::Endpoint endpoint;
  Device device;
};

class Attack {
 public:
  Attack() {
    a_.Know(now_, b_);
    b_.Know(now_, a_);
    a_.device.StartHandshake(now_, 0);
    Exchange();
  }
  void Step(uint8_t kind, std::vector<uint8_t> bytes) {
    switch (kind % 6) {
      case 1:
        FixMac1(b_.device.private_key()->public_key(), bytes);
        [[fallthrough]];
      case 0:
        return Give(b_, a_.endpoint, bytes);
      case 2:
        return SealAndGive(bytes);
      case 3:
        if (bytes.size() < 2 || last_.empty()) return;
        last_[bytes[0] % last_.size()] ^= bytes[1];
        return Give(b_, a_.endpoint, last_);
      case 4:
        now_ += absl::Seconds(bytes.empty() ? 1 : bytes[0]);
        a_.device.OnTimeout(now_);
        b_.device.OnTimeout(now_);
        return;
      default:
        return Exchange();
    }
  }

 private:
  // A packet of `bytes` in buffer_, with just the room it needs.
  net::Packet Load(Bytes bytes) {
    buffer_.assign(net::kSealHeadroom + bytes.size() + net::kSealTailroom, 0);
    std::copy(bytes.begin(), bytes.end(), buffer_.begin() + net::kSealHeadroom);
    net::Packet packet;
    packet.data = buffer_.data() + net::kSealHeadroom;
    packet.size = static_cast<uint32_t>(bytes.size());
    packet.headroom = net::kSealHeadroom;
    packet.tailroom = net::kSealTailroom;
    return packet;
  }
  void Give(Party& to, const net::Endpoint& from, Bytes bytes) {
    net::PacketBatch datagrams, plain;
    net::Packet packet = Load(bytes);
    packet.endpoint = from;
    datagrams.Add(packet);
    to.device.Open(now_, datagrams, plain);
    for (const net::Packet& opened : plain) {
      WARREN_CHECK(opened.data >= buffer_.data());
      WARREN_CHECK(opened.size >= 20 && opened.size <= bytes.size());
    }
  }
  void SealAndGive(Bytes bytes) {
    net::PacketBatch plain, sealed;
    net::Packet packet = Load(bytes);
    packet.peer = 0;
    plain.Add(packet);
    a_.device.Seal(now_, plain, sealed);
    for (const net::Packet& out : sealed) {
      last_.assign(out.data, out.data + out.size);
      Give(b_, a_.endpoint, last_);
    }
  }
  void Exchange() {
    for (int round = 0; round < 4; ++round) {
      Carry(a_, b_);
      Carry(b_, a_);
    }
    for (Party* party : {&a_, &b_}) {
      while (party->device.PollEvent()) {
      }
      WARREN_CHECK(party->device.Next().at > now_ - absl::Seconds(1));
    }
  }
  void Carry(Party& from, Party& to) {
    net::PacketBatch batch;
    from.device.PollTransmit(batch);
    std::vector<std::vector<uint8_t>> copies;
    for (const net::Packet& packet : batch) {
      copies.emplace_back(packet.data, packet.data + packet.size);
    }
    for (const auto& copy : copies) Give(to, from.endpoint, copy);
  }

  SeededRng rng_{1};
  Instant now_;
  Party a_{0x11, 1000, rng_, now_};
  Party b_{0x22, 2000, rng_, now_};
  std::vector<uint8_t> buffer_;
  std::vector<uint8_t> last_;  // datagram of a
};

}  // namespace
}  // namespace warren::wg

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  warren::wg::Attack attack;
  warren::ByteReader reader(warren::Bytes(data, size));
  while (reader.remaining() >= 2) {
    const uint8_t kind = *reader.U8();
    const size_t stated = *reader.U8();
    const auto bytes = *reader.Take(std::min(stated, reader.remaining()));
    attack.Step(kind, {bytes.begin(), bytes.end()});
  }
  return 0;
}
