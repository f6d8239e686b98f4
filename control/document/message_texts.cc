#include "control/document/message_texts.h"

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"
#include "warren/v1/annotations.pb.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;

absl::Status CheckText(const pb::FieldDescriptor& field,
                       const std::string& text) {
  if (text.size() > kMaxFieldText) {
    return absl::InvalidArgumentError(
        absl::StrCat(field.name(), ": ", text.size(), " bytes, at most ",
                     kMaxFieldText, " are allowed"));
  }
  if (IsOneLine(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      field.name(), ": line ends and control characters are not allowed"));
}

absl::Status CheckField(const pb::Message& message,
                        const pb::FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  const bool is_message =
      field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
  const bool is_text = field.type() == pb::FieldDescriptor::TYPE_STRING &&
                       !field.options().GetExtension(v1::long_text);
  if (!is_message && !is_text) return absl::OkStatus();
  if (!field.is_repeated()) {
    return is_message ? CheckTexts(reflection.GetMessage(message, &field))
                      : CheckText(field, reflection.GetString(message, &field));
  }
  const int size = reflection.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    WARREN_RETURN_IF_ERROR(
        is_message
            ? CheckTexts(reflection.GetRepeatedMessage(message, &field, i))
            : CheckText(field,
                        reflection.GetRepeatedString(message, &field, i)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTexts(const pb::Message& message) {
  std::vector<const pb::FieldDescriptor*> fields;  // those that are set
  message.GetReflection()->ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    WARREN_RETURN_IF_ERROR(CheckField(message, *field));
  }
  return absl::OkStatus();
}

}  // namespace warren::control
