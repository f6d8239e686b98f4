#include "io/cli/json.h"

#include <utility>

#include "io/cli/human.h"
#include "nlohmann/json.hpp"

namespace warren::cli {

struct Json::Value {
  nlohmann::ordered_json json;
};

Json Json::Object() {
  return Json(std::make_shared<Value>(Value{nlohmann::ordered_json::object()}));
}
Json Json::Array() {
  return Json(std::make_shared<Value>(Value{nlohmann::ordered_json::array()}));
}
Json Json::Strings(const std::vector<std::string>& items) {
  Json array = Array();
  for (const std::string& item : items) array.value_->json.push_back(item);
  return array;
}

Json& Json::Set(const char* key, const std::string& value) {
  value_->json[key] = value;
  return *this;
}
Json& Json::Set(const char* key, const char* value) {
  return Set(key, std::string(value));
}
Json& Json::Set(const char* key, bool value) {
  value_->json[key] = value;
  return *this;
}
Json& Json::Set(const char* key, int64_t value) {
  value_->json[key] = value;
  return *this;
}
Json& Json::Set(const char* key, uint64_t value) {
  value_->json[key] = value;
  return *this;
}
Json& Json::Set(const char* key, uint32_t value) {
  return Set(key, uint64_t{value});
}
Json& Json::Set(const char* key, double value) {
  value_->json[key] = value;
  return *this;
}
Json& Json::Set(const char* key, const Json& value) {
  value_->json[key] = value.value_->json;
  return *this;
}
Json& Json::SetNull(const char* key) {
  value_->json[key] = nullptr;
  return *this;
}
Json& Json::SetTime(const char* key, int64_t unix_ms) {
  return unix_ms == 0 ? SetNull(key) : Set(key, Rfc3339(unix_ms));
}
Json& Json::Add(const Json& item) {
  value_->json.push_back(item.value_->json);
  return *this;
}

std::string Json::ToString() const {
  return value_->json.dump(2, ' ', /*ensure_ascii=*/false,
                           nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

std::string Json::ToLine() const {
  return value_->json.dump(-1, ' ', /*ensure_ascii=*/false,
                           nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace warren::cli
