#include "control/api/json_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/api/json_tree.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;
using Json = nlohmann::json;
using Field = pb::FieldDescriptor;

// Above it a JSON number may not be what its writer meant (RFC 7493 §2.2).
constexpr int64_t kMaxExact = int64_t{1} << 53;

absl::Status Bad(const std::string& where, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", why));
}

struct Reader {
  std::set<std::string>* members;

  absl::Status Object(const Json& json, const std::string& where,
                      pb::Message& out);
  absl::Status Member(const Json& json, const std::string& where,
                      pb::Message& out, const Field& field);
  absl::Status Map(const Json& json, const std::string& where, pb::Message& out,
                   const Field& field);
  absl::Status Value(const Json& json, const std::string& where,
                     pb::Message& out, const Field& field);
};

// A whole number of at most 64 bits: a JSON number, or a string of digits.
template <class T>
absl::Status Whole(const Json& json, const std::string& where, bool from_text,
                   T& out) {
  if (json.is_string() && from_text) {
    if (absl::SimpleAtoi(json.get_ref<const std::string&>(), &out)) {
      return absl::OkStatus();
    }
    return Bad(where, "is not a whole number in range");
  }
  if (!json.is_number_integer()) return Bad(where, "must be a whole number");
  constexpr int64_t kMost =
      std::numeric_limits<T>::max() > uint64_t{1} << 53
          ? kMaxExact
          : static_cast<int64_t>(std::numeric_limits<T>::max());
  constexpr int64_t kLeast =
      std::numeric_limits<T>::is_signed
          ? (sizeof(T) == 8
                 ? -kMaxExact
                 : static_cast<int64_t>(std::numeric_limits<T>::min()))
          : 0;
  const bool too_large = json.is_number_unsigned() &&
                         json.get<uint64_t>() > static_cast<uint64_t>(kMost);
  if (too_large || json.get<int64_t>() > kMost ||
      json.get<int64_t>() < kLeast) {
    return Bad(where, absl::StrCat("must be from ", kLeast, " to ", kMost,
                                   sizeof(T) == 8 ? ", or a string" : ""));
  }
  out = static_cast<T>(json.get<int64_t>());
  return absl::OkStatus();
}

// Sets, or adds to a repeated field.
template <class T, class SetFn, class AddFn>
absl::Status Store(pb::Message& out, const Field& field, const T& value,
                   SetFn set, AddFn add) {
  const pb::Reflection& reflection = *out.GetReflection();
  if (field.is_repeated()) {
    (reflection.*add)(&out, &field, value);
  } else {
    (reflection.*set)(&out, &field, value);
  }
  return absl::OkStatus();
}

absl::Status Reader::Value(const Json& json, const std::string& where,
                           pb::Message& out, const Field& field) {
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_BOOL:
      if (!json.is_boolean()) return Bad(where, "must be true or false");
      return Store(out, field, json.get<bool>(), &R::SetBool, &R::AddBool);
    case Field::CPPTYPE_INT32: {
      int32_t value = 0;
      WARREN_RETURN_IF_ERROR(Whole(json, where, false, value));
      return Store(out, field, value, &R::SetInt32, &R::AddInt32);
    }
    case Field::CPPTYPE_UINT32: {
      uint32_t value = 0;
      WARREN_RETURN_IF_ERROR(Whole(json, where, false, value));
      return Store(out, field, value, &R::SetUInt32, &R::AddUInt32);
    }
    case Field::CPPTYPE_INT64: {
      int64_t value = 0;
      WARREN_RETURN_IF_ERROR(Whole(json, where, true, value));
      return Store(out, field, value, &R::SetInt64, &R::AddInt64);
    }
    case Field::CPPTYPE_UINT64: {
      uint64_t value = 0;
      WARREN_RETURN_IF_ERROR(Whole(json, where, true, value));
      return Store(out, field, value, &R::SetUInt64, &R::AddUInt64);
    }
    case Field::CPPTYPE_DOUBLE:
      if (!json.is_number()) return Bad(where, "must be a number");
      return Store(out, field, json.get<double>(), &R::SetDouble,
                   &R::AddDouble);
    case Field::CPPTYPE_STRING: {
      if (!json.is_string()) return Bad(where, "must be a string");
      std::string text = json.get<std::string>();
      if (field.type() == Field::TYPE_BYTES &&
          !absl::Base64Unescape(json.get<std::string>(), &text)) {
        return Bad(where, "must be base64");
      }
      const pb::Reflection& reflection = *out.GetReflection();
      field.is_repeated() ? reflection.AddString(&out, &field, text)
                          : reflection.SetString(&out, &field, text);
      return absl::OkStatus();
    }
    case Field::CPPTYPE_MESSAGE: {
      const pb::Reflection& reflection = *out.GetReflection();
      pb::Message& inner = field.is_repeated()
                               ? *reflection.AddMessage(&out, &field)
                               : *reflection.MutableMessage(&out, &field);
      return Object(json, where, inner);
    }
    default:
      return Bad(where, "cannot be set by JSON");
  }
}

