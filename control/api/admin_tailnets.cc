#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "control/coordinator/names.h"
#include "control/coordinator/tailnet_commands.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status ListTailnets(AdminCall& call, const v1::ListTailnetsRequest&,
                          v1::ListTailnetsResponse& out) {
  for (const auto& [id, tailnet] : call.directory.tailnets()) {
    if (!call.caller.IsOperator() && *call.caller.tailnet != id) continue;
    *out.add_tailnets() = ToMessage(call.directory, tailnet);
  }
  return absl::OkStatus();
}

absl::Status CreateTailnet(AdminCall& call,
                           const v1::CreateTailnetRequest& request,
                           v1::Tailnet& out) {
  std::string name = request.name();
  if (name.empty()) name = SuggestTailnetNames(call.directory, 1).front();
  WARREN_ASSIGN_OR_RETURN(
      const TailnetState* made,
      control::CreateTailnet(call.directory, call.order, name));
  out = ToMessage(call.directory, *made);
  return absl::OkStatus();
}

absl::Status RenameTailnet(AdminCall& call,
                           const v1::RenameTailnetRequest& request,
                           v1::Tailnet& out) {
  WARREN_RETURN_IF_ERROR(control::RenameTailnet(
      call.directory, call.order, call.tailnet(), request.new_name()));
  out = ToMessage(call.directory, call.tailnet());
  return absl::OkStatus();
}

absl::Status DeleteTailnet(AdminCall& call, const v1::DeleteRequest& request,
                           v1::DeleteResponse& out) {
  if (request.ref().empty()) {
    return absl::InvalidArgumentError("ref: say which tailnet");
  }
  out.set_deleted(call.tailnet().record.name);
  return control::DeleteTailnet(call.directory, call.order, call.tailnet(),
                                request.force());
}

absl::Status SuggestNames(AdminCall& call,
                          const v1::SuggestTailnetNamesRequest& request,
                          v1::SuggestTailnetNamesResponse& out) {
  for (std::string& name :
       SuggestTailnetNames(call.directory, request.count())) {
    out.add_names(std::move(name));
  }
  return absl::OkStatus();
}

absl::Status GetSettings(AdminCall& call, const v1::GetSettingsRequest&,
                         v1::TailnetSettings& out) {
  out = ToMessage(call.tailnet().record.settings);
  return absl::OkStatus();
}

// Copies what `fields` name, or all, onto what is in force.
absl::StatusOr<v1::TailnetSettings> Changed(
    const TailnetSettings& in_force, const v1::SetSettingsRequest& request) {
  if (request.fields_size() == 0) return request.settings();
  v1::TailnetSettings out = ToMessage(in_force);
  const auto& reflection = *out.GetReflection();
  for (const std::string& name : request.fields()) {
    const auto* field = out.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "fields: there is no setting \"", Printable(name), "\""));
    }
    if (field->cpp_type() == field->CPPTYPE_BOOL) {
      reflection.SetBool(&out, field,
                         reflection.GetBool(request.settings(), field));
    } else {
      reflection.SetInt64(&out, field,
                          reflection.GetInt64(request.settings(), field));
    }
  }
  return out;
}

absl::Status SetSettings(AdminCall& call, const v1::SetSettingsRequest& request,
                         v1::TailnetSettings& out) {
  WARREN_ASSIGN_OR_RETURN(const v1::TailnetSettings wanted,
                          Changed(call.tailnet().record.settings, request));
  TailnetSettings settings;
  settings.approve_devices = wanted.approve_devices();
  settings.approve_users = wanted.approve_users();
  settings.invited_only = wanted.invited_only();
  settings.local_accounts = wanted.local_accounts();
  settings.require_second_factor = wanted.require_second_factor();
  settings.key_lifetime_ms = wanted.key_lifetime_ms();
  settings.ephemeral_timeout_ms = wanted.ephemeral_timeout_ms();
  settings.session_lifetime_ms = wanted.session_lifetime_ms();
  WARREN_RETURN_IF_ERROR(control::SetSettings(call.directory, call.order,
                                              call.tailnet(), settings));
  out = ToMessage(call.tailnet().record.settings);
  return absl::OkStatus();
}

}  // namespace

void AddTailnetCalls(AdminCalls& calls) {
  calls.Add<v1::ListTailnetsRequest, v1::ListTailnetsResponse>("ListTailnets",
                                                               &ListTailnets);
  calls.Add<v1::CreateTailnetRequest, v1::Tailnet>("CreateTailnet",
                                                   &CreateTailnet);
  calls.Add<v1::RenameTailnetRequest, v1::Tailnet>("RenameTailnet",
                                                   &RenameTailnet);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteTailnet",
                                                   &DeleteTailnet);
  calls.Add<v1::SuggestTailnetNamesRequest, v1::SuggestTailnetNamesResponse>(
      "SuggestTailnetNames", &SuggestNames);
  calls.Add<v1::GetSettingsRequest, v1::TailnetSettings>("GetSettings",
                                                         &GetSettings);
  calls.Add<v1::SetSettingsRequest, v1::TailnetSettings>("SetSettings",
                                                         &SetSettings);
}

}  // namespace warren::control
