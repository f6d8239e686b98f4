#include "control/api/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/status.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/api/method_access.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;

constexpr size_t kMaxName = 256;  // bytes; ours are shorter

constexpr const char* kServices[] = {
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
};

const pb::FileDescriptor& AdminFile() {
  return *AdminMethods().front().descriptor->file();
}

void AddFile(const pb::FileDescriptor& file, std::set<std::string>& seen,
             v1::ReflectionFiles& out) {
  if (!seen.insert(file.name()).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  proto.SerializeToString(out.add_file_descriptor_proto());
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddFile(*file.dependency(i), seen, out);
  }
}

// Whether the admin API is made of it, among others.
bool IsOurs(const pb::FileDescriptor& file) {
  std::set<std::string> seen;
  v1::ReflectionFiles all;
  AddFile(AdminFile(), seen, all);
  return seen.contains(file.name());
}

void Answer(const pb::FileDescriptor* file, absl::string_view wanted,
            v1::ReflectionResponse& out) {
  if (file == nullptr || !IsOurs(*file)) {
    out.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    out.mutable_error_response()->set_error_message(
        absl::StrCat("not known: ", wanted));
    return;
  }
  std::set<std::string> seen;
  AddFile(*file, seen, *out.mutable_file_descriptor_response());
}

void AnswerExtensions(const std::string& type, v1::ReflectionResponse& out) {
  const pb::DescriptorPool& pool = *AdminFile().pool();
  const pb::Descriptor* const descriptor = pool.FindMessageTypeByName(type);
  if (descriptor == nullptr) return Answer(nullptr, type, out);
  auto& numbers = *out.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(type);
  std::vector<const pb::FieldDescriptor*> extensions;
  pool.FindAllExtensions(descriptor, &extensions);
  for (const pb::FieldDescriptor* extension : extensions) {
    numbers.add_extension_number(extension->number());
  }
}

}  // namespace

bool IsReflection(absl::string_view path) {
  for (const char* service : kServices) {
    if (path == absl::StrCat("/", service, "/ServerReflectionInfo")) {
      return true;
    }
  }
  return false;
}

v1::ReflectionResponse Reflect(const v1::ReflectionRequest& request) {
  // Protobuf looks for each part of a name that it does not know: a long one
  // of dots alone takes it minutes.
  for (const std::string& name :
       {request.file_by_filename(), request.file_containing_symbol(),
        request.file_containing_extension().containing_type(),
        request.all_extension_numbers_of_type(), request.host()}) {
    if (name.size() <= kMaxName) continue;
    v1::ReflectionResponse refusal;
    Answer(nullptr, "a name so long", refusal);
    return refusal;
  }
  v1::ReflectionResponse out;
  out.set_valid_host(request.host());
  *out.mutable_original_request() = request;
  const pb::DescriptorPool& pool = *AdminFile().pool();
  if (request.has_list_services()) {
    out.mutable_list_services_response()->add_service()->set_name(
        AdminMethods().front().descriptor->service()->full_name());
  } else if (request.has_file_by_filename()) {
    const std::string& name = request.file_by_filename();
    Answer(pool.FindFileByName(name), name, out);
  } else if (request.has_file_containing_symbol()) {
    const std::string& name = request.file_containing_symbol();
    Answer(pool.FindFileContainingSymbol(name), name, out);
  } else if (request.has_file_containing_extension()) {
    const auto& wanted = request.file_containing_extension();
    const pb::Descriptor* const type =
        pool.FindMessageTypeByName(wanted.containing_type());
    const pb::FieldDescriptor* const found =
        type == nullptr
            ? nullptr
            : pool.FindExtensionByNumber(type, wanted.extension_number());
    Answer(found == nullptr ? nullptr : found->file(), wanted.containing_type(),
           out);
  } else if (request.has_all_extension_numbers_of_type()) {
    AnswerExtensions(request.all_extension_numbers_of_type(), out);
  } else {
    out.mutable_error_response()->set_error_code(
        grpc::StatusCode::INVALID_ARGUMENT);
    out.mutable_error_response()->set_error_message("nothing was asked");
  }
  return out;
}

}  // namespace warren::control
