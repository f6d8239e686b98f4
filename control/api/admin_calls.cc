#include "control/api/admin_calls.h"

#include "absl/strings/str_cat.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/names.h"
#include "control/document/message_texts.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;

// The tailnet called `ref`, of those that `caller` may touch: one of somebody
// else answers as one that is not there.
absl::StatusOr<TailnetState*> TailnetFor(Directory& directory,
                                         const Caller& caller,
                                         const std::string& ref) {
  if (caller.IsOperator()) return FindTailnet(directory, ref);
  TailnetState* const own = directory.Tailnet(*caller.tailnet);
  if (own == nullptr) return absl::UnauthenticatedError("the tailnet is gone");
  if (ref.empty() || ref == own->record.name ||
      ref == absl::StrCat(own->record.id.value())) {
    return own;
  }
  return absl::NotFoundError(absl::StrCat("no tailnet \"", Printable(ref),
                                          "\"; there are: ", own->record.name));
}

}  // namespace

void AdminCalls::AddAny(absl::string_view method, const pb::Descriptor* request,
                        const pb::Descriptor* response, AnyWork work) {
  const AdminMethod* const known = FindAdminMethod(method);
  WARREN_CHECK(known != nullptr);
  WARREN_CHECK(known->descriptor->input_type() == request);
  WARREN_CHECK(known->descriptor->output_type() == response);
  const bool is_new =
      entries_.emplace(std::string(method), std::move(work)).second;
  WARREN_CHECK(is_new);
}

absl::Status AdminCalls::Run(Directory& directory, const Caller& caller,
                             int64_t now_ms, const AdminMethod& method,
                             const pb::Message& request, pb::Message& response,
                             Later& later) const {
  WARREN_RETURN_IF_ERROR(MayCall(caller, method.least, method.scope));
  WARREN_RETURN_IF_ERROR(CheckTexts(request));
  TailnetState* tailnet = nullptr;
  if (method.tailnet != nullptr) {
    WARREN_ASSIGN_OR_RETURN(tailnet,
                            TailnetFor(directory, caller,
                                       request.GetReflection()->GetString(
                                           request, method.tailnet)));
  }
  const auto entry = entries_.find(method.name);
  if (entry == entries_.end()) {
    return absl::UnimplementedError(
        absl::StrCat("this server does not know ", method.name));
  }
  const Order order = OrderOf(caller, now_ms);
  AdminCall call{directory, caller, order, tailnet, facts_};
  return entry->second(call, request, response, later);
}

}  // namespace warren::control
