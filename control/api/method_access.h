#ifndef WARREN_CONTROL_API_METHOD_ACCESS_H_
#define WARREN_CONTROL_API_METHOD_ACCESS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "control/identity/access.h"

namespace warren::control {

// What a method of warren.v1.Admin says of itself (annotations.proto).
struct AdminMethod {
  std::string name;  // "GetNode"
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  MinRole least = MinRole::kOperator;
  std::string scope;
  std::string verb;  // "GET", "POST", "PUT", "PATCH", "DELETE"
  std::string path;  // "/api/v1/tailnets/{tailnet}/nodes/{ref}"
  std::string summary;
  // The field of the request that names the tailnet; null: it names none.
  const google::protobuf::FieldDescriptor* tailnet = nullptr;

  bool Mutates() const { return verb != "GET"; }
  std::unique_ptr<google::protobuf::Message> NewRequest() const;
  std::unique_ptr<google::protobuf::Message> NewResponse() const;
};

// All of them, in the order of admin.proto. One without a complete option, or
// with a path that its request cannot fill, is our bug and ends the process.
const std::vector<AdminMethod>& AdminMethods();
// nullptr: there is none of this name.
const AdminMethod* FindAdminMethod(absl::string_view name);

// Every scope that a key may be given: those of the methods, "all", "all:read".
const std::set<std::string>& KnownScopes();

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_METHOD_ACCESS_H_
