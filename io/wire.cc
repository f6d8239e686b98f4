#include "io/wire.h"

#include "core/base/status_macros.h"

namespace warren::io {
namespace {

// Of an idle connection's buffer, bytes.
constexpr size_t kKeptCapacity = 4096;

}  // namespace

absl::Status Wire::FromSocket(Bytes bytes, std::vector<uint8_t>& plain) {
  if (!tls_) {
    plain.insert(plain.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  WARREN_RETURN_IF_ERROR(tls_->FromWire(bytes));
  constexpr size_t kStep = 16 * 1024;  // A TLS record.
  while (true) {
    const size_t before = plain.size();
    plain.resize(before + kStep);
    const auto n = tls_->ReadPlain(MutableBytes(plain).subspan(before));
    plain.resize(before + (n.ok() ? *n : 0));
    if (!n.ok()) return n.status();
    if (*n == 0) return absl::OkStatus();
  }
}

absl::Status Wire::Write(Bytes plain) {
  if (tls_) return tls_->WritePlain(plain);
  out_.Append(plain);
  return absl::OkStatus();
}

void Wire::Close() {
  if (tls_) tls_->Close();
}

Bytes Wire::ToSocket() const { return tls_ ? tls_->ToWire() : out_.front(); }

void Wire::Sent(size_t n) {
  if (tls_) {
    tls_->Sent(n);
  } else {
    out_.Pop(n);
    out_.Shrink(kKeptCapacity);
  }
}

}  // namespace warren::io
