#include "core/net/checksum.h"

#include <cstddef>

namespace warren::net {
namespace {

// Two 64-bit numbers, in one register where the machine has such.
using Lanes = uint64_t __attribute__((vector_size(16)));

// Sums 32-bit words in 64-bit lanes: no carry is lost before 2^32 words.
template <bool kCopy>
uint64_t Sum(uint8_t* to, const uint8_t* from, size_t size, uint64_t sum) {
  Lanes low{}, high{};
  size_t i = 0;
  for (; i + 32 <= size; i += 32) {
    Lanes a, b;
    std::memcpy(&a, from + i, 16);
    std::memcpy(&b, from + i + 16, 16);
    if constexpr (kCopy) {
      std::memcpy(to + i, &a, 16);
      std::memcpy(to + i + 16, &b, 16);
    }
    low += (a & 0xffffffff) + (b & 0xffffffff);
    high += (a >> 32) + (b >> 32);
  }
  low += high;
  uint64_t total = low[0] + low[1];
  // Lanes may be near 2^64 no more than `sum` may: fold what came in.
  total += (sum & 0xffffffff) + (sum >> 32);
  if constexpr (kCopy) {
    if (i < size) std::memcpy(to + i, from + i, size - i);
  }
  for (; i + 4 <= size; i += 4) {
    uint32_t word;
    std::memcpy(&word, from + i, 4);
    total += word;
  }
  uint8_t tail[4] = {};  // An odd byte counts as if a zero followed it.
  if (i < size) std::memcpy(tail, from + i, size - i);
  uint32_t word;
  std::memcpy(&word, tail, 4);
  return total + word;
}

}  // namespace

uint64_t AddToChecksum(Bytes data, uint64_t sum) {
  return Sum<false>(nullptr, data.data(), data.size(), sum);
}

uint64_t CopyAndAddToChecksum(uint8_t* to, Bytes from, uint64_t sum) {
  return Sum<true>(to, from.data(), from.size(), sum);
}

uint64_t PseudoHeaderSum(const uint8_t* ip, uint8_t protocol,
                         uint32_t l4_size) {
  const bool v4 = ip[0] >> 4 == 4;
  uint64_t sum = v4 ? AddToChecksum({ip + 12, 8}) : AddToChecksum({ip + 8, 32});
  sum = AddToChecksum16(protocol, sum);
  sum = AddToChecksum16(static_cast<uint16_t>(l4_size >> 16), sum);
  return AddToChecksum16(static_cast<uint16_t>(l4_size), sum);
}

void SetIpv4Checksum(uint8_t* ip, size_t header_size) {
  ip[10] = ip[11] = 0;
  const uint16_t sum = FoldChecksum(AddToChecksum({ip, header_size}));
  StoreChecksum(ip + 10, static_cast<uint16_t>(~sum));
}

}  // namespace warren::net
