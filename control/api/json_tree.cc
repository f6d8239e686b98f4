#include "control/api/json_tree.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace warren::control {
namespace {

using Json = nlohmann::json;

// Builds the tree from what the parser meets; false ends the parse.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(int max_depth) : max_depth_(max_depth) {}

  Json root;
  std::string error;

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override {
    // Only a number with a sign comes here.
    return value == 0 ? Fail("-0 is not a number here") : Put(value);
  }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t&) override {
    return Put(value);
  }
  bool string(string_t& value) override {
    if (value.find('\0') != std::string::npos) {
      return Fail("a text holds the character U+0000");
    }
    return Put(std::move(value));
  }
  bool binary(binary_t&) override { return Fail("binary"); }
  bool start_object(size_t) override { return Open(Json::object()); }
  bool start_array(size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    if (name.find('\0') != std::string::npos) {
      return Fail("a name holds the character U+0000");
    }
    if (open_.back()->contains(name)) {
      return Fail(absl::StrCat("\"", name, "\" comes twice"));
    }
    key_ = std::move(name);
    return true;
  }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& why) override {
    // "[json.exception.parse_error.101] parse error at line 1, ..."
    absl::string_view text = why.what();
    const size_t start = text.find("] ");
    if (start != absl::string_view::npos) text.remove_prefix(start + 2);
    return Fail(absl::StrCat(text.substr(0, 200), " (byte ", position, ")"));
  }

 private:
  bool Fail(std::string why) {
    if (error.empty()) error = std::move(why);
    return false;
  }
  Json* Place(Json value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    Json& parent = *open_.back();
    if (parent.is_object()) {
      return &(parent[key_] = std::move(value));
    }
    parent.push_back(std::move(value));
    return &parent.back();
  }
  bool Put(Json value) {
    Place(std::move(value));
    return true;
  }
  bool Open(Json value) {
    if (static_cast<int>(open_.size()) >= max_depth_) {
      return Fail(absl::StrCat("nested deeper than ", max_depth_));
    }
    open_.push_back(Place(std::move(value)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  const int max_depth_;
  std::vector<Json*> open_;
  std::string key_;
};

}  // namespace

absl::StatusOr<nlohmann::json> ParseJsonTree(absl::string_view text,
                                             int max_depth) {
  Builder builder(max_depth);
  const bool whole =
      Json::sax_parse(text.begin(), text.end(), &builder,
                      nlohmann::detail::input_format_t::json, /*strict=*/true);
  if (whole && builder.error.empty()) return std::move(builder.root);
  // The text of the error may hold bytes of what came.
  for (char& c : builder.error) {
    if (static_cast<unsigned char>(c) < 0x20 ||
        static_cast<unsigned char>(c) >= 0x7f) {
      c = '?';
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("this is not the JSON it should be: ", builder.error));
}

}  // namespace warren::control