absl::Status Reader::Map(const Json& json, const std::string& where,
                         pb::Message& out, const Field& field) {
  if (!json.is_object()) return Bad(where, "must be an object");
  const Field& key = *field.message_type()->map_key();
  const Field& value = *field.message_type()->map_value();
  for (const auto& [name, item] : json.items()) {
    pb::Message& entry = *out.GetReflection()->AddMessage(&out, &field);
    const std::string here = absl::StrCat(where, ".", Printable(name));
    WARREN_RETURN_IF_ERROR(Value(Json(name), here, entry, key));
    WARREN_RETURN_IF_ERROR(Value(item, here, entry, value));
  }
  return absl::OkStatus();
}

absl::Status Reader::Member(const Json& json, const std::string& where,
                            pb::Message& out, const Field& field) {
  if (members != nullptr) members->insert(where);
  if (json.is_null()) return absl::OkStatus();  // as one that is not there
  if (field.is_map()) return Map(json, where, out, field);
  if (!field.is_repeated()) return Value(json, where, out, field);
  if (!json.is_array()) return Bad(where, "must be an array");
  for (size_t i = 0; i < json.size(); ++i) {
    WARREN_RETURN_IF_ERROR(
        Value(json[i], absl::StrCat(where, "[", i, "]"), out, field));
  }
  return absl::OkStatus();
}

absl::Status Reader::Object(const Json& json, const std::string& where,
                            pb::Message& out) {
  if (!json.is_object()) {
    return Bad(where.empty() ? "the body" : where, "must be an object");
  }
  for (const auto& [name, item] : json.items()) {
    const std::string here =
        absl::StrCat(where, where.empty() ? "" : ".", Printable(name));
    const Field* const field = out.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no field \"", here, "\""));
    }
    WARREN_RETURN_IF_ERROR(Member(item, here, out, *field));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseJson(absl::string_view text, pb::Message& out,
                       std::set<std::string>* members) {
  WARREN_ASSIGN_OR_RETURN(const Json json, ParseJsonTree(text, kMaxJsonDepth));
  return Reader{members}.Object(json, "", out);
}

absl::Status SetFromText(pb::Message& message, const Field& field,
                         absl::string_view text) {
  Json json = std::string(text);
  bool flag = false;
  int64_t number = 0;
  if (field.cpp_type() == Field::CPPTYPE_BOOL) {
    if (text != "true" && text != "false") {
      return Bad(field.name(), "must be true or false");
    }
    flag = text == "true";
    json = flag;
  } else if (field.cpp_type() == Field::CPPTYPE_UINT32 ||
             field.cpp_type() == Field::CPPTYPE_INT32) {
    if (!absl::SimpleAtoi(text, &number)) {
      return Bad(field.name(), "must be a whole number");
    }
    json = number;
  } else if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    return Bad(field.name(), "cannot be in a query");
  }
  return Reader{nullptr}.Value(json, field.name(), message, field);
}

absl::StatusOr<std::string> ToJson(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = pb::util::MessageToJsonString(message, &text, options);
  if (status.ok()) return text;
  return absl::InternalError("the answer cannot be written as JSON");
}

}  // namespace warren::control
