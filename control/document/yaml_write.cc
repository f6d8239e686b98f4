#include <algorithm>
#include <map>
#include <regex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "control/document/yaml_message.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A string as one line. JSON strings are YAML's double-quoted ones.
std::string Scalar(const std::string& text) {
  static const std::regex kPlain("[A-Za-z][A-Za-z0-9_./@-]*");
  static const std::regex kOtherMeaning(
      "true|false|yes|no|on|off|y|n|null|nan|inf",
      std::regex::icase | std::regex::ECMAScript);
  if (text.size() <= 255 && std::regex_match(text, kPlain) &&
      !std::regex_match(text, kOtherMeaning)) {
    return text;
  }
  return nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

bool FitsBlock(const std::string& text) {
  if (text.find('\n') == std::string::npos) return false;
  // A first line that begins with a blank would need an indentation mark, and
  // so would an empty one before it.
  if (text.front() == ' ' || text.front() == '\n' || text.front() == '\t') {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f);
  });
}

// A literal block: "|", "|-" or "|+" says which newlines end it.
std::string Block(const std::string& text, const std::string& indent) {
  absl::string_view body = text;
  const bool ends = body.back() == '\n';
  if (ends) body.remove_suffix(1);
  const bool ends_twice = ends && (body.empty() || body.back() == '\n');
  std::string out = !ends ? "|-" : ends_twice ? "|+" : "|";
  for (absl::string_view line : absl::StrSplit(body, '\n')) {
    absl::StrAppend(&out, "\n", line.empty() ? "" : indent, line);
  }
  return out;
}

class Writer {
 public:
  explicit Writer(absl::string_view in_full) : in_full_(in_full) {}

  // Lines, each with `indent` before it.
  std::string Fields(const Message& message, const std::string& indent) {
    const auto* type = message.GetDescriptor();
    const bool all = type->full_name() == in_full_;
    std::string out;
    for (int i = 0; i < type->field_count(); ++i) {
      out += Field(message, *type->field(i), indent, all);
    }
    return out;
  }

 private:
  std::string Field(const Message& message, const FieldDescriptor& field,
                    const std::string& indent, bool all) {
    const Reflection& reflection = *message.GetReflection();
    const std::string name = absl::StrCat(indent, field.name(), ":");
    if (field.is_map()) return Map(message, field, indent, name);
    if (field.is_repeated()) return List(message, field, indent, name);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!reflection.HasField(message, &field)) return "";
      const Message& inner = reflection.GetMessage(message, &field);
      const std::string lines = Fields(inner, indent + "  ");
      return lines.empty() ? "" : absl::StrCat(name, "\n", lines);
    }
    if (!all && !reflection.HasField(message, &field)) return "";
    return absl::StrCat(name, " ", Value(message, field, -1, indent + "  "),
                        "\n");
  }

  std::string Map(const Message& message, const FieldDescriptor& field,
                  const std::string& indent, const std::string& name) {
    const Reflection& reflection = *message.GetReflection();
    std::map<std::string, std::string> sorted;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      const auto* type = entry.GetDescriptor();
      sorted[entry.GetReflection()->GetString(entry, type->map_key())] =
          entry.GetReflection()->GetString(entry, type->map_value());
    }
    if (sorted.empty()) return "";
    std::string out = name + "\n";
    for (const auto& [key, value] : sorted) {
      absl::StrAppend(&out, indent, "  ", Scalar(key), ": ", Scalar(value),
                      "\n");
    }
    return out;
  }

  std::string List(const Message& message, const FieldDescriptor& field,
                   const std::string& indent, const std::string& name) {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    if (size == 0) return "";
    std::string out = name + "\n";
    for (int i = 0; i < size; ++i) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        out += Entry(reflection.GetRepeatedMessage(message, &field, i), indent);
      } else {
        absl::StrAppend(&out, indent, "  - ",
                        Value(message, field, i, indent + "    "), "\n");
      }
    }
    return out;
  }

  // The fields of one entry, the first behind the dash.
  std::string Entry(const Message& message, const std::string& indent) {
    std::string lines = Fields(message, indent + "    ");
    if (lines.empty()) return absl::StrCat(indent, "  - {}\n");
    lines[indent.size() + 2] = '-';
    return lines;
  }

  // Of a single field (index -1) or one of a list.
  std::string Value(const Message& message, const FieldDescriptor& field,
                    int index, const std::string& indent) {
    const Reflection& reflection = *message.GetReflection();
    const auto pick = [&](auto single, auto repeated) {
      return index < 0 ? (reflection.*single)(message, &field)
                       : (reflection.*repeated)(message, &field, index);
    };
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return pick(&Reflection::GetBool, &Reflection::GetRepeatedBool)
                   ? "true"
                   : "false";
      case FieldDescriptor::CPPTYPE_INT32:
        return absl::StrCat(
            pick(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
      case FieldDescriptor::CPPTYPE_UINT32:
        return absl::StrCat(
            pick(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
      case FieldDescriptor::CPPTYPE_INT64:
        return absl::StrCat(
            pick(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
      default: {
        const std::string text =
            pick(&Reflection::GetString, &Reflection::GetRepeatedString);
        return FitsBlock(text) ? Block(text, indent) : Scalar(text);
      }
    }
  }

  const absl::string_view in_full_;
};

}  // namespace

std::string ToYaml(const Message& message, absl::string_view in_full) {
  return Writer(in_full).Fields(message, "");
}

}  // namespace warren::control
