#ifndef WARREN_IO_BYTE_QUEUE_H_
#define WARREN_IO_BYTE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace warren::io {

// Bytes on their way: appended at the back, taken from the front. The owner
// bounds it by not appending while it is full.
class ByteQueue {
 public:
  bool empty() const { return head_ == bytes_.size(); }
  size_t size() const { return bytes_.size() - head_; }
  // All of it, valid until the next call that changes the queue.
  Bytes front() const { return Bytes(bytes_).subspan(head_); }
  // Drops the first `n`, at most size().
  void Pop(size_t n) {
    head_ += n;
    if (head_ == bytes_.size()) Clear();
  }
  void Append(Bytes bytes) {
    Back().insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  // For functions that append to a vector. Invalidates front().
  std::vector<uint8_t>& Back() {
    if (head_ > 0) {
      bytes_.erase(bytes_.begin(),
                   bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return bytes_;
  }
  void Clear() {
    bytes_.clear();
    head_ = 0;
  }
  // Gives back what it holds beyond `keep` bytes, when it is empty.
  void Shrink(size_t keep) {
    if (empty() && bytes_.capacity() > keep) bytes_ = std::vector<uint8_t>();
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t head_ = 0;
};

}  // namespace warren::io

#endif  // WARREN_IO_BYTE_QUEUE_H_
