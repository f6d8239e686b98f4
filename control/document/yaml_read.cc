#include <cstdint>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/document/yaml_message.h"
#include "core/base/status_macros.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace warren::control {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status At(const YAML::Mark& mark, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(
      "line ", mark.line + 1, ", column ", mark.column + 1, ": ", message));
}

// A value as people wrote it, short and harmless enough for a message.
std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, 60)), "\"");
}

// Refuses anchors: a few lines of aliases unfold to more than fits anywhere.
class AnchorFinder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (num_documents_++ > 0) {
      throw YAML::ParserException(mark, "there is one document in a file");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&,
                YAML::anchor_t anchor, const std::string&) override {
    Refuse(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Refuse(mark, anchor);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Refuse(mark, anchor);
  }
  void OnMapEnd() override {}

 private:
  static void Refuse(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    throw YAML::ParserException(
        mark, "anchors and aliases are not taken: write it out");
  }
  int num_documents_ = 0;
};

class Reader {
 public:
  absl::Status Read(const YAML::Node& yaml, Message& message, size_t depth) {
    if (depth > kMaxYamlDepth) {
      return At(yaml.Mark(), absl::StrCat("deeper than ", kMaxYamlDepth));
    }
    const auto* type = message.GetDescriptor();
    if (yaml.IsNull()) return absl::OkStatus();
    if (!yaml.IsMap()) {
      return At(yaml.Mark(), "here belong fields, NAME: VALUE");
    }
    std::set<std::string> seen;
    for (const auto& entry : yaml) {
      WARREN_ASSIGN_OR_RETURN(const std::string name, Name(entry.first, seen));
      const FieldDescriptor* field = type->FindFieldByName(name);
      if (field == nullptr) {
        return At(entry.first.Mark(),
                  absl::StrCat("there is no field ", Quoted(name), " here"));
      }
      WARREN_RETURN_IF_ERROR(ReadField(entry.second, *field, message, depth));
    }
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<std::string> Name(const YAML::Node& yaml,
                                          std::set<std::string>& seen) {
    if (!yaml.IsScalar()) return At(yaml.Mark(), "a name must be a text");
    if (!seen.insert(yaml.Scalar()).second) {
      return At(yaml.Mark(),
                absl::StrCat(Quoted(yaml.Scalar()), " stands here twice"));
    }
    return yaml.Scalar();
  }

  absl::Status ReadField(const YAML::Node& yaml, const FieldDescriptor& field,
                         Message& message, size_t depth) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_map()) return ReadMap(yaml, field, message);
    if (field.is_repeated()) return ReadList(yaml, field, message, depth);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return Read(yaml, *reflection.MutableMessage(&message, &field),
                  depth + 1);
    }
    return ReadValue(yaml, field, message, false);
  }

  absl::Status ReadMap(const YAML::Node& yaml, const FieldDescriptor& field,
                       Message& message) {
    const Reflection& reflection = *message.GetReflection();
    reflection.ClearField(&message, &field);
    if (yaml.IsNull()) return absl::OkStatus();
    if (!yaml.IsMap()) {
      return At(yaml.Mark(), absl::StrCat(field.name(), " must be a mapping"));
    }
    std::set<std::string> seen;
    for (const auto& item : yaml) {
      WARREN_ASSIGN_OR_RETURN(const std::string name, Name(item.first, seen));
      if (!item.second.IsScalar()) {
        return At(item.second.Mark(), "the value must be a text");
      }
      Message& entry = *reflection.AddMessage(&message, &field);
      const auto* type = entry.GetDescriptor();
      entry.GetReflection()->SetString(&entry, type->map_key(), name);
      entry.GetReflection()->SetString(&entry, type->map_value(),
                                       item.second.Scalar());
    }
    return absl::OkStatus();
  }

  absl::Status ReadList(const YAML::Node& yaml, const FieldDescriptor& field,
                        Message& message, size_t depth) {
    const Reflection& reflection = *message.GetReflection();
    reflection.ClearField(&message, &field);
    if (yaml.IsNull()) return absl::OkStatus();
    if (!yaml.IsSequence()) {
      return At(yaml.Mark(), absl::StrCat(field.name(), " must be a list"));
    }
    for (const YAML::Node& item : yaml) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        WARREN_RETURN_IF_ERROR(
            Read(item, *reflection.AddMessage(&message, &field), depth + 1));
      } else {
        WARREN_RETURN_IF_ERROR(ReadValue(item, field, message, true));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadValue(const YAML::Node& yaml, const FieldDescriptor& field,
                         Message& message, bool add) {
    const Reflection& reflection = *message.GetReflection();
    if (!yaml.IsScalar()) {
      return At(yaml.Mark(), absl::StrCat(field.name(), " must be one value"));
    }
    const std::string& text = yaml.Scalar();
    const auto put = [&](auto set, auto append, auto value) {
      if (add) {
        (reflection.*append)(&message, &field, std::move(value));
      } else {
        (reflection.*set)(&message, &field, std::move(value));
      }
      return absl::OkStatus();
    };
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        if (text == "true" || text == "false") {
          return put(&Reflection::SetBool, &Reflection::AddBool,
                     text == "true");
        }
        return Bad(yaml, field, "true or false");
      case FieldDescriptor::CPPTYPE_INT32:
        if (int32_t number = 0; absl::SimpleAtoi(text, &number)) {
          return put(&Reflection::SetInt32, &Reflection::AddInt32, number);
        }
        return Bad(yaml, field, "a number");
      case FieldDescriptor::CPPTYPE_UINT32:
        if (uint32_t number = 0; absl::SimpleAtoi(text, &number)) {
          return put(&Reflection::SetUInt32, &Reflection::AddUInt32, number);
        }
        return Bad(yaml, field, "a number that is not negative");
      case FieldDescriptor::CPPTYPE_INT64:
        if (int64_t number = 0; absl::SimpleAtoi(text, &number)) {
          return put(&Reflection::SetInt64, &Reflection::AddInt64, number);
        }
        return Bad(yaml, field, "a number");
      default:
        return put(&Reflection::SetString, &Reflection::AddString, text);
    }
  }

  static absl::Status Bad(const YAML::Node& yaml, const FieldDescriptor& field,
                          absl::string_view wanted) {
    return At(yaml.Mark(),
              absl::StrCat(field.name(), " is ", Quoted(yaml.Scalar()),
                           ", must be ", wanted));
  }
};

}  // namespace

absl::Status FromYaml(absl::string_view yaml, Message& message) {
  if (yaml.size() > kMaxYamlSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the document has ", yaml.size(), " bytes, at most ", kMaxYamlSize));
  }
  // yaml-cpp says what is wrong by exceptions.
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    AnchorFinder finder;
    while (parser.HandleNextDocument(finder)) {
    }
    return Reader().Read(YAML::Load(std::string(yaml)), message, 0);
  } catch (const YAML::Exception& bad) {
    return At(bad.mark, bad.msg);
  }
}

}  // namespace warren::control
