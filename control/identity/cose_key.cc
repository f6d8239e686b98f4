#include "control/identity/cose_key.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/status_macros.h"

namespace warren::control {
namespace {

using crypto::SignatureAlgorithm;
using crypto::VerifyKey;

// RFC 9052 §7.1, RFC 9053 §7: labels and values.
constexpr int64_t kKeyType = 1, kAlgorithm = 3;
constexpr int64_t kOkp = 1, kEc2 = 2, kRsa = 3;
constexpr int64_t kCurve = -1, kX = -2, kY = -3;
constexpr int64_t kModulus = -1, kExponent = -2;
constexpr int64_t kP256 = 1, kEd25519 = 6;
constexpr int64_t kEs256 = -7, kEdDsa = -8, kRs256 = -257;
constexpr uint64_t kMaxEntries = 16;

// CBOR's major types (RFC 8949 §3.1) that a key is made of.
constexpr uint8_t kUnsigned = 0, kNegative = 1, kByteString = 2, kMap = 5;

using Value = std::variant<int64_t, std::vector<uint8_t>>;

// Reads integers and byte strings of definite length.
class CborReader {
 public:
  explicit CborReader(Bytes data) : data_(data) {}
  size_t at() const { return at_; }

  // The major type, and its argument.
  std::optional<std::pair<uint8_t, uint64_t>> Head() {
    if (at_ >= data_.size()) return std::nullopt;
    const uint8_t first = data_[at_++];
    const uint8_t info = first & 0x1f;
    if (info < 24) return std::pair<uint8_t, uint64_t>(first >> 5, info);
    if (info > 27) return std::nullopt;
    const size_t size = size_t{1} << (info - 24);
    if (data_.size() - at_ < size) return std::nullopt;
    uint64_t argument = 0;
    for (size_t i = 0; i < size; ++i) argument = argument << 8 | data_[at_++];
    return std::pair<uint8_t, uint64_t>(first >> 5, argument);
  }

  std::optional<Value> Next() {
    const auto head = Head();
    if (!head) return std::nullopt;
    const auto [type, argument] = *head;
    if (type == kUnsigned || type == kNegative) {
      if (argument > INT64_MAX) return std::nullopt;
      const int64_t number = static_cast<int64_t>(argument);
      return Value(type == kUnsigned ? number : -1 - number);
    }
    if (type != kByteString || argument > data_.size() - at_) {
      return std::nullopt;
    }
    const Bytes bytes = data_.subspan(at_, static_cast<size_t>(argument));
    at_ += bytes.size();
    return Value(std::vector<uint8_t>(bytes.begin(), bytes.end()));
  }

 private:
  Bytes data_;
  size_t at_ = 0;
};

// The entries of a key.
class Entries {
 public:
  static std::optional<Entries> Read(CborReader& reader) {
    Entries entries;
    const auto head = reader.Head();
    if (!head || head->first != kMap || head->second > kMaxEntries) {
      return std::nullopt;
    }
    for (uint64_t i = 0; i < head->second; ++i) {
      const auto label = reader.Next();
      auto value = label ? reader.Next() : std::nullopt;
      if (!value || !std::holds_alternative<int64_t>(*label)) {
        return std::nullopt;
      }
      if (!entries.values_.emplace(std::get<int64_t>(*label), *value).second) {
        return std::nullopt;
      }
    }
    return entries;
  }
  int64_t Number(int64_t label) const {
    const auto found = values_.find(label);
    if (found == values_.end()) return 0;
    const int64_t* const number = std::get_if<int64_t>(&found->second);
    return number == nullptr ? 0 : *number;
  }
  Bytes Text(int64_t label) const {
    const auto found = values_.find(label);
    if (found == values_.end()) return {};
    const auto* const bytes = std::get_if<std::vector<uint8_t>>(&found->second);
    return bytes == nullptr ? Bytes() : Bytes(*bytes);
  }

 private:
  std::map<int64_t, Value> values_;
};

}  // namespace

absl::StatusOr<CoseKey> ReadCoseKey(Bytes data) {
  CborReader reader(data);
  const auto entries = Entries::Read(reader);
  if (!entries) {
    return absl::InvalidArgumentError("passkey: the public key is malformed");
  }
  const auto is = [&](int64_t type, int64_t algorithm, int64_t curve) {
    return entries->Number(kKeyType) == type &&
           entries->Number(kAlgorithm) == algorithm &&
           (curve == 0 || entries->Number(kCurve) == curve);
  };
  if (is(kEc2, kEs256, kP256)) {
    WARREN_ASSIGN_OR_RETURN(
        auto key, VerifyKey::Ec(crypto::Curve::kP256, entries->Text(kX),
                                entries->Text(kY)));
    return CoseKey{SignatureAlgorithm::kEs256, std::move(key), reader.at()};
  }
  if (is(kOkp, kEdDsa, kEd25519)) {
    WARREN_ASSIGN_OR_RETURN(auto key, VerifyKey::Ed25519(entries->Text(kX)));
    return CoseKey{SignatureAlgorithm::kEdDsa, std::move(key), reader.at()};
  }
  if (is(kRsa, kRs256, 0)) {
    WARREN_ASSIGN_OR_RETURN(auto key, VerifyKey::Rsa(entries->Text(kModulus),
                                                     entries->Text(kExponent)));
    return CoseKey{SignatureAlgorithm::kRs256, std::move(key), reader.at()};
  }
  return absl::InvalidArgumentError(
      "passkey: the public key is of a kind that is not supported");
}

}  // namespace warren::control
