// Prints the OpenAPI 3.1 description of the JSON face of warren.v1.Admin, made
// of its descriptors and the options of its methods. Run by the build.

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "warren/v1/admin_access.pb.h"
#include "warren/v1/annotations.pb.h"

namespace warren {
namespace {

namespace pb = google::protobuf;
using Json = nlohmann::ordered_json;

Json RefTo(const pb::Descriptor& type) {
  return {{"$ref", absl::StrCat("#/components/schemas/", type.name())}};
}

// Of one value of the field.
Json ValueSchema(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"},
              {"minimum", 0},
              {"maximum", std::numeric_limits<uint32_t>::max()}};
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return {{"type", {"string", "integer"}}, {"format", "int64"}};
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", {"string", "integer"}}, {"format", "uint64"}};
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}};
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return RefTo(*field.message_type());
    default:
      break;
  }
  if (field.type() == pb::FieldDescriptor::TYPE_BYTES) {
    return {{"type", "string"}, {"contentEncoding", "base64"}};
  }
  return {{"type", "string"}};
}

Json FieldSchema(const pb::FieldDescriptor& field) {
  if (field.is_map()) {
    return {{"type", "object"},
            {"additionalProperties",
             ValueSchema(*field.message_type()->map_value())}};
  }
  if (field.is_repeated()) {
    return {{"type", "array"}, {"items", ValueSchema(field)}};
  }
  return ValueSchema(field);
}

// `without`: fields that come from elsewhere.
Json ObjectSchema(const pb::Descriptor& type,
                  const std::set<std::string>& without) {
  Json properties = Json::object();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (without.contains(field.name())) continue;
    properties[field.name()] = FieldSchema(field);
  }
  return {{"type", "object"},
          {"properties", properties},
          {"additionalProperties", false}};
}

// `type` and all that it is made of.
void AddSchema(const pb::Descriptor& type, std::map<std::string, Json>& out) {
  if (out.contains(type.name())) return;
  out[type.name()] = ObjectSchema(type, {});
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const pb::FieldDescriptor& value =
        field.is_map() ? *field.message_type()->map_value() : field;
    if (value.message_type() != nullptr) AddSchema(*value.message_type(), out);
  }
}

std::set<std::string> FieldsInPath(absl::string_view path) {
  std::set<std::string> names;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.size() > 2 && part.front() == '{') {
      names.insert(std::string(part.substr(1, part.size() - 2)));
    }
  }
  return names;
}

Json Parameters(const pb::Descriptor& request,
                const std::set<std::string>& in_path, bool has_body) {
  Json parameters = Json::array();
  for (int i = 0; i < request.field_count(); ++i) {
    const pb::FieldDescriptor& field = *request.field(i);
    const bool is_path = in_path.contains(field.name());
    if (!is_path && has_body) continue;
    parameters.push_back({{"name", field.name()},
                          {"in", is_path ? "path" : "query"},
                          {"required", is_path},
                          {"schema", FieldSchema(field)}});
  }
  return parameters;
}

Json JsonContent(const char* media_type, Json schema) {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

Json Operation(const pb::MethodDescriptor& method,
               const v1::MethodAccess& access) {
  const bool has_body = access.verb() != "GET" && access.verb() != "DELETE";
  const std::set<std::string> in_path = FieldsInPath(access.path());
  const pb::Descriptor& request = *method.input_type();
  Json operation;
  operation["operationId"] = method.name();
  operation["summary"] = access.summary();
  std::string role = v1::MinRole_Name(access.min_role()).substr(9);
  operation["description"] = absl::StrCat(
      "Least role: ", absl::AsciiStrToLower(role),
      ". Scope of a key: ", access.scope().empty() ? "none" : access.scope(),
      ".");
  operation["parameters"] = Parameters(request, in_path, has_body);
  if (has_body) {
    operation["requestBody"] = {
        {"content",
         JsonContent("application/json", ObjectSchema(request, in_path))}};
  }
  operation["responses"]["200"] = {
      {"description", "Done, and durable"},
      {"content",
       JsonContent("application/json", RefTo(*method.output_type()))}};
  operation["responses"]["default"] = {
      {"$ref", "#/components/responses/Problem"}};
  operation["security"] = {
      {{"bearer", Json::array()}},
      {{"oauth", access.scope().empty() ? Json::array()
                                        : Json::array({access.scope()})}}};
  return operation;
}

Json ProblemResponse() {
  const Json text = {{"type", "string"}};
  return {{"description", "RFC 9457"},
          {"content", JsonContent("application/problem+json",
                                  {{"type", "object"},
                                   {"properties",
                                    {{"type", text},
                                     {"title", text},
                                     {"status", {{"type", "integer"}}},
                                     {"code", text},
                                     {"detail", text}}}})}};
}

Json TokenPath() {
  const Json text = {{"type", "string"}};
  const Json form = {{"type", "object"},
                     {"properties",
                      {{"grant_type", {{"const", "client_credentials"}}},
                       {"client_id", text},
                       {"client_secret", text},
                       {"scope", text}}},
                     {"required", {"grant_type"}}};
  const Json token = {{"type", "object"},
                      {"properties",
                       {{"access_token", text},
                        {"token_type", text},
                        {"expires_in", {{"type", "integer"}}},
                        {"scope", text}}}};
  Json post;
  post["operationId"] = "IssueToken";
  post["summary"] = "An access token of an hour for an OAuth client";
  post["requestBody"] = {
      {"content", JsonContent("application/x-www-form-urlencoded", form)}};
  post["responses"]["200"] = {
      {"description", "RFC 6749 5.1"},
      {"content", JsonContent("application/json", token)}};
  post["responses"]["default"] = {{"description", "RFC 6749 5.2"}};
  post["security"] = Json::array();
  return {{"post", post}};
}

Json Document(const pb::ServiceDescriptor& service) {
  std::map<std::string, Json> schemas;
  std::map<std::string, Json> paths;
  Json scopes = {{"all", "everything that the user may do"},
                 {"all:read", "all reads"}};
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    const auto& access = method.options().GetExtension(v1::access);
    AddSchema(*method.output_type(), schemas);
    for (int f = 0; f < method.input_type()->field_count(); ++f) {
      const auto* type = method.input_type()->field(f)->message_type();
      if (type != nullptr && !type->options().map_entry()) {
        AddSchema(*type, schemas);
      }
    }
    paths[access.path()][absl::AsciiStrToLower(access.verb())] =
        Operation(method, access);
    if (!access.scope().empty()) scopes[access.scope()] = access.scope();
  }
  // Entries of maps are spelt out where they are used.
  std::erase_if(schemas, [](const auto& entry) {
    return entry.first.size() > 5 &&
           entry.first.compare(entry.first.size() - 5, 5, "Entry") == 0 &&
           entry.first != "AuditEntry";
  });
  paths["/oauth/token"] = TokenPath();
  Json document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", "Warren administration"}, {"version", "v1"}};
  document["paths"] = paths;
  document["components"]["schemas"] = schemas;
  document["components"]["responses"]["Problem"] = ProblemResponse();
  document["components"]["securitySchemes"] = {
      {"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
      {"oauth",
       {{"type", "oauth2"},
        {"flows",
         {{"clientCredentials",
           {{"tokenUrl", "/oauth/token"}, {"scopes", scopes}}}}}}}};
  return document;
}

}  // namespace
}  // namespace warren

int main() {
  const auto* const service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          "warren.v1.Admin");
  if (service == nullptr) return 1;
  std::puts(warren::Document(*service).dump(1).c_str());
  return 0;
}
