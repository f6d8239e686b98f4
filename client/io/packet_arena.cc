#include "client/io/packet_arena.h"

#include <sys/mman.h>

#include <utility>

#include "core/base/check.h"

namespace warren::client {

PacketArena::PacketArena(size_t size) : size_(size) {
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WARREN_CHECK(p != MAP_FAILED);  // Out of memory.
  data_ = static_cast<uint8_t*>(p);
}

PacketArena::~PacketArena() {
  if (data_ != nullptr) munmap(data_, size_);
}

PacketArena::PacketArena(PacketArena&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      used_(std::exchange(other.used_, 0)) {}

PacketArena& PacketArena::operator=(PacketArena&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(used_, other.used_);
  return *this;
}

uint8_t* PacketArena::Take(size_t n) {
  WARREN_CHECK(n <= room());
  uint8_t* p = data_ + used_;
  used_ += n;
  return p;
}

}  // namespace warren::client
