#include "core/noise/record.h"

#include <algorithm>
#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace warren::noise {
namespace {

constexpr uint8_t kRecordType = 0x04;

std::array<uint8_t, crypto::kAeadNonceSize> BigEndianNonce(uint64_t counter) {
  std::array<uint8_t, crypto::kAeadNonceSize> nonce{};
  StoreBe32(nonce.data() + 4, static_cast<uint32_t>(counter >> 32));
  StoreBe32(nonce.data() + 8, static_cast<uint32_t>(counter));
  return nonce;
}

absl::Status CountersUsedUp() {
  return absl::ResourceExhaustedError(
      "control channel: record counters used up; open another channel");
}

// The size of the ciphertext behind the header at the front of `stream`.
absl::StatusOr<size_t> CiphertextSize(Bytes stream) {
  const size_t size = LoadBe16(stream.data() + 1);
  if (stream[0] != kRecordType) {
    return absl::InvalidArgumentError(absl::StrCat(
        "control channel: frame of type ", stream[0], ", wanted a record (4)"));
  }
  if (size < crypto::kAeadTagSize || size > kMaxFrameSize - kFrameHeaderSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "control channel: record of ", size, " bytes, allowed ",
        crypto::kAeadTagSize, " to ", kMaxFrameSize - kFrameHeaderSize));
  }
  return size;
}

}  // namespace

RecordSealer::RecordSealer(crypto::KeyBytes key, uint64_t next_counter)
    : key_(key), next_counter_(next_counter) {}

absl::Status RecordSealer::Seal(Bytes plaintext, std::vector<uint8_t>& frames) {
  const size_t num_records =
      (plaintext.size() + kMaxRecordPlaintext - 1) / kMaxRecordPlaintext;
  if (num_records > kLastCounter - next_counter_) return CountersUsedUp();
  while (!plaintext.empty()) {
    const size_t size = std::min(plaintext.size(), kMaxRecordPlaintext);
    SealOne(plaintext.first(size), frames);
    plaintext = plaintext.subspan(size);
  }
  return absl::OkStatus();
}

void RecordSealer::SealOne(Bytes plaintext, std::vector<uint8_t>& frames) {
  const size_t ciphertext_size = plaintext.size() + crypto::kAeadTagSize;
  const size_t start = frames.size();
  frames.resize(start + kFrameHeaderSize + ciphertext_size);
  uint8_t* frame = frames.data() + start;
  frame[0] = kRecordType;
  StoreBe16(frame + 1, static_cast<uint16_t>(ciphertext_size));
  std::copy(plaintext.begin(), plaintext.end(), frame + kFrameHeaderSize);
  key_.Seal(BigEndianNonce(next_counter_++), {}, frame + kFrameHeaderSize,
            plaintext.size());
}

RecordReader::RecordReader(crypto::KeyBytes key, uint64_t next_counter)
    : key_(key), next_counter_(next_counter) {}

absl::Status RecordReader::Read(Bytes stream, std::vector<uint8_t>& plaintext) {
  while (error_.ok() && !stream.empty()) {
    stream = stream.subspan(partial_.empty() ? ReadWhole(stream, plaintext)
                                             : ReadPartial(stream, plaintext));
  }
  return error_;
}

size_t RecordReader::ReadWhole(Bytes stream, std::vector<uint8_t>& plaintext) {
  if (stream.size() >= kFrameHeaderSize) {
    const auto size = CiphertextSize(stream);
    if (!size.ok()) {
      error_ = size.status();
      return 0;
    }
    const size_t frame_size = kFrameHeaderSize + *size;
    if (stream.size() >= frame_size) {
      OpenOne(stream.subspan(kFrameHeaderSize, *size), plaintext);
      return frame_size;
    }
  }
  partial_.assign(stream.begin(), stream.end());
  return stream.size();
}

size_t RecordReader::ReadPartial(Bytes stream,
                                 std::vector<uint8_t>& plaintext) {
  size_t want = kFrameHeaderSize;
  if (partial_.size() >= kFrameHeaderSize) {
    want += LoadBe16(partial_.data() + 1);  // Checked when it was completed.
  }
  const size_t taken = std::min(want - partial_.size(), stream.size());
  partial_.insert(partial_.end(), stream.begin(), stream.begin() + taken);
  if (partial_.size() == kFrameHeaderSize) {
    error_ = CiphertextSize(partial_).status();
  } else if (partial_.size() == want) {
    OpenOne(Bytes(partial_).subspan(kFrameHeaderSize), plaintext);
    partial_.clear();
  }
  return taken;
}

void RecordReader::OpenOne(Bytes ciphertext, std::vector<uint8_t>& plaintext) {
  if (next_counter_ == kLastCounter) {
    error_ = CountersUsedUp();
    return;
  }
  const size_t start = plaintext.size();
  plaintext.insert(plaintext.end(), ciphertext.begin(), ciphertext.end());
  if (!key_.Open(BigEndianNonce(next_counter_), {}, plaintext.data() + start,
                 ciphertext.size())) {
    plaintext.resize(start);
    error_ = absl::UnauthenticatedError(
        absl::StrCat("control channel: record ", next_counter_,
                     " was not sealed by the peer, or is out of order"));
    return;
  }
  ++next_counter_;
  plaintext.resize(plaintext.size() - crypto::kAeadTagSize);
}

}  // namespace warren::noise
