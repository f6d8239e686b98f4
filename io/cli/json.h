#ifndef WARREN_IO_CLI_JSON_H_
#define WARREN_IO_CLI_JSON_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace warren::cli {

// A JSON value to print: members keep the order in which they were set, so
// that equal things print equally. A handle: copies share the value.
class Json {
 public:
  static Json Object();
  static Json Array();
  static Json Strings(const std::vector<std::string>& items);

  Json& Set(const char* key, const std::string& value);
  Json& Set(const char* key, const char* value);
  Json& Set(const char* key, bool value);
  Json& Set(const char* key, int64_t value);
  Json& Set(const char* key, uint64_t value);
  Json& Set(const char* key, uint32_t value);
  Json& Set(const char* key, double value);
  Json& Set(const char* key, const Json& value);
  Json& SetNull(const char* key);
  // A time as RFC 3339, or null for 0.
  Json& SetTime(const char* key, int64_t unix_ms);
  Json& Add(const Json& item);

  // Indented, with a newline at the end. Bytes that are not UTF-8 become
  // U+FFFD.
  std::string ToString() const;
  // The same on one line.
  std::string ToLine() const;

 private:
  struct Value;
  explicit Json(std::shared_ptr<Value> value) : value_(std::move(value)) {}
  std::shared_ptr<Value> value_;
};

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_JSON_H_
