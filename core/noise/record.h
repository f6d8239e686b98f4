#ifndef WARREN_CORE_NOISE_RECORD_H_
#define WARREN_CORE_NOISE_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/crypto/aead.h"
#include "core/crypto/keys.h"

// The record layer of the control channel (ts2021 §1.6): one byte stream per
// direction, cut into sealed records.
//
//   offset  size  field
//   0       1     type        0x04
//   1       2     size        big-endian, of the ciphertext
//   3       size  ciphertext  ChaCha20-Poly1305, tag of 16 bytes at the end
//
// No associated data. Nonce: 4 zero bytes, then the number of the record in
// its direction, from 0, *big-endian* (Noise says little-endian). A record
// may be empty inside. There is no closing record: the end is the transport's.

namespace warren::noise {

inline constexpr size_t kFrameHeaderSize = 3;
inline constexpr size_t kMaxFrameSize = 4096;  // bytes, header included
inline constexpr size_t kMaxRecordPlaintext =
    kMaxFrameSize - kFrameHeaderSize - crypto::kAeadTagSize;  // 4077
// The one number no record may have: the channel ends before it.
inline constexpr uint64_t kLastCounter = std::numeric_limits<uint64_t>::max();

// Seals one direction of a channel.
class RecordSealer {
 public:
  // `next_counter`: the number of the first record, 0 in a new channel.
  explicit RecordSealer(crypto::KeyBytes key, uint64_t next_counter = 0);

  // Appends to `frames` the records that carry `plaintext`, each of at most
  // kMaxRecordPlaintext; none for an empty one. RESOURCE_EXHAUSTED, with
  // nothing appended, when the counters are used up: close the channel.
  absl::Status Seal(Bytes plaintext, std::vector<uint8_t>& frames);

 private:
  void SealOne(Bytes plaintext, std::vector<uint8_t>& frames);

  crypto::AeadKey key_;
  uint64_t next_counter_;
};

// Opens one direction of a channel.
class RecordReader {
 public:
  explicit RecordReader(crypto::KeyBytes key, uint64_t next_counter = 0);

  // Takes the next bytes of the stream, cut anywhere, and appends to
  // `plaintext` what the records they complete carry; keeps the rest, less
  // than kMaxFrameSize. Fatal to the channel, and returned from then on:
  //   INVALID_ARGUMENT    not a record: wrong type or size
  //   UNAUTHENTICATED     a record the peer did not seal at this place
  //   RESOURCE_EXHAUSTED  the counters are used up
  // `plaintext` then holds what came before the bad record.
  absl::Status Read(Bytes stream, std::vector<uint8_t>& plaintext);

  // Whether the stream so far ends inside a record: the end of the transport
  // here means that something was cut off.
  bool IsInsideRecord() const { return !partial_.empty(); }

 private:
  // Each takes some bytes off the front of `stream` and returns how many; at
  // something bad it sets error_. The first starts a record, the second goes
  // on with partial_.
  size_t ReadWhole(Bytes stream, std::vector<uint8_t>& plaintext);
  size_t ReadPartial(Bytes stream, std::vector<uint8_t>& plaintext);
  void OpenOne(Bytes ciphertext, std::vector<uint8_t>& plaintext);

  crypto::AeadKey key_;
  uint64_t next_counter_;
  std::vector<uint8_t> partial_;  // The front of an incomplete record.
  absl::Status error_;
};

}  // namespace warren::noise

#endif  // WARREN_CORE_NOISE_RECORD_H_
