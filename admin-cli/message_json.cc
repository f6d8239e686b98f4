#include "admin-cli/message_json.h"

#include <google/protobuf/descriptor.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "core/base/bytes.h"
#include "core/base/hex.h"

namespace warren::admin {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

// A span of time, not a moment.
bool IsSpan(const std::string& name) {
  return absl::StrContains(name, "lifetime") ||
         absl::StrContains(name, "timeout") ||
         absl::StrContains(name, "leeway");
}

void SetOne(const pb::Message& message, const Field& field, cli::Json& out) {
  const pb::Reflection& in = *message.GetReflection();
  const std::string& name = field.name();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_BOOL:
      out.Set(name.c_str(), in.GetBool(message, &field));
      break;
    case Field::CPPTYPE_INT64: {
      const int64_t value = in.GetInt64(message, &field);
      if (absl::EndsWith(name, "_ms") && !IsSpan(name)) {
        const std::string moment(absl::StripSuffix(name, "_ms"));
        out.SetTime(moment.c_str(), value);
      } else {
        out.Set(name.c_str(), value);
      }
      break;
    }
    case Field::CPPTYPE_UINT64:
      out.Set(name.c_str(), in.GetUInt64(message, &field));
      break;
    case Field::CPPTYPE_UINT32:
      out.Set(name.c_str(), in.GetUInt32(message, &field));
      break;
    case Field::CPPTYPE_MESSAGE:
      out.Set(name.c_str(), ToJson(in.GetMessage(message, &field)));
      break;
    case Field::CPPTYPE_STRING: {
      const std::string text = in.GetString(message, &field);
      out.Set(name.c_str(),
              field.type() == Field::TYPE_BYTES ? ToHex(AsBytes(text)) : text);
      break;
    }
    default:
      break;
  }
}

cli::Json ListOf(const pb::Message& message, const Field& field) {
  const pb::Reflection& in = *message.GetReflection();
  std::vector<std::string> texts;
  cli::Json items = cli::Json::Array();
  for (int i = 0; i < in.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
      items.Add(ToJson(in.GetRepeatedMessage(message, &field, i)));
    } else {
      texts.push_back(in.GetRepeatedString(message, &field, i));
    }
  }
  return texts.empty() ? items : cli::Json::Strings(texts);
}

}  // namespace

cli::Json ToJson(const pb::Message& message) {
  cli::Json out = cli::Json::Object();
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    const bool is_list =
        field.is_repeated() && (field.cpp_type() == Field::CPPTYPE_MESSAGE ||
                                field.cpp_type() == Field::CPPTYPE_STRING);
    if (is_list) {
      out.Set(field.name().c_str(), ListOf(message, field));
    } else if (!field.is_repeated()) {
      SetOne(message, field, out);
    }
  }
  return out;
}

}  // namespace warren::admin
