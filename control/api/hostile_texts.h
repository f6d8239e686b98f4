#ifndef WARREN_CONTROL_API_HOSTILE_TEXTS_H_
#define WARREN_CONTROL_API_HOSTILE_TEXTS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

// Test only: what should not stand in a message, and all places where it could.
namespace warren::control {

// Where a value stands in a message: fields, each with its index among
// repeated ones, or -1.
using Place =
    std::vector<std::pair<const google::protobuf::FieldDescriptor*, int>>;

inline std::string ToString(const Place& place) {
  std::string text;
  for (const auto& [field, index] : place) {
    absl::StrAppend(&text, text.empty() ? "" : ".", field->name());
  }
  return text;
}

// All strings and numbers of `message`, but of repeated fields only those that
// are there.
inline void AppendPlaces(const google::protobuf::Message& message,
                         const Place& before, std::vector<Place>& out) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field =
        message.GetDescriptor()->field(i);
    const bool repeated = field->is_repeated();
    const int size = repeated ? reflection.FieldSize(message, field) : 1;
    for (int n = 0; n < size; ++n) {
      Place place = before;
      place.emplace_back(field, repeated ? n : -1);
      if (field->cpp_type() !=
          google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        out.push_back(std::move(place));
      } else if (repeated) {
        AppendPlaces(reflection.GetRepeatedMessage(message, field, n), place,
                     out);
      } else if (reflection.HasField(message, field)) {
        AppendPlaces(reflection.GetMessage(message, field), place, out);
      }
    }
  }
}

// The message that the last field of `place` is in.
inline google::protobuf::Message* Inner(google::protobuf::Message* message,
                                        const Place& place) {
  for (size_t i = 0; i + 1 < place.size(); ++i) {
    const auto& [field, n] = place[i];
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    message = n < 0 ? reflection.MutableMessage(message, field)
                    : reflection.MutableRepeatedMessage(message, field, n);
  }
  return message;
}

inline void SetText(google::protobuf::Message& message, const Place& place,
                    const std::string& text) {
  google::protobuf::Message* const inner = Inner(&message, place);
  const auto& [field, n] = place.back();
  const google::protobuf::Reflection& reflection = *inner->GetReflection();
  if (n < 0) return reflection.SetString(inner, field, text);
  reflection.SetRepeatedString(inner, field, n, text);
}

// What a field should not hold. All are valid UTF-8: protobuf lets nothing
// else in.
inline const std::vector<std::string>& HostileTexts() {
  static const auto* const texts = new std::vector<std::string>{
      "'; DROP TABLE nodes; --",
      "\" OR 1=1 --",
      "x' UNION SELECT secret FROM webhooks --",
      std::string("a\0b", 3),
      "a\r\nSet-Cookie: x=y",
      "\x1b[2J\x1b]0;x\x07",
      "<script>alert(1)</script>",
      "\xe2\x80\xae"
      "evil",          // right-to-left override
      "adm\xd1\x96n",  // Cyrillic i
      "../../../../etc/passwd",
      "/dev/null",
      "%s%s%n",
      "${jndi:ldap://x}",
      "{{7*7}}",
      "&a [*a, *a]",
      "\"}],\"x\":[{\"",
      "-1",
      "99999999999999999999",
      " ",
      std::string(5000, 'a'),
      std::string(1 << 20, 'a'),
      std::string(1 << 20, '['),
  };
  return *texts;
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_HOSTILE_TEXTS_H_
