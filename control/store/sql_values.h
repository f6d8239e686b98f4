#ifndef WARREN_CONTROL_STORE_SQL_VALUES_H_
#define WARREN_CONTROL_STORE_SQL_VALUES_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "control/store/account_records.h"
#include "control/store/row_codec.h"
#include "control/store/sqlite.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"

// The store's own: fields of records as columns.
namespace warren::control {

inline int64_t Sql(uint64_t n) { return static_cast<int64_t>(n); }
inline int64_t Sql(bool b) { return b ? 1 : 0; }

template <class Tag, class Int>
int64_t Sql(StrongId<Tag, Int> id) {
  return id.value();
}

// A reference that may be none: NULL.
template <class Tag, class Int>
SqlValue SqlOrNull(StrongId<Tag, Int> id) {
  if (id == StrongId<Tag, Int>()) return std::monostate();
  return int64_t{id.value()};
}

template <class Enum>
requires std::is_enum_v<Enum> int64_t Sql(Enum value) {
  return static_cast<int64_t>(value);
}

template <class Role>
std::vector<uint8_t> Sql(const crypto::PublicKey<Role>& key) {
  return {key.bytes().begin(), key.bytes().end()};
}

inline std::vector<uint8_t> Sql(const SecretHash& hash) {
  return {hash.begin(), hash.end()};
}

// Text that is bytes.
inline std::vector<uint8_t> SqlBlob(const std::string& bytes) {
  return {bytes.begin(), bytes.end()};
}

inline std::string Sql(const std::vector<std::string>& list) {
  return JoinTexts(list);
}

// The way back. False when the column cannot be one.
inline bool ReadHash(Bytes column, SecretHash& hash) {
  if (column.size() != hash.size()) return false;
  std::copy(column.begin(), column.end(), hash.begin());
  return true;
}

inline std::string ReadBlob(Bytes column) {
  return std::string(column.begin(), column.end());
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_SQL_VALUES_H_
