#ifndef WARREN_CORE_BASE_BYTES_H_
#define WARREN_CORE_BASE_BYTES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace warren {

// A view of bytes somebody else owns. Valid as long as the owner says.
using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

inline Bytes AsBytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline absl::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads fields from the front of a byte string it does not own. A failed read
// consumes nothing. No input can make it read out of bounds. U16, U32 and U64
// are big-endian; the `Le` forms are little-endian (WireGuard).
class ByteReader {
 public:
  explicit ByteReader(Bytes data) : rest_(data) {}

  std::optional<Bytes> Take(size_t n) {
    if (n > rest_.size()) return std::nullopt;  // Compares; never adds.
    Bytes head = rest_.first(n);
    rest_ = rest_.subspan(n);
    return head;
  }
  // Copies the next N bytes out.
  template <size_t N>
  std::optional<std::array<uint8_t, N>> Array() {
    const auto head = Take(N);
    if (!head) return std::nullopt;
    std::array<uint8_t, N> out;
    std::copy(head->begin(), head->end(), out.begin());
    return out;
  }
  std::optional<uint8_t> U8() { return Big<uint8_t>(); }
  std::optional<uint16_t> U16() { return Big<uint16_t>(); }
  std::optional<uint32_t> U32() { return Big<uint32_t>(); }
  std::optional<uint64_t> U64() { return Big<uint64_t>(); }
  std::optional<uint32_t> U32Le() { return Little<uint32_t>(); }
  std::optional<uint64_t> U64Le() { return Little<uint64_t>(); }

  Bytes rest() const { return rest_; }
  size_t remaining() const { return rest_.size(); }

 private:
  template <class T>
  std::optional<T> Big() {
    const auto head = Take(sizeof(T));
    if (!head) return std::nullopt;
    uint64_t value = 0;
    for (uint8_t byte : *head) value = value << 8 | byte;
    return static_cast<T>(value);
  }
  template <class T>
  std::optional<T> Little() {
    const auto head = Take(sizeof(T));
    if (!head) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = sizeof(T); i-- > 0;) value = value << 8 | (*head)[i];
    return static_cast<T>(value);
  }

  Bytes rest_;
};

// Appends fields to a growing byte string. For control messages, not packets:
// it allocates.
class ByteWriter {
 public:
  ByteWriter& U8(uint8_t v) { return Big(v, 1); }
  ByteWriter& U16(uint16_t v) { return Big(v, 2); }
  ByteWriter& U32(uint32_t v) { return Big(v, 4); }
  ByteWriter& U64(uint64_t v) { return Big(v, 8); }
  ByteWriter& U32Le(uint32_t v) { return Little(v, 4); }
  ByteWriter& U64Le(uint64_t v) { return Little(v, 8); }
  ByteWriter& Append(Bytes bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ByteWriter& Zeros(size_t n) {
    out_.insert(out_.end(), n, 0);
    return *this;
  }
  size_t size() const { return out_.size(); }
  const std::vector<uint8_t>& bytes() const { return out_; }
  std::vector<uint8_t> Take() && { return std::move(out_); }

 private:
  ByteWriter& Big(uint64_t v, size_t n) {
    while (n-- > 0) out_.push_back(static_cast<uint8_t>(v >> (8 * n)));
    return *this;
  }
  ByteWriter& Little(uint64_t v, size_t n) {
    for (size_t i = 0; i < n; ++i) {
      out_.push_back(static_cast<uint8_t>(v >> (8 * i)));
    }
    return *this;
  }
  std::vector<uint8_t> out_;
};

// Fixed-place loads and stores for hot paths. The caller has checked that the
// bytes are there.
inline uint16_t LoadBe16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
inline uint32_t LoadBe32(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 |
         uint32_t{p[3]};
}
inline void StoreBe16(uint8_t* p, uint16_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}
inline void StoreBe32(uint8_t* p, uint32_t v) {
  StoreBe16(p, static_cast<uint16_t>(v >> 16));
  StoreBe16(p + 2, static_cast<uint16_t>(v));
}
inline uint32_t LoadLe32(const uint8_t* p) {
  return uint32_t{p[3]} << 24 | uint32_t{p[2]} << 16 | uint32_t{p[1]} << 8 |
         uint32_t{p[0]};
}
inline uint64_t LoadLe64(const uint8_t* p) {
  return uint64_t{LoadLe32(p + 4)} << 32 | LoadLe32(p);
}
inline void StoreLe32(uint8_t* p, uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<uint8_t>(v >> (8 * i));
}
inline void StoreLe64(uint8_t* p, uint64_t v) {
  for (int i = 0; i < 8; ++i) p[i] = static_cast<uint8_t>(v >> (8 * i));
}

}  // namespace warren

#endif  // WARREN_CORE_BASE_BYTES_H_
