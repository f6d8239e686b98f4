#include "control/api/method_access.h"

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/base/check.h"
#include "warren/v1/admin.pb.h"
#include "warren/v1/annotations.pb.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;

constexpr char kTailnets[] = "/api/v1/tailnets/{";

MinRole LeastOf(v1::MinRole role) {
  switch (role) {
    case v1::MIN_ROLE_MEMBER:
      return MinRole::kMember;
    case v1::MIN_ROLE_AUDITOR:
      return MinRole::kAuditor;
    case v1::MIN_ROLE_NETWORK_ADMIN:
      return MinRole::kNetworkAdmin;
    case v1::MIN_ROLE_ADMIN:
      return MinRole::kAdmin;
    case v1::MIN_ROLE_OWNER:
      return MinRole::kOwner;
    default:
      return MinRole::kOperator;
  }
}

AdminMethod Describe(const pb::MethodDescriptor& descriptor) {
  const v1::MethodAccess& access =
      descriptor.options().GetExtension(v1::access);
  WARREN_CHECK(access.min_role() != v1::MIN_ROLE_UNSPECIFIED);
  WARREN_CHECK(!access.verb().empty() && !access.summary().empty());
  AdminMethod method;
  method.name = descriptor.name();
  method.descriptor = &descriptor;
  method.least = LeastOf(access.min_role());
  method.scope = access.scope();
  method.verb = access.verb();
  method.path = access.path();
  method.summary = access.summary();
  const pb::Descriptor& request = *descriptor.input_type();
  if (absl::StartsWith(method.path, kTailnets)) {
    absl::string_view rest = method.path;
    rest.remove_prefix(sizeof kTailnets - 1);
    const std::string field(rest.substr(0, rest.find('}')));
    method.tailnet = request.FindFieldByName(field);
    WARREN_CHECK(method.tailnet != nullptr);
  } else {
    method.tailnet = request.FindFieldByName("tailnet");
  }
  return method;
}

std::unique_ptr<pb::Message> New(const pb::Descriptor* type) {
  const auto* prototype =
      pb::MessageFactory::generated_factory()->GetPrototype(type);
  return std::unique_ptr<pb::Message>(prototype->New());
}

}  // namespace

std::unique_ptr<pb::Message> AdminMethod::NewRequest() const {
  return New(descriptor->input_type());
}

std::unique_ptr<pb::Message> AdminMethod::NewResponse() const {
  return New(descriptor->output_type());
}

const std::vector<AdminMethod>& AdminMethods() {
  static const auto* const methods = [] {
    const pb::ServiceDescriptor* service =
        v1::ServerInfo::descriptor()->file()->pool()->FindServiceByName(
            "warren.v1.Admin");
    WARREN_CHECK(service != nullptr);
    auto* const all = new std::vector<AdminMethod>();
    for (int i = 0; i < service->method_count(); ++i) {
      all->push_back(Describe(*service->method(i)));
    }
    return all;
  }();
  return *methods;
}

const AdminMethod* FindAdminMethod(absl::string_view name) {
  for (const AdminMethod& method : AdminMethods()) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

const std::set<std::string>& KnownScopes() {
  static const auto* const scopes = [] {
    auto* const all = new std::set<std::string>({"all", "all:read"});
    for (const AdminMethod& method : AdminMethods()) {
      if (!method.scope.empty()) all->insert(method.scope);
    }
    return all;
  }();
  return *scopes;
}

}  // namespace warren::control
