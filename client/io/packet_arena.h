#ifndef WARREN_CLIENT_IO_PACKET_ARENA_H_
#define WARREN_CLIENT_IO_PACKET_ARENA_H_

#include <cstddef>
#include <cstdint>

namespace warren::client {

// A piece of memory that packets are laid into, one after the other. Pages
// are touched when used: a big arena that stays empty costs nothing.
class PacketArena {
 public:
  PacketArena() = default;
  explicit PacketArena(size_t size);
  ~PacketArena();
  PacketArena(PacketArena&& other) noexcept;
  PacketArena& operator=(PacketArena&& other) noexcept;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

  // Forgets what was taken.
  void Clear() { used_ = 0; }
  size_t room() const { return size_ - used_; }
  // The next `n` bytes; at most room().
  uint8_t* Take(size_t n);

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_PACKET_ARENA_H_
